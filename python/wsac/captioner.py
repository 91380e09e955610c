"""`Captioner`: recordings, or embeddings made elsewhere, to captions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from wsac import _wsac
from wsac.captions import Caption, Failure
from wsac.encoder import Encoder
from wsac.errors import ConfigError, Error, FileError
from wsac.live import Live
from wsac.mapper import Mapper, OnError
from wsac.matrices import rows_of
from wsac.memory import Memory
from wsac.options import Options, as_json
from wsac.recordings import Given, One, Recording, given, is_many, name_of
from wsac.timeline import Timeline

if TYPE_CHECKING:
    import numpy.typing as npt
    from typing_extensions import Unpack

__all__ = ["Captioner"]

#: The arguments that may be files or folders.
PATHS = ("model", "gap", "clap", "gap_map", "memory")

#: Recordings that are read together: enough to keep all threads busy, few enough to hold their bytes.
TOGETHER = 256


class Captioner:
    """Captions recordings; the same model, options and results as the command `wsac caption`.

    Args:
        model: A folder that `wsac.train` or `wsac train` has made; the built-in model `mini` if None.
        centre: What is subtracted before similarities to the memory are computed; the model's own if None.
        gap: With centre="modalities": the gap that `wsac gap CAPTIONS --audio DIR -o FILE` has measured.
        clap: Another place of the model's encoder: a name on the hub that is in the cache, a folder or a checkpoint.
        family: The family of that checkpoint, where its tensors leave it open.
        window: What a CLAP encodes of a recording longer than its window: "first", "centre" or "mean" of all.
        precision: Data type of the encoder and the decoder: "f32", "bf16", "int8" (the decoder alone) or "auto".
        threads: Threads of each call, at most one a core; None shares one a core between all calls.
        **options: Options of all captions; see `Options`.

    Raises:
        wsac.Error: The model, its encoder or an option cannot be used.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        centre: Literal["none", "memory", "modalities"] | None = None,
        gap: str | os.PathLike[str] | None = None,
        clap: str | os.PathLike[str] | None = None,
        family: str | None = None,
        window: Literal["first", "centre", "mean"] = "mean",
        precision: Literal["auto", "f32", "bf16", "int8"] = "f32",
        threads: int | None = None,
        **options: Unpack[Options],
    ) -> None:
        opening = as_json({"model": model, "centre": centre, "gap": gap, "window": window, "precision": precision})
        clap = None if clap is None else os.fspath(clap)
        self._arguments: dict[str, Any] = {
            "model": model,
            "centre": centre,
            "gap": gap,
            "clap": clap,
            "family": family,
            "window": window,
            "precision": precision,
            "threads": threads,
            **options,
        }
        self._options: dict[str, Any] = {**options}
        self._memory = Memory._found(self._options.pop("memory", None))
        self._core = _wsac.Captioner(opening, clap, family, memory_core(self._memory), threads)
        # A wrong option is told here, not at the first recording.
        self._core.check(*self._asked({}))

    @overload
    def __call__(
        self,
        recording: One,
        *,
        rate: int | None = None,
        on_error: Literal["raise"] = "raise",
        **options: Unpack[Options],
    ) -> Caption: ...
    @overload
    def __call__(
        self,
        recording: One,
        *,
        rate: int | None = None,
        on_error: Literal["return"],
        **options: Unpack[Options],
    ) -> Caption | Failure: ...
    @overload
    def __call__(
        self,
        recording: Sequence[Recording],
        *,
        rate: int | None = None,
        on_error: Literal["raise"] = "raise",
        **options: Unpack[Options],
    ) -> list[Caption]: ...
    @overload
    def __call__(
        self,
        recording: Sequence[Recording],
        *,
        rate: int | None = None,
        on_error: Literal["return"],
        **options: Unpack[Options],
    ) -> list[Caption | Failure]: ...
    @overload
    def __call__(
        self,
        recording: Recording,
        *,
        rate: int | None = None,
        on_error: OnError = "raise",
        **options: Unpack[Options],
    ) -> Any: ...
    def __call__(
        self,
        recording: Recording | Sequence[Recording],
        *,
        rate: int | None = None,
        on_error: OnError = "raise",
        **options: Unpack[Options],
    ) -> Any:
        """The caption of a recording, or of each of a list, in order.

        Args:
            recording: A path, a file's bytes, a binary file object, a Hugging Face cell, a torchcodec decoder, or samples
                [n] or [channels, n] of NumPy or PyTorch; or a list of these.
            rate: The rate of samples, in Hz.
            on_error: "raise" raises the first exception; "return" puts a `Failure` in the place of the caption.
            **options: Options of this call; see `Options`.

        Raises:
            wsac.Error: A recording cannot be captioned, or an option cannot be used.
        """
        if on_error not in ("raise", "return"):
            raise ConfigError(f'on_error is "raise" or "return", not {on_error!r}')
        asked = self._asked(options)
        if is_many(recording):
            return list(self._captions(recording, rate, on_error, asked))
        return next(self._captions([recording], rate, on_error, asked, keep=True))

    def _captions(
        self,
        recordings: Sequence[Recording],
        rate: int | None,
        on_error: OnError,
        asked: tuple[str, _wsac.Memory | None],
        keep: bool = False,
    ) -> Iterator[Caption | Failure]:
        """The captions of `recordings`, in order. Each can be played as long as its file is there; with `keep` it holds on to
        the samples or bytes that it was made from."""
        for first in range(0, len(recordings), TOGETHER):
            taken = [taken_or_why(each, rate) for each in recordings[first : first + TOGETHER]]
            good = [recording for recording in taken if not isinstance(recording, Error)]
            done = iter(self._core.caption(good, *asked))
            for form in taken:
                found: str | Exception
                if isinstance(form, Error):
                    found, name, held = form, str(form).partition(": ")[0], None
                else:
                    held = form if keep or isinstance(form, str) else None
                    found, name = next(done), name_of(form)
                if isinstance(found, str):
                    yield Caption._of(found, name, held)
                elif on_error == "return":
                    yield Failure._of(found, name)
                else:
                    raise found

    def decode(self, embeddings: npt.ArrayLike, *, on_error: OnError = "raise", **options: Unpack[Options]) -> Any:
        """Captions of embeddings that were made elsewhere, on a GPU or by another library.

        Args:
            embeddings: [n, d], or one [d], of the encoder that the captioner was trained with (`captioner.encoder`).
            on_error: As in a call.
            **options: Options of this call; see `Options`.

        Raises:
            wsac.Error: The width is that of another encoder, or a row has no direction.
        """
        rows, is_one = rows_of(embeddings, "embeddings")
        found = self._core.decode(rows, *self._asked(options))
        names = [f"embedding {i}" for i in range(len(found))]
        captions = [
            Caption._of(text, name) if isinstance(text, str) else Failure._of(text, name)
            for text, name in zip(found, names)
        ]
        failed = next((c for c in captions if isinstance(c, Failure)), None)
        if failed is not None and on_error == "raise":
            raise failed.exception
        return captions[0] if is_one else captions

    def timeline(
        self,
        recording: Recording,
        *,
        rate: int | None = None,
        min_length: float = 0.5,
        max_length: float = 30.0,
        max_gap: float = 2.0,
        silence: float | None = None,
        summary: bool = False,
        **options: Unpack[Options],
    ) -> Timeline:
        """What sounds when, in a recording of any length: segments, found as they are asked for.

        Args:
            recording: As in a call.
            rate: The rate of samples, in Hz.
            min_length: Shortest segment, in seconds.
            max_length: Longest segment, in seconds.
            max_gap: A longer silence always separates two segments, in seconds.
            silence: Level below which there is silence, which is left out (dBFS); None measures it.
            summary: Whether the timeline gets a caption of the whole recording.
            **options: Options of this call; see `Options`.

        Raises:
            wsac.Error: The recording cannot be opened, or an option cannot be used.
        """
        form = given(recording, rate)
        cut = {"min_length": min_length, "max_length": max_length, "max_gap": max_gap, "silence": silence}
        core = self._core.timeline(form, as_json(cut), *self._asked(options), summary)
        return Timeline(core, form)

    def live(self, rate: int, *, silence: float | None = None, **options: Unpack[Options]) -> Live:
        """Captions of sound as it arrives, within two seconds: `with captioner.live(rate=16000) as live: live.feed(block)`.

        Args:
            rate: The rate of the samples that are fed, in Hz.
            silence: Level below which there is silence (dBFS); None measures it.
            **options: Options of this call; see `Options`.

        Raises:
            wsac.Error: The rate or an option cannot be used.
        """
        return Live(self._core.live(rate, silence, *self._asked(options)))

    def mapper(
        self,
        column: str,
        out: str = "caption",
        *,
        on_error: OnError = "raise",
        **options: Unpack[Options],
    ) -> Mapper:
        """A function for `datasets.Dataset.map(batched=True)`: it captions `column` and writes `out`.

        With on_error="return" a recording that fails has None, and the column `out`_error says why.
        """
        return Mapper(self, column, out, on_error, {**options})

    @property
    def encoder(self) -> Encoder:
        """Its encoder, whose weights are shared."""
        return Encoder._of_captioner(self)

    @property
    def name(self) -> str:
        """The name of the model."""
        return self._core.name

    @property
    def rate(self) -> int:
        """The sample rate of the encoder, in Hz; recordings of any rate are resampled to it."""
        return self._core.rate

    def _asked(self, options: Mapping[str, Any]) -> tuple[str, _wsac.Memory | None]:
        """The options of a call as the compiled module takes them."""
        asked = {**self._options, **options}
        memory = Memory._found(asked.pop("memory", None))
        return as_json(asked), memory_core(memory)

    def __reduce__(self) -> tuple[Any, ...]:
        return opened, ({**self._arguments, **found_anywhere(self._arguments)},)

    def __repr__(self) -> str:
        changed = {
            name: value
            for name, value in self._arguments.items()
            if value is not None and (name, value) not in (("window", "mean"), ("precision", "f32"))
        }
        changed.setdefault("model", self.name)
        first = repr(changed.pop("model"))
        return f"Captioner({', '.join([first, *(f'{k}={v!r}' for k, v in changed.items())])})"


def opened(arguments: dict[str, Any]) -> Captioner:
    """A captioner as it was before it was pickled; its weights are mapped again."""
    return Captioner(**arguments)


def found_anywhere(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The files and folders among `arguments`, each in full, so that another process finds it from its own folder."""
    given = {name: arguments.get(name) for name in PATHS}
    return {
        name: os.path.abspath(path)
        for name, path in given.items()
        if isinstance(path, (str, os.PathLike)) and path != "mini" and os.path.exists(path)
    }


def taken_or_why(recording: Recording, rate: int | None) -> Given | Error:
    """`recording` as the compiled module takes it, or what is wrong with it."""
    try:
        return given(recording, rate)
    except Error as why:
        return why
    except OSError as why:  # a file object that cannot be read
        return FileError(f"{type(recording).__name__}: {why}")


def memory_core(memory: Memory | None) -> _wsac.Memory | None:
    return None if memory is None else memory._core
