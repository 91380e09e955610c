"""`Live`: captions of sound as it arrives."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from wsac import _wsac
from wsac.errors import ConfigError
from wsac.timeline import Segment

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Live"]


class Live:
    """Captions of sound as it arrives, a segment for each sound event within two seconds of its onset. At the end of a `with`
    block the last segments are found.

    `captioner.live(rate)` makes one.
    """

    def __init__(self, core: _wsac.Live) -> None:
        self._core = core
        self.segments: list[Segment] = []
        """All segments so far."""

    def feed(self, block: npt.ArrayLike) -> list[Segment]:
        """Adds samples [n] or [channels, n]; returns the segments that can be captioned by now.

        Raises:
            wsac.Error: They are no finite floating-point samples, or the sound has ended.
        """
        import numpy as np

        samples = np.asarray(block)
        if samples.dtype.kind != "f" or samples.ndim not in (1, 2):
            raise ConfigError(
                f"a block is floating-point samples [n] or [channels, n] with full scale at 1, not {samples.dtype} of the "
                f"shape {samples.shape}"
            )
        if samples.ndim == 2:
            samples = samples.mean(axis=0)
        with np.errstate(over="ignore"):
            samples = np.ascontiguousarray(samples, np.float32)
        return self._add(self._core.feed(samples))

    def finish(self) -> list[Segment]:
        """Ends the sound; returns the last segments."""
        return self._add(self._core.finish())

    def _add(self, found: list[str]) -> list[Segment]:
        segments = [Segment._of(text, None) for text in found]
        self.segments.extend(segments)
        return segments

    def __enter__(self) -> Live:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.finish()
