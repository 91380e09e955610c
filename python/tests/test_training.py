"""Training: callbacks, Ctrl-C, resuming; and experiments."""

import os
import signal
import threading

import pytest
import wsac

LINES = [
    f"a {animal} {sound} {place}"
    for animal in ("dog", "cat", "cow", "bird")
    for sound in ("calls", "barks", "eats")
    for place in ("nearby", "far away", "in the rain")
]
TINY = {"decoder": {"width": 32, "layers": 1, "heads": 2}, "batch": 8, "epochs": 2, "min_steps": 0, "precision": "f32"}


def train(out, tmp_path, **arguments):
    return wsac.train(LINES, out, config=TINY, cache=tmp_path / "cache", **arguments)


def test_a_run_is_that_of_the_command(command, tmp_path, dog):
    steps, epochs = [], []
    run = train(tmp_path / "a" / "run", tmp_path, on_step=steps.append, on_epoch=epochs.append)
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert len(epochs) == 2 and epochs[-1].validation == run.validation
    assert [row["loss"] for row in run.log() if "loss" in row] == [step.loss for step in steps]
    captions, config = tmp_path / "c.txt", tmp_path / "tiny.toml"
    captions.write_text("\n".join(LINES))
    config.write_text(
        'batch = 8\nepochs = 2\nmin_steps = 0\nprecision = "f32"\n[decoder]\nwidth = 32\nlayers = 1\nheads = 2\n'
    )
    flags = ["--captions", captions, "--config", config, "--cache", tmp_path / "cache", "--quiet"]
    command("train", *flags, "--out", tmp_path / "b" / "run", rows=False)
    for name in ("decoder.safetensors", "memory.safetensors", "config.json", "tokenizer.json"):
        assert (tmp_path / "a" / "run" / name).read_bytes() == (tmp_path / "b" / "run" / name).read_bytes()
    assert run.captioner()(dog).text
    assert train(tmp_path / "a" / "run", tmp_path, resume=True).already_finished


def test_an_exception_in_a_callback_saves_the_run_and_is_raised(tmp_path):
    whole = train(tmp_path / "whole", tmp_path)

    def stop(step):
        if step.step == 3:
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        train(tmp_path / "a", tmp_path, on_step=stop)
    first = []
    resumed = train(tmp_path / "a", tmp_path, resume=True, on_step=lambda step: first.append(step.step))
    assert first[0] == 4
    assert resumed.validation == whole.validation
    weights = [(tmp_path / run / "decoder.safetensors").read_bytes() for run in ("whole", "a")]
    assert weights[0] == weights[1]


def test_ctrl_c_saves_the_run(tmp_path):
    seen = []

    def interrupt(step):
        seen.append(step.step)
        if step.step == 2:
            threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        wsac.train(LINES, tmp_path / "a", config={**TINY, "epochs": 2000}, cache=tmp_path / "cache", on_step=interrupt)
    assert (tmp_path / "a" / "checkpoint.safetensors").is_file() and len(seen) < 2000


def test_a_callback_runs_in_the_thread_that_called_and_may_caption(tmp_path, captioner, dog):
    threads = set()

    def note(step):
        threads.add(threading.get_ident())
        if step.step == 1:
            assert captioner(dog).text

    train(tmp_path / "a", tmp_path, on_step=note, epochs=1, threads=1)
    assert threads == {threading.get_ident()}


def test_clips_files_and_validation_are_taken(tmp_path):
    file = tmp_path / "c.csv"
    file.write_text("file_name,caption\n" + "".join(f"{i % 9}.wav,{line}\n" for i, line in enumerate(LINES)))
    clips = [LINES[i : i + 3] for i in range(0, len(LINES), 3)]
    for i, captions in enumerate((clips, file, {file: 0.5})):
        run = wsac.train(
            captions, tmp_path / str(i), config=TINY, epochs=1, validation=LINES[:4], cache=tmp_path / "cache"
        )
        assert run.validation is not None


@pytest.mark.parametrize(
    "arguments, told",
    [
        ({"preset": "quick"}, "preset: .*quick"),
        ({"noise": -1}, "variance of 0 or more"),
        ({"config": {"epoch": 2}}, "epoch"),
        ({"lr": float("inf")}, "lr: .*finite"),
        ({"epochs": 0}, "epoch"),
        ({"precision": "f16"}, "precision: .*f16"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path, arguments, told):
    with pytest.raises(wsac.ConfigError, match=told):
        wsac.train(LINES, tmp_path / "a", **{"config": TINY, **arguments})


def test_another_run_is_not_overwritten(tmp_path):
    train(tmp_path / "a", tmp_path, epochs=1)
    with pytest.raises(wsac.Error):
        train(tmp_path / "a", tmp_path, epochs=1, seed=1)
    with pytest.raises(wsac.CaptionsError, match="at least one caption"):
        wsac.train([], tmp_path / "b")


def test_an_experiment_is_a_table(tmp_path):
    captions = tmp_path / "c.csv"
    rows = [f"{i % 12}.wav,{line}\n" for i, line in enumerate(LINES)]
    captions.write_text("file_name,caption\n" + "".join(rows))
    (tmp_path / "grid.toml").write_text(
        f'''
name = "Grid"
[[data]]
name = "Mine"
train = "{captions}"
test = "{captions}"
[data.probe]
gap = 0.3
[train]
epochs = 1
min_steps = 0
batch = 8
[train.decoder]
width = 32
layers = 1
heads = 2
[[training]]
name = "none"
noise = {{ variance = 0.0 }}
[[inference]]
name = "direct"
strategy = "direct"
[[inference]]
name = "nearest"
strategy = "nearest"
'''
    )
    table = wsac.experiment(tmp_path / "grid.toml", tmp_path / "out", metrics="bleu", quiet=True)
    rows = table if isinstance(table, list) else table.to_dict("records")
    assert [row["inference"] for row in rows] == ["direct", "nearest"]
    assert all(0 <= row["bleu_1"] <= 1 for row in rows)
    (tmp_path / "bad.toml").write_text("name = 5")
    with pytest.raises(wsac.Error, match="bad.toml"):
        wsac.experiment(tmp_path / "bad.toml", tmp_path / "out2", quiet=True)
