"""What a process may do with it: threads, forks, pickles, many calls, Ctrl-C, a quick import."""

import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import wsac


def text_of(captioner, path):
    return captioner(path).text


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_captioner_works_in_other_processes(captioner, dog, method):
    text = captioner(dog).text  # the pool of this process is running when the others begin
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.starmap_async(text_of, [(captioner, dog)] * 2)
        assert found.get(timeout=120) == [text] * 2


def everything(captioner, path):
    """Something of each kind of work."""
    memory = wsac.Memory.build(["a dog barks", "rain falls"], encoder=captioner.encoder, rows="f16", dedup=0.99)
    memory = pickle.loads(pickle.dumps(memory))
    found = [str(captioner(path, memory=memory)), wsac.Captioner(beam=1)(path).text, captioner(path)._repr_html_()[:99]]
    near = memory.nearest(wsac.Encoder().audio(path), k=1)[0].caption
    return [*found, near, *map(str, captioner.timeline(path))]


def test_everything_works_in_a_child_after_a_fork(captioner, dog):
    told = json.dumps(everything(captioner, dog))
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover
        try:
            os.write(writer, json.dumps(everything(captioner, dog)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    signal.alarm(120)  # a deadlock of the child is a failure, not a test that never ends
    try:
        with os.fdopen(reader, "rb") as answer:
            assert answer.read().decode() == told
        os.waitpid(child, 0)
    finally:
        signal.alarm(0)


def test_joblib_and_data_sets_work(captioner, dog):
    joblib = pytest.importorskip("joblib")
    work = (joblib.delayed(text_of)(captioner, dog) for _ in range(2))
    assert joblib.Parallel(n_jobs=2)(work) == [captioner(dog).text] * 2
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict({"audio": [{"bytes": None, "path": dog}] * 4})
    data = data.map(captioner.mapper("audio"), batched=True, batch_size=2, num_proc=2)
    assert data["caption"] == [captioner(dog).text] * 4


def test_a_mapper_adds_columns_and_can_be_pickled(captioner, dog):
    mapper = pickle.loads(pickle.dumps(captioner.mapper("audio", out="text", beam=1, on_error="return")))
    batch = {"audio": [{"bytes": None, "path": dog}, {"bytes": b"", "path": "x.wav"}], "id": [1, 2]}
    columns = mapper(batch)
    assert columns["text"] == [captioner(dog, beam=1).text, None]
    assert columns["text_error"][0] is None and "empty" in columns["text_error"][1]
    with pytest.raises(wsac.AudioError):
        captioner.mapper("audio")(batch)


def test_pickles_are_small_and_open_again(dog):
    captioner = wsac.Captioner(precision="bf16", threads=1, beam=2)
    content = pickle.dumps(captioner)
    assert len(content) < 1000
    again = pickle.loads(content)
    assert repr(again) == repr(captioner) and "beam=2" in repr(again)
    assert again(dog) == captioner(dog)
    encoder = pickle.loads(pickle.dumps(captioner.encoder))
    assert np.array_equal(encoder.audio(dog), captioner.encoder.audio(dog))
    assert repr(pickle.loads(pickle.dumps(wsac.Encoder()))) == "Encoder('mini')"


def test_a_pickle_with_a_relative_path_opens_in_another_folder(dog, tmp_path, monkeypatch):
    wsac.Memory.build(["a dog", "rain"]).save(tmp_path / "m.safetensors")
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps(wsac.Captioner(memory="m.safetensors"))
    monkeypatch.chdir("/")
    assert {near.caption for near in pickle.loads(content)(dog).neighbours} == {"a dog", "rain"}


def test_python_runs_on_while_captions_are_made(captioner, clips):
    many, turns, done = clips * 4, 0, threading.Event()

    def work():
        captioner(many)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        turns += 1
        time.sleep(0.001)
    thread.join()
    assert turns > 20


def test_calls_with_threads_of_their_own_overlap(clips):
    captioner = wsac.Captioner(threads=1, beam=1)
    work = clips * 2
    captioner(clips)

    def seconds(threads):
        start = time.perf_counter()
        each = [threading.Thread(target=captioner, args=(work,)) for _ in range(threads)]
        [thread.start() for thread in each]
        [thread.join() for thread in each]
        return time.perf_counter() - start

    if os.cpu_count() < 2:
        pytest.skip("needs two cores")
    one, two = seconds(1), seconds(2)
    # Overlapping, two take the time of one; one after the other, twice as long. Others may use the machine meanwhile.
    assert two < 1.9 * one or os.getloadavg()[0] > os.cpu_count()


def resident():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
def test_many_calls_do_not_leak(captioner, samples):
    array, rate = samples
    array, content = array[:8000], bytes(1_000_000)
    live = captioner.live(rate=rate)

    def call(times):
        for _ in range(times):
            captioner(["gone.wav", array, content], rate=rate, on_error="return", beam=1)
            live.feed(array[:800])

    call(10)
    before = resident()
    call(50)
    assert resident() - before < 16e6  # were the bytes alone kept, it would be 50 MB


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
def test_samples_are_not_copied(captioner):
    array = np.zeros(50_000_000, np.float32)  # 200 MB
    array += 0.001
    before, most, done = resident(), [0], threading.Event()

    def watch():
        while not done.is_set():
            most[0] = max(most[0], resident())
            time.sleep(0.002)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        next(iter(captioner.timeline(array, rate=16_000)), None)
    finally:
        done.set()
        thread.join()
    assert most[0] - before < 150e6


INTERRUPTED = """
import os, signal, sys, threading, time, wsac
captioner = wsac.Captioner()
captioner(sys.argv[1])
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
start = time.perf_counter()
try:
    captioner([sys.argv[1]] * 20_000)
except KeyboardInterrupt:
    print(time.perf_counter() - start)
"""


def test_ctrl_c_ends_a_long_call(dog):
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, dog], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 30


def test_the_import_is_quick_and_light():
    code = (
        "import sys, time; start = time.perf_counter(); import wsac; print(time.perf_counter() - start, *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, *modules = done.stdout.split()
    heavy = {"numpy", "pandas", "torch", "gradio", "datasets"} & set(modules)
    assert not heavy and float(seconds) < 1.0


def test_all_public_names_are_there():
    for name in wsac.__all__:
        assert getattr(wsac, name) is not None
