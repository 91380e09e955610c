"""What a captioner gives: a `Caption` with its evidence, or a `Failure`."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

from wsac.recordings import Given

__all__ = ["Caption", "Failure", "Neighbour", "Sound"]


@dataclass(frozen=True)
class Sound:
    """A sound by name, such as "Dog", and its score: in [0, 1], or for labels of one's own a cosine in [-1, 1]."""

    name: str
    score: float


@dataclass(frozen=True)
class Neighbour:
    """A caption of the memory, and its similarity to the recording in [-1, 1]."""

    caption: str
    similarity: float


@dataclass(frozen=True)
class Caption:
    """A sentence about a recording, and the evidence for it. `str(caption)` is the sentence."""

    text: str
    """The sentence."""
    low_confidence: bool
    """Whether the evidence is so weak that the caption is a guess."""
    confidence: float
    """The probability that the caption is true, in [0, 1]."""
    logprob: float | None
    """The sum of its tokens' log-probabilities (nats); None if it was retrieved from the memory."""
    sounds: tuple[Sound, ...]
    """The likeliest sounds, best first."""
    neighbours: tuple[Neighbour, ...]
    """The captions of the memory nearest to the recording, best first."""
    strategy: str
    """The bridge across the modality gap that led to it: direct, nearest or projection."""
    duration: float
    """The length of the recording in seconds."""
    model: str
    """The name of the model."""
    file_name: str
    """The recording: its path or name, or "bytes" or "array"."""
    score: float | None = None
    """Its score from `rerank`; comparable within one recording only."""
    warnings: tuple[str, ...] = ()
    """Problems of the recording that did not keep it from being captioned."""
    _row: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _recording: Given | None = field(default=None, repr=False, compare=False)

    @classmethod
    def _of(cls, text: str, name: str, recording: Given | None = None) -> Caption:
        """The caption that the compiled module describes; `recording` is played in a notebook."""
        row = json.loads(text)
        if "warnings" in row:
            row["warnings"] = [bare(warning, name) for warning in row["warnings"]]
        return cls(
            text=row["caption"],
            low_confidence=row["weak"],
            confidence=row["confidence"],
            logprob=row["logprob"],
            sounds=tuple(Sound(**sound) for sound in row["sounds"]),
            neighbours=tuple(Neighbour(**neighbour) for neighbour in row["neighbours"]),
            strategy=row["strategy"],
            duration=row["duration"],
            model=row["model"],
            file_name=name,
            score=row.get("score"),
            warnings=tuple(row.get("warnings", ())),
            _row={"file_name": name, **row},
            _recording=recording,
        )

    def to_dict(self) -> dict[str, Any]:
        """The row that `wsac caption --format jsonl` writes."""
        return copy.deepcopy(self._row)

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[Any, ...]:
        row = {key: value for key, value in self._row.items() if key != "file_name"}
        return Caption._of, (json.dumps(row), self.file_name)

    def _repr_html_(self) -> str:
        from wsac.html import caption

        return caption(self)


@dataclass(frozen=True)
class Failure:
    """A recording that has no caption, and why. It is false, so that `if caption:` tells the two apart."""

    file_name: str
    """The recording: its path or name, or "bytes" or "array"."""
    error: str
    """What is wrong with it, without its name."""
    exception: Exception = field(repr=False, compare=False)
    """What would have been raised."""

    @classmethod
    def _of(cls, exception: Exception, name: str) -> Failure:
        return cls(name, bare(str(exception), name), exception)

    def to_dict(self) -> dict[str, Any]:
        """The row that `wsac caption --format jsonl` writes."""
        return {"file_name": self.file_name, "error": self.error}

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return str(self.exception)


def bare(message: str, name: str) -> str:
    """A message without the name at its beginning."""
    return message.removeprefix(f"{name}: ")
