"""pycocoevalcap's classes without Java: dicts id -> captions in, (score of the corpus, scores of the items) out.

    gts, res = PTBTokenizer().tokenize(references), PTBTokenizer().tokenize(candidates)
    score, scores = Cider().compute_score(gts, res)

`gts` has the references of each id, `res` a list with its one candidate; both tokenised, with the same ids. Items are scored
in the order of `gts`, Spice's in the order of the sorted ids, as pycocoevalcap 1.2 does. Wrong dicts raise ValueError.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wsac.errors import CaptionsError, ConfigError
from wsac.metrics import _native
from wsac.metrics._inputs import regroup
from wsac.metrics._scorer import MetricWarning, log
from wsac.metrics._tools import StrPath, Tools

__all__ = ["Bleu", "Cider", "Meteor", "PTBTokenizer", "Rouge", "Spice"]

Id = TypeVar("Id", bound=Hashable)
Captions = Mapping[Id, list[str]]


class PTBTokenizer:
    """The tokeniser of all metrics: captions in small letters, without punctuation, tokens joined by spaces."""

    def tokenize(self, captions_for_image: Mapping[Id, Sequence[Mapping[str, str]]]) -> dict[Id, list[str]]:
        """Dict id -> [{"caption": text}, ..] to dict id -> [tokens, ..]. An id without captions is left out."""
        groups = {id_: [entry["caption"] for entry in captions] for id_, captions in captions_for_image.items() if captions}
        return dict(zip(groups, regroup(_native.tokenise, list(groups.values()))))


class Bleu:
    """BLEU-1 to BLEU-n, n from 1 to 4."""

    def __init__(self, n: int = 4) -> None:
        if not 1 <= n <= 4:
            raise ConfigError(f"BLEU-1 to BLEU-4 are known, not BLEU-{n}")
        self._n = n

    def compute_score(self, gts: Captions[Id], res: Captions[Id], verbose: int = 1) -> tuple[list[float], list[list[float]]]:
        """The n scores of the corpus, and for each n those of the items. `verbose` does nothing."""
        scores = _items(gts, res, gts).bleu()[: self._n]
        return [s.corpus for s in scores], [s.per_item.tolist() for s in scores]

    def method(self) -> str:
        """The metric's name."""
        return "Bleu"


class Meteor:
    """METEOR 1.5, with the word tables of this package or those of the file `tables`."""

    def __init__(self, tables: StrPath | None = None) -> None:
        self._meteor = Tools(meteor_tables=tables).meteor()

    def compute_score(self, gts: Captions[Id], res: Captions[Id]) -> tuple[float, list[float]]:
        """The score of the corpus and those of the items."""
        scores = self._meteor.score(_items(gts, res, gts))
        return scores.corpus, scores.per_item.tolist()

    def method(self) -> str:
        """The metric's name."""
        return "METEOR"


class Rouge:
    """ROUGE-L."""

    def compute_score(self, gts: Captions[Id], res: Captions[Id]) -> tuple[np.float64, NDArray[np.float64]]:
        """The score of the corpus and those of the items."""
        return _pair(_items(gts, res, gts).rouge_l())

    def method(self) -> str:
        """The metric's name."""
        return "Rouge"


class Cider:
    """CIDEr-D, which pycocoevalcap calls CIDEr. The first two arguments do nothing, as there."""

    def __init__(self, test: object = None, refs: object = None, n: int = 4, sigma: float = 6.0) -> None:
        if (n, sigma) != (4, 6.0):
            raise ConfigError(f"CIDEr-D is computed with n=4 and sigma=6.0 as published, not n={n} and sigma={sigma}")

    def compute_score(self, gts: Captions[Id], res: Captions[Id]) -> tuple[np.float64, NDArray[np.float64]]:
        """The score of the corpus and those of the items. A single item scores 0 whatever it says: a MetricWarning."""
        if len(gts) == 1:
            warnings.warn("CIDEr-D of a single item is 0 by construction", MetricWarning, stacklevel=2)
        return _pair(_items(gts, res, gts).cider_d())

    def method(self) -> str:
        """The metric's name."""
        return "CIDEr"


class Spice:
    """SPICE 1.0 by its jars: their folder is `jars`, else $WSAC_SPICE_JARS, else aac-metrics' folder."""

    def __init__(self, jars: StrPath | None = None, java_path: StrPath | None = None) -> None:
        self._spice = Tools(spice_jars=jars, java_path=java_path).spice()

    def compute_score(
        self, gts: Captions[Id], res: Captions[Id]
    ) -> tuple[np.float64, list[dict[str, dict[str, float]]]]:
        """The score of the corpus, and for each item the counts and scores of All, Relation, Cardinality, Attribute, Size,
        Color and Object: pr, re, f (NaN where there is none), fn, numImages, fp, tp."""
        scores, subsets = self._spice.score(_items(gts, res, sorted(gts)), log.info)  # type: ignore[type-var]
        return np.float64(scores.corpus), subsets

    def method(self) -> str:
        """The metric's name."""
        return "SPICE"


def _items(gts: Captions[Id], res: Captions[Id], order: Iterable[Id]) -> _native.Items:
    """The items in the order of the ids in `order`."""
    if gts.keys() != res.keys():
        other = list(gts.keys() ^ res.keys())
        raise CaptionsError(f"gts and res must have the same ids; {len(other)} are only in one of them, e.g. {other[0]!r}")
    candidates: list[str] = []
    references: list[list[str]] = []
    for id_ in order:
        if not isinstance(res[id_], list) or len(res[id_]) != 1:
            raise CaptionsError(f"res[{id_!r}] must be a list of one candidate, not {res[id_]!r}")
        if not isinstance(gts[id_], list) or not gts[id_]:
            raise CaptionsError(f"gts[{id_!r}] must be a list of one reference or more, not {gts[id_]!r}")
        candidates += res[id_]
        references.append(gts[id_])
    return _native.Items(candidates, references)


def _pair(scores: _native.Scores) -> tuple[np.float64, NDArray[np.float64]]:
    return np.float64(scores.corpus), scores.per_item
