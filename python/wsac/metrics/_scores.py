"""The scores of one metric, for those who ask how sure they are: intervals, and whether two systems differ."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsac.metrics import _native


class Interval(NamedTuple):
    """Where a score lies."""

    low: float
    high: float


class Comparison(NamedTuple):
    """Two systems on the same items."""

    difference: float
    """The corpus score of the first less that of the second."""
    interval: Interval
    """Where the difference lies, by the paired bootstrap."""
    p: float
    """How often systems that are equally good would differ as much, by approximate randomisation; at least
    1 / (rounds + 1)."""


class Scores:
    """The scores of one metric: of the corpus and of each item.

    `wsac.metrics.score` makes them; `Scores.mean_of` those of a metric of your own.
    """

    __slots__ = ("_native",)

    def __init__(self, native: _native.Scores) -> None:
        self._native = native

    @classmethod
    def mean_of(cls, per_item: NDArray[np.floating] | list[float]) -> Scores:
        """Scores whose corpus value is the mean of `per_item` [N]; NaN means that an item has none."""
        return cls(_native.Scores.mean_of(np.asarray(per_item, np.float64).tolist()))

    @property
    def corpus(self) -> float:
        """The score of all items together; not always the mean of `per_item`: BLEU and METEOR sum their counts first."""
        return self._native.corpus

    @property
    def per_item(self) -> NDArray[np.float64]:
        """The score of each item, float64 [N]."""
        return self._native.per_item

    def interval(self, rounds: int = 1000, level: float = 0.95, seed: int = 0) -> Interval:
        """The bootstrap interval of the corpus score that holds the share `level` of `rounds` samples.

        Equal seeds give equal intervals. CIDEr's weights stay those of the whole corpus in every sample.
        """
        return Interval(*self._native.interval(rounds, level, seed))

    def compare(self, other: Scores, rounds: int = 1000, level: float = 0.95, seed: int = 0) -> Comparison:
        """Whether these scores differ from those of another system: one metric, the same items in the same order.

        Raises ValueError where the two are not of as many items.
        """
        difference, low, high, p = self._native.compare(other._native, rounds, level, seed)
        return Comparison(difference, Interval(low, high), p)

    def __float__(self) -> float:
        return self.corpus

    def __len__(self) -> int:
        return len(self._native)

    def __repr__(self) -> str:
        return f"Scores(corpus={self.corpus:.4f}, items={len(self)})"
