"""Embeddings of any array library -> rows [n, d], float32, contiguous."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wsac.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["rows_of"]


def rows_of(embeddings: Any, what: str) -> tuple[npt.NDArray[np.float32], bool]:
    """`embeddings` as rows, and whether they were a single one [d].

    Raises:
        ConfigError: They have another shape, or are no finite floating-point numbers.
    """
    import numpy as np

    if hasattr(embeddings, "detach"):  # a tensor, which may need gradients or lie on a GPU
        embeddings = embeddings.detach().cpu().numpy()
    rows = np.asarray(embeddings)
    is_one = rows.ndim == 1
    if is_one:
        rows = rows[None]
    if rows.ndim != 2:
        raise ConfigError(f"the {what} have the shape {rows.shape}; give [n, d], or one [d]")
    if rows.dtype.kind != "f":
        raise ConfigError(f"the {what} hold {rows.dtype}, not floating-point numbers")
    with np.errstate(over="ignore"):
        rows = np.ascontiguousarray(rows, np.float32)
    if not np.isfinite(rows).all():
        raise ConfigError(f"the {what} hold numbers that are not finite")
    return rows, is_one
