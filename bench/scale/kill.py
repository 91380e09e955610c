#!/usr/bin/env python3
"""Is every recording captioned exactly once, however often the work is killed?

  kill.py ray|daft CLIPS FOLDER [KILLS]

Puts 197 recordings of CLIPS and 3 poison files (empty, noise, a header without sound) into FOLDER/in, runs with_ray.py or
with_daft.py on them, kills all its processes (SIGKILL) KILLS times (3) in the middle, runs it again to the end, and checks that
every name is there once and the poison has errors. Then one more file, and once more. Prints a JSON line a step.
"""
import collections, json, os, pathlib, random, shutil, signal, subprocess, sys, time

HERE = pathlib.Path(__file__).parent
POISON = {"000-empty.wav": b"", "077-noise.wav": random.Random(1).randbytes(40_000), "150-header.wav": None}


def prepare(clips, folder):
    source = folder / "in"
    source.mkdir(parents=True)
    recordings = sorted(path for path in clips.rglob("*") if path.suffix in (".wav", ".ogg", ".flac", ".mp3"))
    for i, recording in enumerate(recordings[:197]):
        shutil.copy(recording, source / f"{i:03}-{recording.name}")
    wav = b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80>\0\0\0}\0\0\2\0\x10\0data\0\0\0\0"
    for name, content in POISON.items():
        (source / name).write_bytes(wav if content is None else content)
    return source, recordings[197]


def rows(out):
    """The rows of all Parquet files that can be read, of Daft's those of whole parts."""
    import pyarrow.parquet as parquet

    found = []
    for path in sorted(out.rglob("*.parquet")):
        if path.parent.name.startswith("part-") and not (path.parent / "_SUCCESS").exists():
            continue
        try:
            found += parquet.read_table(path).to_pylist()
        except OSError:
            pass
    return found


def start(engine, source, out, log):
    command = [sys.executable, str(HERE / f"with_{engine}.py"), str(source), str(out)]
    return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def descendants(pid):
    """The processes below `pid`, itself included."""
    parents = collections.defaultdict(list)
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents[int(fields[1])].append(int(entry.parent.name))
    found = [pid]
    for process in found:
        found += parents[process]
    return found


def kill(process):
    for pid in descendants(process.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()


def report(step, began, found, names):
    counts = collections.Counter(pathlib.Path(row["path"]).name for row in found)
    told = dict(step=step, seconds=round(time.perf_counter() - began, 1), rows=len(found), names=len(names),
                missing=len(names - counts.keys()), double=sum(n > 1 for n in counts.values()),
                errors=sorted(pathlib.Path(row["path"]).name for row in found if row["error"]))
    print(json.dumps(told), flush=True)
    return told


def whole(engine, source, out, log, step):
    began = time.perf_counter()
    code = start(engine, source, out, log).wait()
    names = {path.name for path in source.iterdir()}
    told = report(step, began, rows(out), names)
    assert code == 0 and told["rows"] == len(names) and told["missing"] == told["double"] == 0, (code, told)
    assert told["errors"] == sorted(POISON), told["errors"]


def main(engine, clips, folder, kills="3"):
    folder = pathlib.Path(folder)
    source, one_more = prepare(pathlib.Path(clips), folder)
    names = {path.name for path in source.iterdir()}
    out, random_time = folder / "out", random.Random(0)
    with open(folder / "log", "w") as log:
        for i in range(int(kills)):
            before, began = len(rows(out)), time.perf_counter()
            process = start(engine, source, out, log)
            # In the middle: once a few more rows are there than before, and a moment later.
            while process.poll() is None and len(rows(out)) <= before and time.perf_counter() - began < 300:
                time.sleep(0.05)
            time.sleep(random_time.uniform(0.0, 0.5))
            assert process.poll() is None, f"the run ended before it was killed: see {folder}/log"
            kill(process)
            report(f"killed {i + 1}", began, rows(out), names)
        whole(engine, source, out, log, "to the end")
        shutil.copy(one_more, source / "999-one-more.wav")
        whole(engine, source, out, log, "one more file")


main(*sys.argv[1:])
