"""SPICE by jars: a stand-in for Java shows what becomes of its answers, in all three places that use it."""

import json
import math
from pathlib import Path

import pytest

from wsac.metrics import evaluate, functional
from wsac.metrics.coco import Spice

JAVA = Path(__file__).parents[2] / "crates/metrics/tests/spice_jars/java.sh"
CANDIDATES, REFERENCES = ["a dog", "rain"], [["a dog"], ["rain falls"]]
GTS, RES = {2: ["rain falls"], 1: ["a dog"]}, {1: ["a dog"], 2: ["rain"]}


@pytest.fixture
def jars(tmp_path, monkeypatch):
    """A folder of jars (of no use), with a Java that knows the tuples of these captions."""
    names = ["spice-1.0", "lib/stanford-corenlp-3.6.0", "lib/stanford-corenlp-3.6.0-models", "lib/SceneGraphParser-1.0"]
    (tmp_path / "lib").mkdir()
    for name in [*names, "lib/Meteor-1.5"]:
        (tmp_path / f"{name}.jar").write_text(name)
    (tmp_path / "java").symlink_to(JAVA)
    (tmp_path / "version").write_text('openjdk version "17.0.15"\n')
    told = lambda *tuples: [{"tuple": list(t), "truth_value": False} for t in tuples]
    none = dict.fromkeys(["pr", "re", "f"]) | {"tp": 0, "fp": 0, "fn": 0, "numImages": 1}
    scores = dict.fromkeys(["All", "Object", "Attribute", "Relation", "Color", "Size", "Cardinality"], none)
    rain = told(["rain"], ["rain", "fall"])
    # Distinct captions in pairs: "a dog" and "rain", "rain falls" alone.
    answer = [
        {"image_id": "0", "test_tuples": told(["dog"]), "ref_tuples": told(["rain"]), "scores": scores},
        {"image_id": "1", "test_tuples": rain, "ref_tuples": rain, "scores": scores},
    ]
    (tmp_path / "apart.json").write_text(json.dumps(answer))
    monkeypatch.setenv("WSAC_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_tuples_become_scores_and_subsets_in_the_order_of_the_ids(jars):
    score, scores = Spice(jars, jars / "java").compute_score(GTS, RES)
    assert score == pytest.approx((1 + 2 / 3) / 2)
    assert list(scores[0]) == ["All", "Relation", "Cardinality", "Attribute", "Size", "Color", "Object"]
    assert scores[1]["All"] == {
        "pr": 1.0, "re": 0.5, "f": pytest.approx(2 / 3), "fn": 1.0, "numImages": 1.0, "fp": 0.0, "tp": 1.0
    }  # fmt: skip
    assert scores[1]["Object"]["f"] == 1.0 and math.isnan(scores[0]["Color"]["f"])
    # What Java found is kept: no Java is started for the same captions.
    runs = (jars / "runs").read_text()
    Spice(jars, jars / "java").compute_score(GTS, RES)
    assert (jars / "runs").read_text() == runs


def test_spider_is_the_mean_of_cider_and_spice(jars):
    how = {"spice_jars": jars, "java_path": jars / "java"}
    corpus, each = evaluate(CANDIDATES, REFERENCES, preprocess=False, metrics="spider", **how)
    assert list(corpus) == ["cider_d", "spice", "spider"]
    assert each["spice"].tolist() == [1.0, pytest.approx(2 / 3)]
    assert each["spider"].tolist() == [pytest.approx((c + s) / 2) for c, s in zip(each["cider_d"], each["spice"])]
    best, each_best = functional.spider_max([["rain", "a dog"], ["rain", "a dog"]], REFERENCES, **how)
    assert list(best) == ["cider_d_max", "spice_max", "spider_max"]
    assert each_best["spice_max"].tolist() == each["spice"].tolist()


def test_jars_are_found_where_aac_metrics_has_put_them(jars, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    (cache / "aac-metrics").mkdir()
    (cache / "aac-metrics/spice").symlink_to(jars)
    found = functional.spice(CANDIDATES, REFERENCES, False, cache_path=cache, java_path=jars / "java")
    assert found == pytest.approx((1 + 2 / 3) / 2)


def test_an_exception_while_spice_tells_its_steps_ends_it(jars):
    from wsac.metrics import _native
    from wsac.metrics._tools import Tools

    def refuse(step):
        raise KeyError(step)

    spice = Tools(spice_jars=jars, java_path=jars / "java").spice()
    with pytest.raises(KeyError, match="SPICE parses 3 of 3 captions"):
        spice.score(_native.Items(CANDIDATES, REFERENCES), refuse)
