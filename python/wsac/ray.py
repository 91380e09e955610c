"""Captions on a Ray cluster: a class for `map_batches` of Ray Data. docs/scaling-out.md has the whole program.

    files = ray.data.read_binary_files("s3://bucket/clips", include_paths=True)
    files.map_batches(wsac.ray.Captions, batch_size=32, num_cpus=1, compute=ActorPoolStrategy(min_size=1, max_size=64))

Needs `ray[data]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from wsac.rows import RowMaker, schema

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Captions"]


class Captions:
    """Batches with the columns `path` and `bytes` -> tables with the columns of `wsac.rows`, a row for each file.

    The arguments are those of `wsac.rows.RowMaker`: model, timeline, most_seconds, most_bytes, threads, options of captions.
    """

    def __init__(self, model: str | None = None, **how: Any) -> None:
        self._rows = RowMaker(model, **how)

    def __call__(self, batch: Mapping[str, np.ndarray[Any, Any]]) -> pa.Table:
        """The rows of a batch, with their schema."""
        rows = self._rows([str(path) for path in batch["path"]], list(batch["bytes"]))
        return pa.Table.from_pylist(rows, schema=schema())
