"""`Timeline`: the segments of a recording, found as they are asked for; and its files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from wsac import _wsac
from wsac.captions import Sound, bare
from wsac.errors import Error
from wsac.recordings import Given, name_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Segment", "Timeline"]

Format = Literal["text", "jsonl", "csv", "srt", "vtt", "textgrid", "labels"]


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording with one sound, and its caption. `str(segment)` is the caption."""

    start: float
    """Where it begins, in seconds from the start of the recording."""
    end: float
    """Where it ends, in seconds."""
    text: str
    """The caption, one sentence."""
    low_confidence: bool
    """Whether the evidence is so weak that the caption is a guess."""
    confidence: float
    """The probability that the caption is true, in [0, 1]."""
    logprob: float | None
    """The sum of its tokens' log-probabilities (nats); None if it was retrieved from the memory."""
    sounds: tuple[Sound, ...]
    """The likeliest sounds, best first."""
    file_name: str | None = None
    """The recording: its path or name; None for live sound."""
    _text: str = field(default="", repr=False, compare=False)

    @classmethod
    def _of(cls, text: str, name: str | None) -> Segment:
        """The segment that the compiled module describes."""
        row = json.loads(text)
        return cls(
            start=row["start"],
            end=row["end"],
            text=row["caption"],
            low_confidence=row["weak"],
            confidence=row["confidence"],
            logprob=row["logprob"],
            sounds=tuple(Sound(**sound) for sound in row["sounds"]),
            file_name=name,
            _text=text,
        )

    def to_dict(self) -> dict[str, Any]:
        """The row that `wsac caption --timeline --format jsonl` writes; of live sound that of `wsac listen`."""
        name = {} if self.file_name is None else {"file_name": self.file_name}
        return {**name, **json.loads(self._text)}

    def __str__(self) -> str:
        return self.text


class Timeline:
    """The segments of a recording, in order. Iterating finds them one after the other, each once: a second time they come
    from memory. Everything else first finds the rest of them.

    `captioner.timeline(recording)` makes one.
    """

    def __init__(self, core: _wsac.Timeline, recording: Given) -> None:
        self._core = core
        self._found: list[Segment] = []
        self._end: tuple[float, list[str], str | None] | None = None
        self._failed: Exception | None = None
        self._recording = recording
        self.file_name: str = name_of(recording)
        """The recording: its path or name, or "bytes" or "array"."""

    def __iter__(self) -> Iterator[Segment]:
        at = 0
        while at < len(self._found) or self._find():
            yield self._found[at]
            at += 1

    def _find(self) -> bool:
        """Finds the next segment; whether there was one."""
        if self._failed is not None:
            raise self._failed
        if self._end is not None:
            return False
        try:
            segment, end = self._core.next()
        except Error as why:
            self._failed = why
            raise
        if segment is not None:
            self._found.append(Segment._of(segment, self.file_name))
            return True
        if end is None:
            self._failed = Error(f"{self.file_name}: the timeline was interrupted; begin anew")
            raise self._failed
        self._end = end
        return False

    def _whole(self) -> tuple[float, list[str], str | None]:
        while self._end is None:
            self._find()
        return self._end

    @property
    def segments(self) -> list[Segment]:
        """All segments."""
        self._whole()
        return list(self._found)

    @property
    def duration(self) -> float:
        """The length of the recording, in seconds."""
        return self._whole()[0]

    @property
    def summary(self) -> str | None:
        """A caption of the whole recording, if `summary=True` asked for one."""
        return self._whole()[2]

    @property
    def warnings(self) -> list[str]:
        """Problems of the recording that did not keep it from being captioned."""
        return [bare(warning, self.file_name) for warning in self._whole()[1]]

    def __len__(self) -> int:
        return len(self.segments)

    def __getitem__(self, at: int) -> Segment:
        return self.segments[at]

    def write(self, path: str | os.PathLike[str], format: Format) -> None:
        """Writes a file, as `wsac caption --timeline --format` does: subtitles (srt, vtt), Praat's tiers (textgrid),
        Audacity's labels, or rows (jsonl, csv, text)."""
        duration, _, summary = self._whole()
        told = [segment._text for segment in self._found]
        content = _wsac.write_timeline(format, self.file_name, told, duration, summary)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(content)

    def srt(self, path: str | os.PathLike[str]) -> None:
        """Writes subtitles (SubRip)."""
        self.write(path, "srt")

    def vtt(self, path: str | os.PathLike[str]) -> None:
        """Writes subtitles for web pages (WebVTT)."""
        self.write(path, "vtt")

    def to_pandas(self) -> pd.DataFrame:
        """A row for each segment: file_name, start, end, caption, confidence, weak, logprob, sounds. Needs pandas."""
        import pandas as pd

        rows = [segment.to_dict() for segment in self]
        columns = ["file_name", "start", "end", "caption", "confidence", "weak", "logprob", "sounds"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        more = "" if self._end is not None else ", and more to find"
        return f"<Timeline of {self.file_name}: {len(self._found)} found{more}>"

    def _repr_html_(self) -> str:
        from wsac.html import timeline

        return timeline(self)
