"""Recordings in any form that Python programs have them in -> the three that the compiled module takes.

A path, a pair of a name and a file's bytes, or a name with samples [channels, n] (float32, contiguous) and their rate in Hz.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, TypeGuard

from wsac.errors import AudioError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Given", "One", "Recording", "given", "is_many", "name_of"]

#: A recording: a path, a file's bytes, a binary file object, a Hugging Face cell ({"bytes", "path"} or {"array",
#: "sampling_rate"}), a torchcodec decoder, or samples [n] or [channels, n] of NumPy, PyTorch or any array library.
Recording: TypeAlias = Any

#: The forms that one recording has; those of other libraries' types cannot be told from a list before they are there.
One: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | Mapping[str, Any] | BinaryIO | npt.NDArray[Any]"
)

#: What the compiled module takes.
Given: TypeAlias = "str | tuple[str, bytes] | tuple[str, npt.NDArray[np.float32], int]"

#: Arrays of more rows than this are [n, channels].
MOST_CHANNELS = 64


def is_many(recordings: Recording | Sequence[Recording]) -> TypeGuard[Sequence[Recording]]:
    """Whether this is a list of recordings, not one of them."""
    return isinstance(recordings, Sequence) and not isinstance(recordings, (str, bytes, bytearray, memoryview))


def name_of(recording: Given) -> str:
    """What messages and results call a recording."""
    return recording if isinstance(recording, str) else recording[0]


def given(recording: Recording, rate: int | None = None) -> Given:
    """`recording` as the compiled module takes it; `rate` is that of samples, in Hz.

    Raises:
        AudioError: It is none, or samples are of another kind or shape, or lack their rate.
    """
    if isinstance(recording, (str, os.PathLike)):
        return os.fsdecode(recording)
    if isinstance(recording, (bytes, bytearray, memoryview)):
        return "bytes", bytes(recording)
    if isinstance(recording, Mapping):
        return cell(recording)
    if hasattr(recording, "get_all_samples"):
        decoded = recording.get_all_samples()
        return samples(decoded.data, decoded.sample_rate)
    if hasattr(recording, "read"):
        content = recording.read()
        name = str(getattr(recording, "name", "file"))
        if not isinstance(content, bytes):
            raise AudioError(f"{name}: is open as text; open it with mode 'rb'")
        return name, content
    if hasattr(recording, "__array__") or hasattr(recording, "__dlpack__"):
        return samples(recording, rate)
    kind = type(recording).__name__
    raise AudioError(
        f"{kind}: is no recording; give a path, bytes, a file object, a cell of a data set or an array, or a list of these"
    )


def cell(cell: Mapping[str, Any]) -> Given:
    """A cell of a column of recordings in a Hugging Face data set."""
    path = cell.get("path")
    if cell.get("array") is not None:
        return samples(cell["array"], cell.get("sampling_rate"), path)
    if cell.get("bytes") is not None:
        return path or "bytes", cell["bytes"]
    if path is not None:
        return os.fsdecode(path)
    raise AudioError('dict: is no recording; it has none of "bytes", "path" and "array"')


def samples(array: Any, rate: int | None, name: str | None = None) -> Given:
    """Samples [n] or [channels, n] of any array library, copied only if they are not float32 and contiguous."""
    import numpy as np

    name = name or "array"
    if rate is None:
        raise AudioError(f"{name}: samples need their rate in Hz: captioner(samples, rate=16000)")
    if int(rate) != rate or rate <= 0:
        raise AudioError(f"{name}: a rate is a whole number of samples a second, not {rate}")
    if hasattr(array, "detach"):  # a tensor, which may need gradients or lie on a GPU
        array = array.detach().cpu().numpy()
    array = np.asarray(array)
    if array.dtype.kind != "f":
        raise AudioError(
            f"{name}: holds {array.dtype}, not floating-point samples with full scale at 1; of 16-bit samples give x / 32768"
        )
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2:
        raise AudioError(f"{name}: has the shape {array.shape}; give samples [n] or [channels, n]")
    if array.shape[0] > MOST_CHANNELS:
        raise AudioError(
            f"{name}: has the shape {array.shape}, which is {array.shape[0]} channels; give [channels, n], perhaps x.T"
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        return name, np.ascontiguousarray(array, np.float32), int(rate)
