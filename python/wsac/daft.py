"""Captions in Daft: a class whose method turns columns of paths and bytes into columns of captions. docs/scaling-out.md has
the whole program, which works in parts that can be repeated.

    captions = wsac.daft.Captions()
    files.select(captions.rows(col("path"), daft.functions.download(col("path"), on_error="null")))

Needs `daft`.
"""

from __future__ import annotations

from typing import Any

import daft
from daft import DataType

from wsac.rows import RowMaker

__all__ = ["ROW", "Captions"]

ROW: DataType = DataType.struct(
    {
        "path": DataType.string(),
        "caption": DataType.string(),
        "low_confidence": DataType.bool(),
        "logprob": DataType.float64(),
        "duration": DataType.float64(),
        "segments": DataType.list(
            DataType.struct({"start": DataType.float64(), "end": DataType.float64(), "caption": DataType.string()})
        ),
        "error": DataType.string(),
    }
)
"""The columns of `wsac.rows`."""


@daft.cls(use_process=True)
class Captions:
    """The arguments are those of `wsac.rows.RowMaker`: model, timeline, most_seconds, most_bytes, threads, options of
    captions. A process of its own for each, as Python's lock would be shared otherwise."""

    def __init__(self, model: str | None = None, **how: Any) -> None:
        self._rows = RowMaker(model, **how)

    @daft.method.batch(return_dtype=ROW, unnest=True, batch_size=32)
    def rows(self, paths: daft.Series, contents: daft.Series) -> list[dict[str, Any]]:
        """A row for each file; contents are null where they could not be read."""
        return self._rows(paths.to_pylist(), contents.to_pylist())
