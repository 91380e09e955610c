"""The metrics by their names: items and tools -> the keys of aac-metrics, each with its scores; each computed once."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wsac.errors import ConfigError
from wsac.metrics import _native
from wsac.metrics._tools import MissingTool, StrPath, Tools

FloatArray = NDArray[np.float64]

log = logging.getLogger("wsac.metrics")

FENSE_PENALTY = 0.9
FENSE_THRESHOLD = 0.9
MACE_PENALTY = 0.3
MACE_THRESHOLD = 0.97

_PARTS: dict[str, tuple[str, ...]] = {
    "spider": ("cider_d", "spice", "spider"),
    "spider_fl": ("cider_d", "spice", "spider", "fluency_error", "fer", "spider_fl"),
    "fense": ("sbert_sim", "fer", "fense"),
    "mace": ("clap_sim", "mace_fer", "mace"),
    "fluency_error": ("fluency_error", "fer"),
}
"""The metrics that bring the keys of others along, in aac-metrics' order."""

_PLAIN = ("bleu", "bleu_1", "bleu_2", "bleu_3", "bleu_4", "meteor", "rouge_l", "cider_d", "cider", "spice", "sbert_sim",
          "fer", "clap_sim", "bert_score", "vocab", "diversity")  # fmt: skip

NAMES: tuple[str, ...] = tuple(sorted((*_PLAIN, *_PARTS)))
"""What `evaluate` can be asked for by name."""


class MetricWarning(UserWarning):
    """A score says less than it seems to, or a metric of a set could not be computed."""


@dataclass(frozen=True)
class Measure:
    """What stands under one key: a number of the corpus; of most metrics a number of each item too."""

    corpus: float
    per_item: FloatArray | None
    scores: _native.Scores | None
    """Present where both numbers are scores, so that samples of the items have one."""


Measures = dict[str, Measure]


class Scorer:
    """The metrics of `items` (tokenised)."""

    def __init__(
        self,
        candidates: list[str],
        references: list[list[str]],
        tools: Tools,
        audio_paths: Iterable[StrPath] | None = None,
        *,
        penalty: float | None = None,
        error_threshold: float | None = None,
        clap_method: str = "text",
    ) -> None:
        self._candidates = candidates
        self._references = references
        self.items = _native.Items(candidates, references)
        self._tools = tools
        self._audio_paths = None if audio_paths is None else list(audio_paths)
        self._penalty = penalty
        self._threshold = error_threshold
        self._clap_method = clap_method
        self._detections: dict[float, tuple[_native.Scores, dict[str, FloatArray]]] = {}

    def measure(self, name: str, missing: dict[str, list[str]] | None = None) -> Measures:
        """All keys of the metric `name`. What lacks a tool raises MissingTool, or, where `missing` is given, is left out and
        noted there under the reason."""
        if name not in NAMES:
            also = "; it takes several candidates an item: wsac.metrics.functional.spider_max"
            raise ConfigError(f"{name!r} is no metric{also if name == 'spider_max' else ''}; the metrics are: {', '.join(NAMES)}")
        found: Measures = {}
        for part in _PARTS.get(name, (name,)):
            compute: Callable[[], Measures] = getattr(self, f"_{part}")
            try:
                found |= compute()
            except MissingTool as why:
                if missing is None:
                    raise MissingTool(f"{name}: {why}") from None
                parts = missing.setdefault(str(why), [])
                parts += [part] if part not in parts else []
        return found

    # The methods below are called by the names of `_PLAIN` and `_PARTS`.

    def _bleu(self) -> Measures:
        return self._bleu_4()

    def _bleu_1(self) -> Measures:
        return {"bleu_1": _of(self._bleus[0])}

    def _bleu_2(self) -> Measures:
        return {"bleu_2": _of(self._bleus[1])}

    def _bleu_3(self) -> Measures:
        return {"bleu_3": _of(self._bleus[2])}

    def _bleu_4(self) -> Measures:
        return {"bleu_4": _of(self._bleus[3])}

    def _meteor(self) -> Measures:
        return {"meteor": _of(self._tools.meteor().score(self.items))}

    def _rouge_l(self) -> Measures:
        return {"rouge_l": _of(self.items.rouge_l_of_words())}

    def _cider_d(self) -> Measures:
        return {"cider_d": _of(self._cider_d_scores)}

    def _cider(self) -> Measures:
        self._warn_of_single_item()
        return {"cider": _of(self.items.cider())}

    def _spice(self) -> Measures:
        return {"spice": _of(self._spice_scores)}

    def _spider(self) -> Measures:
        return {"spider": _of(self._spider_scores)}

    def _spider_fl(self) -> Measures:
        errors, penalty = self._errors(FENSE_THRESHOLD), self._penalty_or(FENSE_PENALTY)
        return {"spider_fl": _of(self._spider_scores.penalised(errors, penalty))}

    def _sbert_sim(self) -> Measures:
        return {self.key("sbert_sim"): _of(self._similarity)}

    def _fer(self) -> Measures:
        return {"fer": _of(self._errors(FENSE_THRESHOLD))}

    def _mace_fer(self) -> Measures:
        return {"fer": _of(self._errors(MACE_THRESHOLD))}

    def _fluency_error(self) -> Measures:
        _, kinds = self._detected(FENSE_THRESHOLD)
        return {f"fluency_error.{kind}_prob": Measure(float(p.mean()), p, None) for kind, p in kinds.items()}

    def _fense(self) -> Measures:
        errors, penalty = self._errors(FENSE_THRESHOLD), self._penalty_or(FENSE_PENALTY)
        return {self.key("fense"): _of(self._similarity.penalised(errors, penalty))}

    def _clap_sim(self) -> Measures:
        return {"clap_sim": _of(self._clap_scores)}

    def _mace(self) -> Measures:
        errors, penalty = self._errors(MACE_THRESHOLD), self._penalty_or(MACE_PENALTY)
        return {"mace": _of(self._clap_scores.penalised(errors, penalty))}

    def _bert_score(self) -> Measures:
        precision, recall, f1 = self._tools.bert().score(self.items)
        named = {"precision": precision, "recall": recall, "f1": f1}
        return {f"bert_score.{name}": _of(scores) for name, scores in named.items()}

    def _vocab(self) -> Measures:
        corpus, words = self.items.vocab()
        measures = {f"vocab.{name}": Measure(number, None, None) for name, number in corpus.items()}
        measures["vocab.cands"] = Measure(corpus["cands"], np.array(words), None)
        return measures

    def _diversity(self) -> Measures:
        return {f"diversity.{name}": Measure(number, None, None) for name, number in self.items.diversity().items()}

    @cached_property
    def _bleus(self) -> list[_native.Scores]:
        return self.items.bleu()

    @cached_property
    def _cider_d_scores(self) -> _native.Scores:
        self._warn_of_single_item()
        return self.items.cider_d()

    @cached_property
    def _spice_scores(self) -> _native.Scores:
        scores, _ = self._tools.spice().score(self.items, log.info)
        return scores

    @cached_property
    def _spider_scores(self) -> _native.Scores:
        return self._cider_d_scores.mean_with(self._spice_scores)

    @cached_property
    def _similarity(self) -> _native.Scores:
        return self._tools.sbert().score(self.items)

    @cached_property
    def _clap_scores(self) -> _native.Scores:
        if self._clap_method not in ("text", "audio", "combined"):
            raise ConfigError(f"the method must be 'text', 'audio' or 'combined', not {self._clap_method!r}")
        audio_paths = self._audio_paths
        if self._clap_method != "text" and audio_paths is None:
            raise ConfigError(f"the method {self._clap_method!r} needs audio_paths: the recording of each candidate")
        if audio_paths is not None and len(audio_paths) != len(self._candidates):
            raise ConfigError(f"{len(self._candidates)} candidates have {len(audio_paths)} recordings; each needs one")
        clap = self._tools.clap()
        candidates = clap.text(self._candidates)
        found: list[FloatArray] = []
        if self._clap_method != "audio":
            rows = iter(clap.text([text for group in self._references for text in group]))
            groups = [np.stack([next(rows) for _ in group]) for group in self._references]
            found.append(np.array([float((group @ own).mean()) for own, group in zip(candidates, groups)]))
        if audio_paths is not None and self._clap_method != "text":
            found.append((candidates * clap.audio(audio_paths)).sum(axis=1).astype(np.float64))
        return _native.Scores.mean_of(np.mean(found, axis=0).tolist())

    def _detected(self, threshold: float) -> tuple[_native.Scores, dict[str, FloatArray]]:
        """The fluency errors and the probabilities of their kinds."""
        threshold = threshold if self._threshold is None else self._threshold
        if not 0 <= threshold <= 1:
            raise ConfigError(f"error_threshold must lie between 0 and 1, not {threshold}")
        if threshold not in self._detections:
            self._detections[threshold] = self._tools.detector().score(self.items, threshold)
        return self._detections[threshold]

    def _errors(self, threshold: float) -> _native.Scores:
        return self._detected(threshold)[0]

    def _penalty_or(self, published: float) -> float:
        return published if self._penalty is None else self._penalty

    def key(self, metric: str) -> str:
        """The key of a metric by the Sentence-BERT: aac-metrics', unless the built-in model stands in for FENSE's."""
        model = self._tools.sbert()
        stands_in = self._tools.sbert_model is None and not model.is_of_fense
        return f"{metric}[{model.name}]" if stands_in else metric

    def _warn_of_single_item(self) -> None:
        if len(self.items) == 1:
            warnings.warn(
                "CIDEr-D and CIDEr of a single item are 0 by construction, whatever its caption (and SPIDEr is half of "
                "SPICE): words are weighted by how few of the items have them; score several items together",
                MetricWarning,
                stacklevel=2,
            )


def _of(scores: _native.Scores) -> Measure:
    return Measure(scores.corpus, scores.per_item, scores)
