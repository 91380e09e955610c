"""Recordings of a batch -> rows of a table, one each, whatever is wrong with them: what `wsac.ray` and `wsac.daft` share.

| column | type | what |
|---|---|---|
| path | string | the recording |
| caption | string | the caption; of a timeline the caption of the whole |
| low_confidence | bool | whether the caption is a guess |
| logprob | float64 | the sum of its tokens' log-probabilities (nats) |
| duration | float64 | seconds |
| segments | list of {start, end, caption} | with `timeline=True` |
| error | string | why there is no caption; then all but the path is null |
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wsac import _wsac
from wsac.captioner import Captioner
from wsac.captions import Caption, Failure
from wsac.errors import Error

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["COLUMNS", "RowMaker", "schema"]

COLUMNS = ("path", "caption", "low_confidence", "logprob", "duration", "segments", "error")
"""The columns, in this order."""


def schema() -> pa.Schema:
    """The schema, given to every block so that a column that is all null in one fits the others."""
    import pyarrow as pa

    segment = pa.struct([("start", pa.float64()), ("end", pa.float64()), ("caption", pa.string())])
    types = (pa.string(), pa.string(), pa.bool_(), pa.float64(), pa.float64(), pa.list_(segment), pa.string())
    return pa.schema(list(zip(COLUMNS, types)))


class RowMaker:
    """A captioner for batches of files in memory.

    Args:
        model: As of `Captioner`.
        timeline: Whether rows have segments, and their caption is that of the whole.
        most_seconds: A longer recording is a row with an error.
        most_bytes: A larger file is a row with an error.
        threads: Threads of this worker; engines start a worker for each core.
        **options: Options of the captions; see `Options`.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        timeline: bool = False,
        most_seconds: float = 3600.0,
        most_bytes: int = 1 << 30,
        threads: int = 1,
        **options: Any,
    ) -> None:
        self._captioner = Captioner(model, threads=threads, **options)
        self._timeline = timeline
        self._most_seconds = most_seconds
        self._most_bytes = most_bytes

    def __call__(self, paths: Sequence[str], contents: Sequence[bytes | None]) -> list[dict[str, Any]]:
        """A row for each of `paths` [n], in this order; `contents` [n] are their bytes, None where they could not be read."""
        refused = [self._refusal(path, content) for path, content in zip(paths, contents)]
        if self._timeline:
            return [
                _row(path, error=why) if why else self._segments(path, content)
                for path, content, why in zip(paths, contents, refused)
            ]
        good = [
            {"path": path, "bytes": content}
            for path, content, why in zip(paths, contents, refused)
            if not why
        ]
        captions = iter(self._captioner(good, on_error="return") if good else ())
        return [_row(path, error=why) if why else _told(path, next(captions)) for path, why in zip(paths, refused)]

    def _refusal(self, path: str, content: bytes | None) -> str | None:
        """Why a recording is not even tried."""
        if content is None:
            return "could not be read"
        if len(content) > self._most_bytes:
            return f"has {len(content)} bytes, more than the {self._most_bytes} allowed"
        try:
            _wsac.length((path, content), self._most_seconds)
        except Error as why:
            return _bare(why, path)
        return None

    def _segments(self, path: str, content: bytes | None) -> dict[str, Any]:
        try:
            line = self._captioner.timeline({"path": path, "bytes": content}, summary=True)
            segments = [{"start": s.start, "end": s.end, "caption": s.text} for s in line]
            weak = bool(segments) and all(s.low_confidence for s in line)
            return _row(path, line.summary, weak, None, line.duration, segments)
        except Error as why:
            return _row(path, error=_bare(why, path))


def _told(path: str, caption: Caption | Failure) -> dict[str, Any]:
    if isinstance(caption, Failure):
        return _row(path, error=caption.error)
    return _row(path, caption.text, caption.low_confidence, caption.logprob, caption.duration)


def _row(
    path: str,
    caption: str | None = None,
    low_confidence: bool | None = None,
    logprob: float | None = None,
    duration: float | None = None,
    segments: list[dict[str, Any]] | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    return dict(zip(COLUMNS, (path, caption, low_confidence, logprob, duration, segments, error)))


def _bare(why: Exception, path: str) -> str:
    return str(why).removeprefix(f"{path}: ")
