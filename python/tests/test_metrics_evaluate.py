"""`wsac.metrics` against the answers of aac-metrics 0.6.0, and what it says where captions or files are wrong."""

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

import wsac
from wsac import metrics
from wsac.metrics import MetricWarning, MissingTool, evaluate, functional, score

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LEARNED = ROOT / "crates/encoders/tests/learned"
ITEMS = json.loads((HERE / "golden/items.json").read_text(encoding="utf-8"))
AAC = json.loads((HERE / "golden/expected.json").read_text(encoding="utf-8"))["aac"]
CANDIDATES, REFERENCES = ITEMS["candidates"], ITEMS["references"]
TOKENS, MANY_TOKENS = AAC["tokens"]
WORDS = ["bleu", "bleu_1", "bleu_2", "bleu_3", "bleu_4", "meteor", "rouge_l", "cider_d", "vocab"]
SHARED = Path(os.environ.get("WSAC_SHARED", ROOT.parent / "shared")) / "golden/metrics/dev"


def assert_same(found, wanted, tolerance=1e-12):
    """The same keys in the same order, and values within `tolerance`."""
    for ours, theirs in zip(found, wanted, strict=True):
        assert list(ours) == list(theirs)
        for key, values in theirs.items():
            np.testing.assert_allclose(ours[key], values, rtol=0, atol=tolerance, err_msg=key)


@pytest.fixture(autouse=True)
def nothing_of_the_machine(monkeypatch, tmp_path):
    """No caches of this machine, so that a test sees what it gives and no more."""
    for name in ("WSAC_SPICE_JARS", "WSAC_METEOR", "AAC_METRICS_CACHE_PATH", "FENSE_DATA", "TORCH_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)


def test_evaluate_has_the_keys_and_values_of_aac_metrics():
    assert_same(evaluate(CANDIDATES, REFERENCES, metrics=WORDS), AAC["evaluate"])


def test_values_are_numpy_scalars_and_arrays():
    corpus, each = evaluate(CANDIDATES, REFERENCES, metrics=["cider_d", "vocab"])
    assert isinstance(corpus["cider_d"].item(), float) and corpus["cider_d"].shape == ()
    assert each["cider_d"].dtype == np.float64 and each["cider_d"].shape == (len(CANDIDATES),)
    assert each["vocab.cands"].tolist() == AAC["evaluate"][1]["vocab.cands"]


@pytest.mark.parametrize("name", ["clotho_loo", "audiocaps_loo", "hard"])
def test_golden_corpora_equal_aac_metrics(name):
    if not SHARED.is_dir():
        pytest.skip("needs the shared golden values")
    read = lambda path: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    wanted = {row["id"]: row for row in read(SHARED / f"{name}.aac_metrics.jsonl")}
    items = [item for item in read(SHARED / f"{name}.items.jsonl") if item["id"] in wanted]
    candidates, references = [i["candidate"] for i in items], [i["references"] for i in items]
    corpus, each = evaluate(candidates, references, metrics=WORDS[1:])
    golden = json.loads((SHARED / f"{name}.aac_metrics.corpus.json").read_text())["corpus"]
    assert corpus.keys() == golden.keys()
    for key, value in golden.items():
        assert corpus[key] == pytest.approx(value, abs=1e-12), key
    for key in each:
        of_items = [wanted[item["id"]][key] for item in items]
        np.testing.assert_allclose(each[key], of_items, rtol=0, atol=1e-12, err_msg=key)


def test_functions_take_captions_as_they_are_and_give_a_number_alone_where_asked():
    assert metrics.preprocess_mono_sents(CANDIDATES) == TOKENS
    assert metrics.preprocess_mult_sents(REFERENCES) == MANY_TOKENS
    for key in ["bleu_1", "bleu_2", "bleu_3", "bleu_4", "meteor", "rouge_l", "cider_d"]:
        corpus, each = getattr(functional, key)(TOKENS, MANY_TOKENS, device="cpu", verbose=0)
        assert_same(({key: corpus[key]}, {key: each[key]}), [{key: part[key]} for part in AAC["evaluate"]])
        assert getattr(functional, key)(TOKENS, MANY_TOKENS, return_all_scores=False) == corpus[key]
    raw, _ = functional.bleu_1(CANDIDATES, REFERENCES)
    assert raw["bleu_1"] != AAC["evaluate"][0]["bleu_1"]
    assert evaluate(CANDIDATES, REFERENCES, preprocess=False, metrics="bleu_1")[0] == raw


def test_a_parameter_that_is_not_computed_is_refused_not_ignored():
    with pytest.raises(ValueError, match="sigma=6.0, as published"):
        functional.cider_d(TOKENS, MANY_TOKENS, sigma=4.0)
    functional.cider_d(TOKENS, MANY_TOKENS, sigma=6.0, n=4, tokenizer=str.split)
    with pytest.raises(TypeError, match="unexpected keyword argument 'sgima'"):
        functional.cider_d(TOKENS, MANY_TOKENS, sgima=6.0)
    with pytest.raises(ValueError, match="not BLEU-5"):
        functional.bleu(TOKENS, MANY_TOKENS, n=5)


def test_own_preprocessing_and_own_metrics_are_called():
    length = lambda candidates, references: ({"length": len(candidates[0])}, {"length": [len(c) for c in candidates]})
    upper = lambda texts: [text.upper() for text in texts]
    corpus, each = evaluate(["ab", "abc"], [["a"], ["b", "c"]], preprocess=upper, metrics=[length, "bleu_1"])
    assert list(corpus) == ["length", "bleu_1"] and each["length"] == [2, 3]
    with pytest.raises(ValueError, match="preprocess made 0 sentences of 2"):
        evaluate(["ab", "abc"], [["a"], ["b"]], preprocess=lambda texts: [], metrics="bleu_1")


@pytest.mark.parametrize(
    ("candidates", "references", "why"),
    [
        ("a dog", [["a dog"]], "candidates must be a list of strings, not a str"),
        (["a dog"], ["a dog"], r"mult_references\[0\] must be a list of strings, not a str"),
        (["a dog", None], [["a"], ["b"]], r"candidates\[1\] must be a string, not a NoneType"),
        (["a dog"], [["a"], ["b"]], "1 candidates have 2 lists of references"),
        (["a dog"], [[]], "item 0 .* has no reference"),
        ([], [], "no candidates"),
        (["a"], 3, "mult_references must be a list with a list"),
    ],
)
def test_captions_that_are_no_lists_are_told(candidates, references, why):
    with pytest.raises(ValueError, match=why):
        evaluate(candidates, references, metrics="bleu_1")


def test_names_that_are_no_metric_are_told_with_those_that_are():
    with pytest.raises(ValueError, match="'bleurt' is no metric; the metrics are: .*cider_d"):
        evaluate(CANDIDATES, REFERENCES, metrics=["bleurt"])
    with pytest.raises(ValueError, match="functional.spider_max"):
        evaluate(CANDIDATES, REFERENCES, metrics="spider_max")


def test_cider_of_one_item_warns_instead_of_failing():
    with pytest.warns(MetricWarning, match="0 by construction"):
        corpus, _ = evaluate(CANDIDATES[:1], REFERENCES[:1], metrics="cider_d")
    assert corpus["cider_d"] == 0.0


def test_what_a_set_lacks_is_left_out_with_a_warning_and_what_is_asked_for_by_name_fails():
    with pytest.warns(MetricWarning, match="spice, spider: needs SPICE's jars") as told:
        corpus, _ = evaluate(CANDIDATES, REFERENCES)
    assert list(corpus) == ["bleu_1", "bleu_2", "bleu_3", "bleu_4", "meteor", "rouge_l", "cider_d"]
    assert len(told) == 1 and told[0].filename == __file__
    with pytest.raises(FileNotFoundError, match="spider: needs SPICE's jars"):
        evaluate(CANDIDATES, REFERENCES, metrics=["spider"])
    with pytest.raises(MissingTool, match="echecker_clotho_audiocaps_base.ckpt"):
        functional.fer(CANDIDATES)
    with pytest.raises(OSError, match="gone.bin"):
        evaluate(CANDIDATES, REFERENCES, metrics="meteor", meteor_tables="gone.bin")
    with pytest.raises(wsac.ModelError, match="jars are not all there"):
        functional.spice(TOKENS, MANY_TOKENS, spice_jars=HERE)


def test_small_models_give_the_values_of_aac_metrics():
    sbert, checker = {"sbert_model": LEARNED / "sbert"}, {"echecker": LEARNED / "echecker.ckpt"}
    assert_same(functional.sbert_sim(TOKENS, MANY_TOKENS, **sbert), AAC["sbert_sim"], 2e-6)
    assert_same(functional.fer(TOKENS, return_probs=True, **checker), AAC["fer"], 2e-6)
    assert_same(functional.fense(TOKENS, MANY_TOKENS, **sbert, **checker), AAC["fense"], 2e-6)
    corpus, each = evaluate(CANDIDATES, REFERENCES, metrics="fense", **sbert, **checker)
    assert_same((corpus, each), AAC["fense"], 2e-6)


def test_bert_score_of_a_small_roberta_is_that_of_aac_metrics():
    found = functional.bert_score_mrefs(TOKENS, MANY_TOKENS, model=HERE / "golden/roberta")
    assert_same(found, AAC["bert_score_mrefs"], 2e-5)


def test_the_built_in_model_is_never_called_fense():
    corpus, _ = evaluate(CANDIDATES, REFERENCES, metrics=["fense"], echecker=LEARNED / "echecker.ckpt")
    assert list(corpus) == ["sbert_sim[all-MiniLM-L6-v2]", "fer", "fense[all-MiniLM-L6-v2]"]
    alone = functional.sbert_sim(TOKENS, MANY_TOKENS, return_all_scores=False)
    assert alone == corpus["sbert_sim[all-MiniLM-L6-v2]"]


def test_models_are_found_where_aac_metrics_keeps_them(tmp_path, monkeypatch):
    fense = tmp_path / ".cache/torch/hub/fense_data"
    fense.mkdir(parents=True)
    (fense / "echecker_clotho_audiocaps_base.ckpt").symlink_to(LEARNED / "echecker.ckpt")
    hub = tmp_path / "hub/models--sentence-transformers--paraphrase-TinyBERT-L6-v2"
    (hub / "refs").mkdir(parents=True)
    (hub / "refs/main").write_text("abc")
    (hub / "snapshots").mkdir()
    (hub / "snapshots/abc").symlink_to(LEARNED / "sbert")
    corpus, _ = evaluate(CANDIDATES, REFERENCES, metrics="fense", sbert_model="paraphrase-TinyBERT-L6-v2")
    assert corpus["fense"] == pytest.approx(AAC["fense"][0]["fense"], abs=2e-6)


def test_mace_is_clap_sim_with_a_penalty_and_hears_recordings():
    clip = ROOT / "examples/clips/dog.ogg"
    candidates, references = ["a dog barks", "rain falls on a roof"], [["a dog is barking"], ["rain on a roof", "rain"]]
    models = {"clap_model": "mini", "echecker": LEARNED / "echecker.ckpt"}
    corpus, each = functional.mace(candidates, references, **models)
    assert list(corpus) == ["clap_sim", "fer", "mace"]
    np.testing.assert_allclose(each["mace"], each["clap_sim"] * (1 - 0.3 * each["fer"]))
    _, strict = functional.mace(candidates, references, error_threshold=0.0, **models)
    np.testing.assert_allclose(strict["mace"], 0.7 * strict["clap_sim"])
    _, heard = functional.clap_sim(candidates, None, [clip, clip], clap_method="audio", clap_model="mini")
    assert heard["clap_sim"][0] > heard["clap_sim"][1] + 0.2
    both = functional.clap_sim(candidates, references, [clip, clip], clap_method="combined", clap_model="mini")[1]
    np.testing.assert_allclose(both["clap_sim"], (heard["clap_sim"] + each["clap_sim"]) / 2)
    with pytest.raises(OSError, match="gone.wav"):
        functional.clap_sim(candidates, None, [clip, "gone.wav"], clap_method="audio", clap_model="mini")
    with pytest.raises(ValueError, match="2 candidates have 1 recordings"):
        functional.clap_sim(candidates, None, [clip], clap_method="audio", clap_model="mini")


def test_intervals_hold_the_score_and_equal_systems_do_not_differ():
    ours = score(CANDIDATES, REFERENCES, ["cider_d", "meteor", "vocab"])
    assert list(ours) == ["cider_d", "meteor"]
    low, high = ours["cider_d"].interval()
    assert low < ours["cider_d"].corpus < high
    assert ours["cider_d"].interval() == ours["cider_d"].interval(seed=0) != ours["cider_d"].interval(seed=1)
    best = score([refs[0] for refs in REFERENCES], REFERENCES, "cider_d")["cider_d"]
    told = best.compare(ours["cider_d"])
    assert told.difference == best.corpus - ours["cider_d"].corpus and told.interval.low > 0 and told.p < 0.05
    assert best.compare(best).p == 1.0
    with pytest.raises(ValueError, match="scores of 12 items cannot be compared with scores of 2 items"):
        best.compare(metrics.Scores.mean_of([0.1, 0.2]))
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        best.interval(level=95)


def test_scores_do_not_hold_the_interpreter():
    """Another thread runs on while METEOR computes."""
    import threading
    import time

    many = 200
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    functional.meteor(TOKENS, MANY_TOKENS)
    watch = threading.Thread(target=tick)
    watch.start()
    start = time.perf_counter()
    functional.meteor(TOKENS * many, MANY_TOKENS * many)
    end = time.perf_counter()
    done.set()
    watch.join()
    within = [t for t in ticks if start < t < end]
    assert len(within) > 0.1 * (end - start) / 0.001, (len(within), end - start)


def test_no_warning_where_nothing_is_wrong():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluate(CANDIDATES, REFERENCES, metrics=WORDS)
