"""The compiled part of the metrics: N items in, scores out. What people call is `wsac.metrics`."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import final

import numpy as np
from numpy.typing import NDArray

def tokenise(captions: Sequence[str]) -> list[str]:
    """The tokens of each caption, joined by spaces; all stand in one file, in this order."""

@final
class Scores:
    """The scores of one metric."""

    @property
    def corpus(self) -> float:
        """The score of all items together."""
    @property
    def per_item(self) -> NDArray[np.float64]:
        """The score of each item, float64 [N]; a new array each time."""
    def interval(self, rounds: int, level: float, seed: int) -> list[float]:
        """The bootstrap interval of the corpus score: low, high."""
    def compare(self, other: Scores, rounds: int, level: float, seed: int) -> list[float]:
        """Difference to `other`, low and high end of its interval, p."""
    @staticmethod
    def mean_of(per_item: Sequence[float]) -> Scores:
        """Scores whose corpus value is the mean of those of the items."""
    def penalised(self, errors: Scores, penalty: float) -> Scores:
        """`self * (1 - penalty * errors)`, item by item."""
    def mean_with(self, others: Scores) -> Scores:
        """The mean of these and `others`, item by item."""
    def __len__(self) -> int: ...

@final
class Items:
    """N candidates, each with its references."""

    def __new__(cls, candidates: Sequence[str], references: Sequence[Sequence[str]]) -> Items: ...
    def tokenised(self) -> Items:
        """The same items, tokenised."""
    def bleu(self) -> list[Scores]:
        """BLEU-1 to BLEU-4."""
    def rouge_l(self) -> Scores:
        """ROUGE-L of words that single spaces part (pycocoevalcap)."""
    def rouge_l_of_words(self) -> Scores:
        """ROUGE-L of words that white space parts (aac-metrics)."""
    def cider_d(self) -> Scores:
        """CIDEr-D."""
    def cider(self) -> Scores:
        """Plain CIDEr."""
    def vocab(self) -> tuple[dict[str, float], list[float]]:
        """Numbers of the corpus, and the distinct words of each candidate."""
    def diversity(self) -> dict[str, float]:
        """Numbers of the corpus."""
    def __len__(self) -> int: ...

@final
class Meteor:
    """METEOR 1.5 with the word tables of a file."""

    def __new__(cls, tables: str | PathLike[str]) -> Meteor: ...
    def score(self, items: Items) -> Scores: ...

@final
class Spice:
    """SPICE 1.0 with the jars of a folder."""

    def __new__(
        cls, jars: str | PathLike[str], java: str | PathLike[str], meteor: Meteor, cache: str | PathLike[str] | None
    ) -> Spice: ...
    def score(
        self, items: Items, tell: Callable[[str], object] | None
    ) -> tuple[Scores, list[dict[str, dict[str, float]]]]: ...

@final
class SentenceBert:
    """A Sentence-BERT; without a folder the built-in all-MiniLM-L6-v2."""

    def __new__(cls, folder: str | PathLike[str] | None) -> SentenceBert: ...
    @property
    def name(self) -> str: ...
    @property
    def is_of_fense(self) -> bool: ...
    def score(self, items: Items) -> Scores: ...

@final
class FluencyDetector:
    """FENSE's detector of fluency errors."""

    def __new__(cls, file: str | PathLike[str]) -> FluencyDetector: ...
    @property
    def name(self) -> str: ...
    @property
    def published(self) -> bool: ...
    def score(self, items: Items, threshold: float) -> tuple[Scores, dict[str, NDArray[np.float64]]]: ...

@final
class Bert:
    """A BERT or RoBERTa, for BERTScore: precision, recall, F1."""

    def __new__(cls, folder: str | PathLike[str]) -> Bert: ...
    def score(self, items: Items) -> list[Scores]: ...
