"""aac-metrics' functions, a metric each: tokenised captions -> (numbers of the corpus, numbers of each item).

    from wsac.metrics import preprocess_mono_sents, preprocess_mult_sents
    from wsac.metrics.functional import cider_d
    corpus, each = cider_d(preprocess_mono_sents(candidates), preprocess_mult_sents(references))

Captions are taken as they are, as in aac-metrics 0.6.0; `evaluate` tokenises them. With `return_all_scores=False` the answer
is the main number of the corpus alone. Options that say how torch or Java are run (`device`, `batch_size`, `java_path`, ..)
do nothing; parameters other than the published ones raise ValueError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np

from wsac.encoder import Encoder
from wsac.errors import ConfigError
from wsac.metrics._evaluate import Outputs, dcase2023_evaluate, dcase2024_evaluate, evaluate, outputs
from wsac.metrics._inputs import check, texts
from wsac.metrics._scorer import Scorer
from wsac.metrics._tools import StrPath, Tools

__all__ = [
    "bert_score_mrefs",
    "bleu",
    "bleu_1",
    "bleu_2",
    "bleu_3",
    "bleu_4",
    "cider_d",
    "clap_sim",
    "dcase2023_evaluate",
    "dcase2024_evaluate",
    "evaluate",
    "fense",
    "fer",
    "mace",
    "meteor",
    "rouge_l",
    "sbert_sim",
    "spice",
    "spider",
    "spider_fl",
    "spider_max",
    "vocab",
]

Answer = Union[Outputs, np.float64]
Texts = Sequence[str]
ManyTexts = Sequence[Sequence[str]]

_IGNORED = frozenset(
    ("batch_size", "cache_path", "device", "java_max_memory", "java_path", "n_threads", "num_threads", "reset_state",
     "separate_cache_dir", "timeout", "tmp_path", "use_shell", "verbose", "filter_nan")
)  # fmt: skip
_PUBLISHED: dict[str, Any] = {
    "option": "closest",
    "tokenizer": str.split,
    "return_1_to_n": False,
    "sigma": 6.0,
    "scale": 10.0,
    "return_tfidf": False,
    "beta": 1.2,
    "language": "en",
    "params": None,
    "weights": None,
    "seed": 1234,
    "pop_strategy": "max",
    "idf": False,
    "reduction": "max",
    "max_length": 64,
    "echecker_tokenizer": None,
}


def _check(function: str, options: dict[str, Any], **published: Any) -> None:
    """Refuses what would change a number and is not computed here."""
    for name, value in options.items():
        if name in _IGNORED:
            continue
        known = {**_PUBLISHED, **published}
        if name not in known:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
        if value is not known[name] and value != known[name]:
            raise ConfigError(f"{function} is computed with {name}={known[name]!r}, as published; leave {name}={value!r} out")


def _answer(scorer: Scorer, name: str, main: str, return_all_scores: bool, leave_out: str | None = None) -> Answer:
    measures = scorer.measure(name)
    if leave_out is not None:
        measures = {key: m for key, m in measures.items() if not key.startswith(leave_out)}
    corpus, each = outputs(measures)
    return (corpus, each) if return_all_scores else corpus[main]


def _scorer(candidates: Texts, mult_references: ManyTexts, tools: Tools | None = None, **how: Any) -> Scorer:
    return Scorer(*check(candidates, mult_references), tools or Tools(), **how)


def bleu(candidates: Texts, mult_references: ManyTexts, return_all_scores: bool = True, *, n: int = 4, **options: Any) -> Answer:
    """BLEU-n, n from 1 to 4: key `bleu_n`."""
    _check("bleu", options)
    if n not in (1, 2, 3, 4):
        raise ConfigError(f"BLEU-1 to BLEU-4 are known, not BLEU-{n}")
    return _answer(_scorer(candidates, mult_references), f"bleu_{n}", f"bleu_{n}", return_all_scores)


def bleu_1(candidates: Texts, mult_references: ManyTexts, return_all_scores: bool = True, **options: Any) -> Answer:
    """BLEU-1."""
    return bleu(candidates, mult_references, return_all_scores, n=1, **options)


def bleu_2(candidates: Texts, mult_references: ManyTexts, return_all_scores: bool = True, **options: Any) -> Answer:
    """BLEU-2."""
    return bleu(candidates, mult_references, return_all_scores, n=2, **options)


def bleu_3(candidates: Texts, mult_references: ManyTexts, return_all_scores: bool = True, **options: Any) -> Answer:
    """BLEU-3."""
    return bleu(candidates, mult_references, return_all_scores, n=3, **options)


def bleu_4(candidates: Texts, mult_references: ManyTexts, return_all_scores: bool = True, **options: Any) -> Answer:
    """BLEU-4."""
    return bleu(candidates, mult_references, return_all_scores, n=4, **options)


def cider_d(candidates: Texts, mult_references: ManyTexts, return_all_scores: bool = True, **options: Any) -> Answer:
    """CIDEr-D, 0 to 10. Of a single item it is 0, with a MetricWarning."""
    _check("cider_d", options, n=4)
    return _answer(_scorer(candidates, mult_references), "cider_d", "cider_d", return_all_scores)


def rouge_l(candidates: Texts, mult_references: ManyTexts, return_all_scores: bool = True, **options: Any) -> Answer:
    """ROUGE-L, 0 to 1. An empty reference adds nothing (aac-metrics divides by zero there)."""
    _check("rouge_l", options)
    return _answer(_scorer(candidates, mult_references), "rouge_l", "rouge_l", return_all_scores)


def meteor(
    candidates: Texts,
    mult_references: ManyTexts,
    return_all_scores: bool = True,
    *,
    meteor_tables: StrPath | None = None,
    **options: Any,
) -> Answer:
    """METEOR 1.5 for English, 0 to 1."""
    _check("meteor", options)
    tools = Tools(meteor_tables=meteor_tables)
    return _answer(_scorer(candidates, mult_references, tools), "meteor", "meteor", return_all_scores)


def spice(
    candidates: Texts,
    mult_references: ManyTexts,
    return_all_scores: bool = True,
    *,
    cache_path: StrPath | None = None,
    java_path: StrPath | None = None,
    spice_jars: StrPath | None = None,
    **options: Any,
) -> Answer:
    """SPICE 1.0 by its jars, 0 to 1."""
    _check("spice", options)
    tools = Tools(spice_jars=spice_jars, java_path=java_path, cache_path=cache_path)
    return _answer(_scorer(candidates, mult_references, tools), "spice", "spice", return_all_scores)


def spider(
    candidates: Texts,
    mult_references: ManyTexts,
    return_all_scores: bool = True,
    *,
    cache_path: StrPath | None = None,
    java_path: StrPath | None = None,
    spice_jars: StrPath | None = None,
    **options: Any,
) -> Answer:
    """SPIDEr, the mean of CIDEr-D and SPICE; with both."""
    _check("spider", options, n=4)
    tools = Tools(spice_jars=spice_jars, java_path=java_path, cache_path=cache_path)
    return _answer(_scorer(candidates, mult_references, tools), "spider", "spider", return_all_scores)


def spider_fl(
    candidates: Texts,
    mult_references: ManyTexts,
    return_all_scores: bool = True,
    *,
    cache_path: StrPath | None = None,
    java_path: StrPath | None = None,
    spice_jars: StrPath | None = None,
    echecker: StrPath | None = None,
    error_threshold: float = 0.9,
    return_probs: bool = True,
    penalty: float = 0.9,
    **options: Any,
) -> Answer:
    """SPIDEr-FL: SPIDEr less `penalty` of it where there is a fluency error; with its parts."""
    _check("spider_fl", options, n=4)
    tools = Tools(spice_jars=spice_jars, java_path=java_path, cache_path=cache_path, echecker=echecker)
    scorer = _scorer(candidates, mult_references, tools, penalty=penalty, error_threshold=error_threshold)
    leave_out = None if return_probs else "fluency_error."
    return _answer(scorer, "spider_fl", "spider_fl", return_all_scores, leave_out)


def spider_max(
    mult_candidates: ManyTexts,
    mult_references: ManyTexts,
    return_all_scores: bool = True,
    *,
    cache_path: StrPath | None = None,
    java_path: StrPath | None = None,
    spice_jars: StrPath | None = None,
    **options: Any,
) -> Answer:
    """SPIDEr-max: of several candidates an item, equally many each, the one with the best SPIDEr; keys `spider_max`,
    `cider_d_max`, `spice_max`."""
    _check("spider_max", options, n=4, return_all_cands_scores=False)
    groups = [texts(group, f"mult_candidates[{i}]") for i, group in enumerate(mult_candidates)]
    if not groups or len({len(group) for group in groups}) != 1 or not groups[0]:
        raise ConfigError("mult_candidates must have one candidate or more for each item, and equally many for all")
    tools = Tools(spice_jars=spice_jars, java_path=java_path, cache_path=cache_path)
    ranks = [outputs(_scorer(list(rank), mult_references, tools).measure("spider"))[1] for rank in zip(*groups)]
    best = np.argmax([rank["spider"] for rank in ranks], axis=0)
    each = {f"{key}_max": np.choose(best, [rank[key] for rank in ranks]) for key in ranks[0]}
    corpus = {key: np.float64(scores.mean()) for key, scores in each.items()}
    return (corpus, each) if return_all_scores else corpus["spider_max"]


def sbert_sim(
    candidates: Texts,
    mult_references: ManyTexts,
    return_all_scores: bool = True,
    *,
    sbert_model: StrPath | None = None,
    **options: Any,
) -> Answer:
    """SBERT-sim, -1 to 1: the mean cosine of a candidate's sentence embedding to those of its references."""
    _check("sbert_sim", options)
    scorer = _scorer(candidates, mult_references, Tools(sbert_model=sbert_model))
    return _answer(scorer, "sbert_sim", scorer.key("sbert_sim"), return_all_scores)


def fer(
    candidates: Texts,
    return_all_scores: bool = True,
    *,
    echecker: StrPath | None = None,
    error_threshold: float = 0.9,
    return_probs: bool = False,
    **options: Any,
) -> Answer:
    """The fluency error rate: 1 where an error is more probable than `error_threshold`, else 0. With `return_probs` also
    the probability of each kind of error."""
    _check("fer", options)
    own = texts(candidates, "candidates")
    scorer = _scorer(own, [[c] for c in own], Tools(echecker=echecker), error_threshold=error_threshold)
    corpus, each = outputs(scorer.measure("fluency_error" if return_probs else "fer"))
    return (corpus, each) if return_all_scores else corpus["fer"]


def fense(
    candidates: Texts,
    mult_references: ManyTexts,
    return_all_scores: bool = True,
    *,
    sbert_model: StrPath | None = None,
    echecker: StrPath | None = None,
    error_threshold: float = 0.9,
    penalty: float = 0.9,
    **options: Any,
) -> Answer:
    """FENSE: SBERT-sim less `penalty` of it where there is a fluency error; with both."""
    _check("fense", options, return_probs=False)
    tools = Tools(sbert_model=sbert_model, echecker=echecker)
    scorer = _scorer(candidates, mult_references, tools, penalty=penalty, error_threshold=error_threshold)
    return _answer(scorer, "fense", scorer.key("fense"), return_all_scores)


def clap_sim(
    candidates: Texts,
    mult_references: ManyTexts | None = None,
    audio_paths: Sequence[StrPath] | None = None,
    return_all_scores: bool = True,
    *,
    clap_method: str = "text",
    clap_model: StrPath | Encoder | None = None,
    **options: Any,
) -> Answer:
    """CLAP-sim, -1 to 1: the mean cosine of a candidate to its references (`clap_method="text"`) or to its recording
    (`"audio"`). Recordings longer than the CLAP's window are heard whole, where aac-metrics draws a part at random."""
    _check("clap_sim", options, seed=42)
    scorer = _with_recordings(candidates, mult_references, audio_paths, Tools(clap_model=clap_model), clap_method)
    return _answer(scorer, "clap_sim", "clap_sim", return_all_scores)


def mace(
    candidates: Texts,
    mult_references: ManyTexts | None = None,
    audio_paths: Sequence[StrPath] | None = None,
    return_all_scores: bool = True,
    *,
    mace_method: str = "text",
    penalty: float = 0.3,
    clap_model: StrPath | Encoder | None = None,
    echecker: StrPath | None = None,
    error_threshold: float = 0.97,
    **options: Any,
) -> Answer:
    """MACE: CLAP-sim (by `"text"`, `"audio"` or the mean of both, `"combined"`) less `penalty` of it where there is a fluency
    error; with both. Of each item it is an array, where aac-metrics 0.6.0 gives the number of the corpus once more."""
    _check("mace", options, seed=42, return_probs=False)
    tools = Tools(clap_model=clap_model, echecker=echecker)
    how = {"penalty": penalty, "error_threshold": error_threshold}
    scorer = _with_recordings(candidates, mult_references, audio_paths, tools, mace_method, **how)
    return _answer(scorer, "mace", "mace", return_all_scores)


def bert_score_mrefs(
    candidates: Texts,
    mult_references: ManyTexts,
    return_all_scores: bool = True,
    *,
    model: StrPath | None = None,
    **options: Any,
) -> Answer:
    """BERTScore, 0 to 1: `bert_score.precision`, `.recall` and `.f1`, of several references the best. `model` is the folder
    of a BERT or RoBERTa [default: roberta-large, where it is cached]."""
    _check("bert_score_mrefs", options)
    scorer = _scorer(candidates, mult_references, Tools(bert_model=model))
    return _answer(scorer, "bert_score", "bert_score.f1", return_all_scores)


def vocab(candidates: Texts, mult_references: ManyTexts, return_all_scores: bool = True, **options: Any) -> Answer:
    """Counts of distinct words: `vocab.cands`, `vocab.mrefs_full` and so on; of each item `vocab.cands`."""
    _check("vocab", options)
    return _answer(_scorer(candidates, mult_references), "vocab", "vocab.cands", return_all_scores)


def _with_recordings(
    candidates: Texts,
    mult_references: ManyTexts | None,
    audio_paths: Sequence[StrPath] | None,
    tools: Tools,
    method: str,
    **how: Any,
) -> Scorer:
    if mult_references is None and method != "audio":
        raise ConfigError(f"the method {method!r} needs mult_references")
    own = texts(candidates, "candidates")
    references = [[c] for c in own] if mult_references is None else mult_references
    return _scorer(own, references, tools, audio_paths=audio_paths, clap_method=method, **how)
