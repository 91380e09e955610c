"""`Encoder`: recordings and texts to embeddings in one space."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from wsac import _wsac
from wsac.captions import Sound
from wsac.options import as_json
from wsac.recordings import Recording, given, is_many

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from wsac.captioner import Captioner

__all__ = ["Encoder"]


class Encoder:
    """Recordings and texts to embeddings in one space: unit rows, so that a product is the cosine.

    Args:
        name: The built-in `mini`; a model on the Hugging Face hub that is in the cache (`wsac models pull NAME`), such as
            laion/clap-htsat-unfused; a folder, or a checkpoint (.pt, .pth, .ckpt, .safetensors).
        family: The family of a checkpoint, where its tensors leave it open.
        window: What a CLAP encodes of a recording longer than its window: "first", "centre" or "mean" of all.
        precision: Data type of matrix products: "f32", "bf16" or "auto".
        threads: Threads of each call, at most one a core; None shares one a core between all calls.

    Raises:
        wsac.Error: There is no such encoder. Weights are read when they are first needed.
    """

    def __init__(
        self,
        name: str | os.PathLike[str] = "mini",
        *,
        family: str | None = None,
        window: Literal["first", "centre", "mean"] = "mean",
        precision: Literal["auto", "f32", "bf16"] = "f32",
        threads: int | None = None,
    ) -> None:
        self._choice = {
            "name": os.fspath(name),
            "family": family,
            "window": window,
            "precision": precision,
        }
        self._threads = threads
        self._captioner: Captioner | None = None
        self._core = _wsac.Encoder(as_json(self._choice), threads)
        self._choice["name"] = self._core.name  # a path in full

    @classmethod
    def _of_captioner(cls, captioner: Captioner) -> Encoder:
        encoder = cls.__new__(cls)
        arguments = captioner._arguments
        encoder._core = captioner._core.encoder
        encoder._choice = {
            "name": encoder._core.name,
            "family": arguments["family"],
            "window": arguments["window"],
            # An encoder has no int8; the captioner's is as with auto.
            "precision": "auto" if arguments["precision"] == "int8" else arguments["precision"],
        }
        encoder._threads = arguments["threads"]
        encoder._captioner = captioner
        return encoder

    def audio(self, recordings: Recording | Sequence[Recording], *, rate: int | None = None) -> npt.NDArray[np.float32]:
        """The embeddings [n, d] of a list of recordings, or that of one [d].

        Args:
            recordings: In the forms that a `Captioner` takes.
            rate: The rate of samples, in Hz.

        Raises:
            wsac.Error: A recording cannot be embedded.
        """
        if is_many(recordings):
            return self._core.audio([given(recording, rate) for recording in recordings])
        return self._core.audio([given(recordings, rate)]).reshape(-1)

    def text(self, texts: str | Sequence[str]) -> npt.NDArray[np.float32]:
        """The embeddings [n, d] of a list of texts, or that of one [d].

        Raises:
            wsac.Error: The encoder has no text tower, or a file of it is missing.
        """
        if isinstance(texts, str):
            return self._core.text([texts]).reshape(-1)
        return self._core.text(list(texts))

    def classify(
        self, recordings: Recording | Sequence[Recording], labels: Sequence[str], *, rate: int | None = None
    ) -> Any:
        """Each of `labels` with the cosine between it and the recording, best first; a list of these for a list of recordings.

        A label is a text like any other: "the sound of a dog barking" may do better than "dog".
        """
        labels = list(labels)
        cosines = self.audio(recordings, rate=rate) @ self.text(labels).T
        if cosines.ndim == 1:
            return ranked(labels, cosines.tolist())
        return [ranked(labels, row) for row in cosines.tolist()]

    @property
    def name(self) -> str:
        """What opens it again: `mini`, a path, or a name on the hub."""
        return self._core.name

    @property
    def identity(self) -> str:
        """The identity of its space: embeddings of different spaces cannot be compared."""
        return self._core.identity

    @property
    def dim(self) -> int:
        """The width d of an embedding."""
        return self._core.dim

    def __reduce__(self) -> tuple[Any, ...]:
        if self._captioner is not None:
            return Encoder._of_captioner, (self._captioner,)
        return reopened, ({**self._choice, "threads": self._threads},)

    def __repr__(self) -> str:
        return f"Encoder({self.name!r})"


def reopened(arguments: dict[str, Any]) -> Encoder:
    """An encoder as it was before it was pickled; its weights are read again."""
    return Encoder(**arguments)


def ranked(labels: Sequence[str], scores: Sequence[float]) -> list[Sound]:
    sounds = [Sound(label, score) for label, score in zip(labels, scores)]
    return sorted(sounds, key=lambda sound: -sound.score)
