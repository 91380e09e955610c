"""aac-metrics' classes as metrics of torchmetrics: update with the captions of a batch, compute, reset.

    metric = CIDErD(return_all_scores=False, preprocess=True)
    metric.update(candidates, mult_references)
    metric.compute()                               # a float64 tensor

Captions are taken as they are, as aac-metrics' classes do, or tokenised with `preprocess=True`; `Evaluate` always does that
unless told otherwise. What is kept are the captions of all batches, which torchmetrics gathers from several processes. Answers
and options are those of `wsac.metrics.functional`, numbers as float64 tensors. Needs torchmetrics (and so torch).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torchmetrics

from wsac.metrics import functional
from wsac.metrics._evaluate import evaluate
from wsac.metrics._inputs import check, preprocess_mono_sents, preprocess_mult_sents

__all__ = [
    "BERTScoreMRefs",
    "BLEU",
    "BLEU1",
    "BLEU2",
    "BLEU3",
    "BLEU4",
    "CIDErD",
    "CLAPSim",
    "DCASE2023Evaluate",
    "DCASE2024Evaluate",
    "Evaluate",
    "FENSE",
    "FER",
    "MACE",
    "METEOR",
    "ROUGEL",
    "SBERTSim",
    "SPICE",
    "SPIDEr",
    "SPIDErFL",
    "Vocab",
]


class _CaptionMetric(torchmetrics.Metric):
    """Keeps the captions of all batches, and hands them to `_score`."""

    full_state_update: ClassVar[bool] = False
    is_differentiable: ClassVar[bool] = False
    higher_is_better: ClassVar[bool | None] = True

    captions: list[torch.Tensor]

    def __init__(self, return_all_scores: bool = True, *, preprocess: bool = False, **options: Any) -> None:
        super().__init__()
        self._return_all_scores = return_all_scores
        self._preprocess = preprocess
        self._options = options
        # Lines of JSON as bytes: torchmetrics gathers tensors.
        self.add_state("captions", default=[], dist_reduce_fx="cat")

    def update(self, candidates: Sequence[str], mult_references: Sequence[Sequence[str]]) -> None:
        """Adds the captions of a batch: candidates [n] with their references [n][1 or more]."""
        if len(candidates) == 0 == len(mult_references):
            return
        lines = "".join(json.dumps(item) + "\n" for item in zip(*check(candidates, mult_references)))
        self.captions.append(torch.frombuffer(bytearray(lines.encode()), dtype=torch.uint8).to(self.device))

    def compute(self) -> Any:
        """The scores of all captions so far. Raises ValueError where there are none."""
        captions = self.captions if isinstance(self.captions, list) else [self.captions]
        text = b"".join(part.cpu().numpy().tobytes() for part in captions).decode()
        items = [json.loads(line) for line in text.splitlines()]
        candidates, references = [item[0] for item in items], [item[1] for item in items]
        if self._preprocess:
            candidates, references = preprocess_mono_sents(candidates), preprocess_mult_sents(references)
        return _as_tensors(self._score(candidates, references))

    def _score(self, candidates: list[str], references: list[list[str]]) -> Any:
        raise NotImplementedError


def _as_tensors(answer: Any) -> Any:
    """Dicts and tuples of numpy's numbers and arrays, those as tensors."""
    if isinstance(answer, tuple):
        return tuple(_as_tensors(part) for part in answer)
    if isinstance(answer, dict):
        return {key: _as_tensors(value) for key, value in answer.items()}
    return torch.as_tensor(answer)


class _Function(_CaptionMetric):
    """A metric that is a function of `wsac.metrics.functional`."""

    _function: ClassVar[str]

    def _score(self, candidates: list[str], references: list[list[str]]) -> Any:
        return getattr(functional, self._function)(candidates, references, self._return_all_scores, **self._options)


class BLEU(_Function):
    """BLEU-n (n=4)."""

    _function = "bleu"


class BLEU1(_Function):
    """BLEU-1."""

    _function = "bleu_1"


class BLEU2(_Function):
    """BLEU-2."""

    _function = "bleu_2"


class BLEU3(_Function):
    """BLEU-3."""

    _function = "bleu_3"


class BLEU4(_Function):
    """BLEU-4."""

    _function = "bleu_4"


class METEOR(_Function):
    """METEOR 1.5."""

    _function = "meteor"


class ROUGEL(_Function):
    """ROUGE-L."""

    _function = "rouge_l"


class CIDErD(_Function):
    """CIDEr-D of all captions together: its weights come from the references of all batches."""

    _function = "cider_d"


class SPICE(_Function):
    """SPICE by its jars."""

    _function = "spice"


class SPIDEr(_Function):
    """SPIDEr, with CIDEr-D and SPICE."""

    _function = "spider"


class SPIDErFL(_Function):
    """SPIDEr with the fluency penalty."""

    _function = "spider_fl"


class SBERTSim(_Function):
    """Similarity of sentence embeddings."""

    _function = "sbert_sim"


class FENSE(_Function):
    """SBERT-sim with the fluency penalty."""

    _function = "fense"


class CLAPSim(_Function):
    """Similarity to the references in the space of a CLAP."""

    _function = "clap_sim"

    def _score(self, candidates: list[str], references: list[list[str]]) -> Any:
        whole = self._return_all_scores
        return functional.clap_sim(candidates, references, return_all_scores=whole, **self._options)


class MACE(_Function):
    """CLAP-sim with a fluency penalty."""

    _function = "mace"

    def _score(self, candidates: list[str], references: list[list[str]]) -> Any:
        whole = self._return_all_scores
        return functional.mace(candidates, references, return_all_scores=whole, **self._options)


class BERTScoreMRefs(_Function):
    """BERTScore, of several references the best."""

    _function = "bert_score_mrefs"


class Vocab(_Function):
    """Counts of distinct words."""

    _function = "vocab"
    higher_is_better: ClassVar[bool | None] = None


class FER(_CaptionMetric):
    """The fluency error rate, of candidates alone."""

    higher_is_better: ClassVar[bool | None] = False

    def update(self, candidates: Sequence[str], mult_references: object = None) -> None:
        """Adds the candidates of a batch [n]; references are not looked at."""
        super().update(candidates, [[candidate] for candidate in candidates])

    def _score(self, candidates: list[str], references: list[list[str]]) -> Any:
        return functional.fer(candidates, self._return_all_scores, **self._options)


class Evaluate(_CaptionMetric):
    """`wsac.metrics.evaluate` of all captions: (numbers of the corpus, numbers of each item)."""

    higher_is_better: ClassVar[bool | None] = None

    def __init__(self, preprocess: bool = True, metrics: str | list[str] = "default", **options: Any) -> None:
        super().__init__(preprocess=preprocess, **options)
        self._metrics = metrics

    def _score(self, candidates: list[str], references: list[list[str]]) -> Any:
        return evaluate(candidates, references, False, self._metrics, **self._options)


class DCASE2023Evaluate(Evaluate):
    """The metrics of the DCASE challenge 2023."""

    def __init__(self, preprocess: bool = True, **options: Any) -> None:
        super().__init__(preprocess, "dcase2023", **options)


class DCASE2024Evaluate(Evaluate):
    """The metrics of the DCASE challenge 2024."""

    def __init__(self, preprocess: bool = True, **options: Any) -> None:
        super().__init__(preprocess, "dcase2024", **options)
