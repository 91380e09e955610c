"""The compiled part of the package, thin and strict: paths as str, samples and rows as contiguous float32 arrays, options and
results as JSON texts. What a person calls is `wsac`."""

from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from wsac.recordings import Given

__all__ = [
    "Captioner",
    "Encoder",
    "Live",
    "Memory",
    "Timeline",
    "__version__",
    "cache_folder",
    "length",
    "main",
    "metrics",
    "picture",
    "train",
    "write_timeline",
]

__version__: str

def main(argv: Sequence[str]) -> int:
    """Runs the command `wsac` with `argv`, the first of which is the program's name, and returns its exit code."""

def cache_folder() -> str | None:
    """The folder where the command keeps what can be computed again."""

def length(recording: Given, at_most: float) -> float:
    """The length of a recording in seconds; more than `at_most` is an `AudioError`."""

metrics: Any
"""What `wsac.metrics._native` describes."""

def train(
    captions: Sequence[tuple[str | list[list[str]], float]],
    validation: str | list[list[str]] | None,
    request: str,
    encoder: str,
    out: str,
    cache: str | None,
    resume: bool,
    threads: int | None,
    on_event: Callable[[str, str], object],
) -> tuple[float | None, bool]:
    """Trains a captioner, or resumes its training; returns the last validation loss, and whether the run had finished
    before. `on_event` gets the kind of each event (embedded, ready, step, epoch) and its values as JSON."""

def write_timeline(format: str, name: str, segments: Sequence[str], duration: float, summary: str | None = None) -> str:
    """Segments, as JSON, of the recording `name` of `duration` seconds, in a file format of the command line."""

def picture(recording: Given, sounds: Sequence[tuple[str, float]]) -> str:
    """Waveform, log-mel spectrogram and sounds (name and score) of a recording, as the `<svg>` element of a page."""

@final
class Captioner:
    """A captioner: the options of `wsac caption` that choose one, as JSON."""

    def __new__(
        cls,
        opening: str,
        clap: str | None = None,
        family: str | None = None,
        memory: Memory | None = None,
        threads: int | None = None,
    ) -> Captioner: ...
    def check(self, settings: str, memory: Memory | None = None) -> None:
        """Says what is wrong with settings."""

    def caption(
        self, recordings: Sequence[Given], settings: str, memory: Memory | None = None
    ) -> list[str | Exception]:
        """A caption as JSON for each recording, or why there is none."""

    def decode(
        self, embeddings: NDArray[np.float32], settings: str, memory: Memory | None = None
    ) -> list[str | Exception]:
        """A caption as JSON for each row [n, d], or why there is none."""

    def timeline(
        self,
        recording: Given,
        cut: str,
        settings: str,
        memory: Memory | None = None,
        summary: bool = False,
    ) -> Timeline:
        """The segments of a recording; only its beginning is read yet."""

    def live(self, rate: int, silence: float | None, settings: str, memory: Memory | None = None) -> Live:
        """Captions of sound as it arrives, at `rate` Hz."""

    @property
    def encoder(self) -> Encoder:
        """The encoder, whose towers the captioner shares."""

    @property
    def name(self) -> str:
        """The captioner's name."""

    @property
    def dim(self) -> int:
        """The width of its embeddings."""

    @property
    def rate(self) -> int:
        """The sample rate of its encoder, in Hz."""

@final
class Encoder:
    """An encoder: name, family, window and precision, as JSON."""

    def __new__(cls, choice: str, threads: int | None = None) -> Encoder: ...
    def audio(self, recordings: Sequence[Given]) -> NDArray[np.float32]:
        """The embeddings [n, d] of recordings."""

    def text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The embeddings [n, d] of texts."""

    @property
    def name(self) -> str:
        """What opens it again: `mini`, a path, or a name on the hub."""

    @property
    def identity(self) -> str:
        """The identity of its space."""

    @property
    def dim(self) -> int:
        """The width of its embeddings."""

@final
class Memory:
    """Captions and their embeddings."""

    @staticmethod
    def load(path: str) -> Memory:
        """The memory in a file; its rows are mapped."""

    @staticmethod
    def from_bytes(content: bytes) -> Memory:
        """The memory whose file has this content."""

    @staticmethod
    def build(
        captions: str | list[list[str]],
        encoder: Encoder,
        dedup: bool = False,
        near: float | None = None,
        rows: str = "f32",
    ) -> Memory:
        """A memory of captions; `dedup` is whether each is kept once, `near` the cosine from which another is the same."""

    def save(self, path: str) -> None:
        """Writes the file, whole or not at all."""

    def to_bytes(self) -> bytes:
        """The content of its file."""

    def nearest(self, queries: NDArray[np.float32], k: int) -> list[list[tuple[str, float]]]:
        """The `k` captions nearest to each row [n, d] and their similarities, best first."""

    @property
    def captions(self) -> list[str]:
        """All captions in order."""

    @property
    def embeddings(self) -> NDArray[np.float32]:
        """Their embeddings [n, d]."""

    @property
    def dim(self) -> int:
        """The width of an embedding."""

    @property
    def description(self) -> str | None:
        """What is written in the file about it."""

    def __len__(self) -> int: ...

@final
class Timeline:
    """The segments of a recording, found as they are asked for."""

    def next(self) -> tuple[str | None, tuple[float, list[str], str | None] | None]:
        """The next segment as JSON; or duration, warnings and summary at the end; nothing at all after that."""

@final
class Live:
    """Captions of sound as it arrives."""

    def feed(self, samples: NDArray[np.float32]) -> list[str]:
        """Adds mono samples [n]; returns the segments, as JSON, that can be captioned by now."""

    def finish(self) -> list[str]:
        """Ends the sound; returns the last segments."""
