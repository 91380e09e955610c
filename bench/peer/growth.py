#!/usr/bin/env python3
"""The parts of bench/growth.sh that are no work of ours: captions, clocks, and the plot.

  growth.py captions N OUT.txt CSV...      N different captions: those of the CSVs, then the first half of one and the last
                                           half of another, so that lengths and words stay those of people
  growth.py time RUNS COMMAND...           {"seconds": median wall clock, "peak_mb": largest process} of COMMAND
  growth.py train COMMAND...               the same, once, and "prepare_seconds" until the first step of training
  growth.py plot LINES OUT.json OUT.svg    the table of all lines as JSON, and the picture
"""
import csv, itertools, json, os, re, resource, statistics, subprocess, sys, time


def captions(n, out, *files):
    rows = [row for name in files for row in csv.DictReader(open(name, encoding="utf8"))]
    own = [text for row in rows for column, text in row.items() if column.startswith("caption") and text]
    words = [text.split() for text in own]
    # Neighbour k of every caption, then neighbour k + 1: no pair comes twice.
    mixed = (" ".join(a[: len(a) // 2] + words[(i + k) % len(words)][len(words[(i + k) % len(words)]) // 2 :])
             for k in itertools.count(1) for i, a in enumerate(words))
    seen = set()
    with open(out, "w", encoding="utf8") as file:
        for text in itertools.chain(own, mixed):
            if text not in seen:
                seen.add(text)
                file.write(text.replace("\n", " ") + "\n")
                if len(seen) == int(n):
                    break


def peak():
    return round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


def clock(runs, *command):
    times = []
    for _ in range(int(runs)):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - start)
    print(json.dumps(dict(seconds=round(statistics.median(times), 4), peak_mb=peak(), runs=len(times))))


def train(*command):
    start, ready, told = time.perf_counter(), None, ""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        for line in run.stderr:
            sys.stderr.write(line)
            if ready is None and re.search(r"\d+ captions, \d+ words", line):
                ready, told = time.perf_counter() - start, line.strip()
    if run.returncode or ready is None:
        sys.exit("training failed")
    print(json.dumps(dict(seconds=round(time.perf_counter() - start, 3), prepare_seconds=round(ready, 3), peak_mb=peak(), told=told)))


# Blue and vermillion of Okabe and Ito, told apart by everyone, and by their marks where there is no colour.
STYLE = {1: dict(color="#D55E00", marker="o"), 2: dict(color="#0072B2", marker="s")}
PANELS = [  # what, field, title, x, y
    ("train", "seconds", "One epoch of training, texts embedded anew", "captions", "time (s)"),
    ("caption", "seconds", "One caption, whole process", "length of the recording (s)", "time (s)"),
    ("caption", "peak_mb", "Its peak memory", "length of the recording (s)", "memory (MB)"),
    ("search", "project_ms", "Projection of one query, 384 wide, int8", "rows of the memory", "time (ms)"),
]


def plot(lines, table, picture):
    rows = [json.loads(line) for line in open(lines)]
    for (what, threads) in dict.fromkeys((r["what"], r["threads"]) for r in rows):
        series = sorted((r for r in rows if (r["what"], r["threads"]) == (what, threads)), key=lambda r: r["size"])
        if what == "train" and len(series) > 1 and series[-1]["size"] < 1_000_000:
            # At the cost of a caption between the two largest sizes: what each more caption costs stays the same.
            a, b = series[-2:]
            size = 10 * b["size"]
            more = {k: round(b[k] + (b[k] - a[k]) / (b["size"] - a["size"]) * (size - b["size"]), 1) for k in ("seconds", "prepare_seconds")}
            rows.append(dict(what=what, size=size, threads=threads, foretold=True, **more))
    with open(table, "w") as file:
        file.write("[\n" + ",\n".join(" " + json.dumps(r) for r in rows) + "\n]\n")

    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "growth", "font.size": 15, "font.family": "sans-serif", "axes.titlesize": 15,
                         "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(2, 2, figsize=(13, 9.5), layout="constrained")
    for (what, field, title, x, y), axis in zip(PANELS, axes.flat):
        for threads, style in STYLE.items():
            series = sorted((r for r in rows if r["what"] == what and r["threads"] == threads and field in r), key=lambda r: r["size"])
            known = [r for r in series if "foretold" not in r]
            axis.plot([r["size"] for r in known], [r[field] for r in known], label=f"{threads} thread{'s' * (threads > 1)}",
                      linewidth=2.5, markersize=9, **style)
            if len(known) < len(series) and known:
                far = series[len(known) - 1 :]
                axis.plot([r["size"] for r in far], [r[field] for r in far], linestyle=":", linewidth=2.5, markersize=9,
                          markerfacecolor="white", markevery=[-1], **style)
        axis.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
        axis.set_title(title, loc="left", pad=12)
        if what == "caption":
            sizes = sorted({r["size"] for r in rows if r["what"] == what})
            names = {1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 7200: "2 h"}
            axis.set_xticks(sizes, [names.get(s, str(s)) if s != 3600 else "1 h   " for s in sizes]); axis.minorticks_off()
            axis.set_xlabel("length of the recording")
            if field == "peak_mb":
                axis.set_ylim(10, 10_000)
        axis.grid(True, which="major", color="#dddddd", linewidth=1)
        axis.set_axisbelow(True)
    axes.flat[0].legend(frameon=False, loc="upper left")
    figure.savefig(picture, metadata={"Date": None})
    if picture.endswith(".svg") and os.environ.get("PREVIEW"):
        figure.savefig(os.environ["PREVIEW"], dpi=50)


{"captions": captions, "time": clock, "train": train, "plot": plot}[sys.argv[1]](*sys.argv[2:])
