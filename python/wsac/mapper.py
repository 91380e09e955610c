"""`Mapper`: a captioner as a function for `datasets.Dataset.map`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from wsac.captions import Failure

if TYPE_CHECKING:
    from wsac.captioner import Captioner

__all__ = ["Mapper", "OnError"]

#: Whether a recording that fails raises its exception, or is a `Failure` in the place of its caption.
OnError = Literal["raise", "return"]


class Mapper:
    """See `Captioner.mapper`. It can be pickled and used in several processes."""

    def __init__(
        self,
        captioner: Captioner,
        column: str,
        out: str,
        on_error: OnError,
        options: dict[str, Any],
    ) -> None:
        self._captioner = captioner
        self._column = column
        self._out = out
        self._on_error: OnError = on_error
        self._options = options

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[str | None]]:
        """The new columns of a batch."""
        found = self._captioner(list(batch[self._column]), on_error=self._on_error, **self._options)
        columns: dict[str, list[str | None]] = {self._out: [None if isinstance(c, Failure) else c.text for c in found]}
        if self._on_error == "return":
            columns[f"{self._out}_error"] = [c.error if isinstance(c, Failure) else None for c in found]
        return columns
