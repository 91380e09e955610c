"""`wsac.metrics.torchmetrics`: batches, resets and processes give the scores of all captions together."""

import json
import multiprocessing
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchmetrics")

from wsac.metrics import evaluate, functional, preprocess_mono_sents, preprocess_mult_sents
from wsac.metrics.torchmetrics import BLEU, FER, CIDErD, DCASE2024Evaluate, Evaluate, Vocab

HERE = Path(__file__).parent
LEARNED = HERE.parent.parent / "crates/encoders/tests/learned"
ITEMS = json.loads((HERE / "golden/items.json").read_text(encoding="utf-8"))
CANDIDATES, REFERENCES = ITEMS["candidates"], ITEMS["references"]
TOKENS, MANY = preprocess_mono_sents(CANDIDATES), preprocess_mult_sents(REFERENCES)


def in_batches(metric, candidates, references, size=5):
    for i in range(0, len(candidates), size):
        metric.update(candidates[i : i + size], references[i : i + size])
    return metric.compute()


def test_batches_give_the_score_of_the_whole():
    corpus, each = in_batches(CIDErD(), TOKENS, MANY)
    wanted, wanted_each = functional.cider_d(TOKENS, MANY)
    assert corpus["cider_d"].dtype == torch.float64 and corpus["cider_d"].item() == wanted["cider_d"]
    assert each["cider_d"].tolist() == wanted_each["cider_d"].tolist()
    alone = in_batches(CIDErD(return_all_scores=False, preprocess=True), CANDIDATES, REFERENCES)
    assert alone.item() == wanted["cider_d"]
    assert in_batches(BLEU(n=2), TOKENS, MANY)[0].keys() == {"bleu_2"}
    assert in_batches(Vocab(return_all_scores=False), TOKENS, MANY).item() > 0


def test_after_a_reset_nothing_is_left():
    metric = BLEU(return_all_scores=False)
    first = in_batches(metric, TOKENS, MANY).item()
    metric.reset()
    with pytest.raises(ValueError, match="no candidates"), pytest.warns(UserWarning, match="before"):
        metric.compute()
    assert in_batches(metric, TOKENS, MANY).item() == first
    assert metric(TOKENS[:2], MANY[:2]).item() != first


def test_evaluate_tokenises():
    corpus, _ = in_batches(Evaluate(metrics=["meteor", "rouge_l"]), CANDIDATES, REFERENCES)
    wanted, _ = evaluate(CANDIDATES, REFERENCES, metrics=["meteor", "rouge_l"])
    assert {key: value.item() for key, value in corpus.items()} == wanted
    assert DCASE2024Evaluate()._metrics == "dcase2024"


def test_candidates_alone_have_fluency_errors():
    metric = FER(echecker=LEARNED / "echecker.ckpt", return_all_scores=False)
    metric.update(TOKENS)
    assert metric.compute().item() == functional.fer(TOKENS, False, echecker=LEARNED / "echecker.ckpt")


def _process(rank, port, answers):
    import torch.distributed as dist

    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    metric = CIDErD(return_all_scores=False)
    metric.update(TOKENS[rank::2], MANY[rank::2])
    answers.put(metric.compute().item())
    dist.destroy_process_group()


def test_two_processes_have_the_score_of_the_captions_of_both():
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    processes = [spawn.Process(target=_process, args=(rank, port, answers)) for rank in range(2)]
    for process in processes:
        process.start()
    found = [answers.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    whole = functional.cider_d(TOKENS, MANY, return_all_scores=False)
    assert found == pytest.approx([whole, whole], abs=1e-12)
