#!/usr/bin/env python3
"""`wsac.metrics` beside the real aac-metrics and pycocoevalcap, on the same items: are the numbers equal, and how long?

  metrics_python.py compare PEER_PYTHON ITEMS.jsonl [RUNS]

This Python must have wsac, PEER_PYTHON aac-metrics and pycocoevalcap, with Java on the path. Both are run in turn, and the
quickest of RUNS (3) counts.
ITEMS.jsonl: {"candidate": text, "references": [text, ..]} a line. Items with an empty reference must be left out: aac-metrics
fails there. Compared are evaluate (BLEU, METEOR, ROUGE-L, CIDEr-D, vocab) and the classes of pycocoevalcap (PTBTokenizer, Bleu,
Meteor, Rouge, Cider), each in a process of its own; seconds are of importing and of scoring.
"""
import contextlib, importlib, json, os, pathlib, subprocess, sys, tempfile, time

METRICS = ["bleu_1", "bleu_2", "bleu_3", "bleu_4", "meteor", "rouge_l", "cider_d", "vocab"]


def read(path):
    items = [json.loads(line) for line in open(path, encoding="utf-8")]
    return [item["candidate"] for item in items], [item["references"] for item in items]


def plain(value):
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value.tolist() if hasattr(value, "tolist") else value


def java_tools(folder):
    """The jars of pycocoevalcap where aac-metrics looks for them."""
    import pycocoevalcap

    own = pathlib.Path(pycocoevalcap.__path__[0])
    for name, target in [("stanford_nlp/stanford-corenlp-3.4.1.jar", "tokenizer/stanford-corenlp-3.4.1.jar"),
                         ("meteor/meteor-1.5.jar", "meteor/meteor-1.5.jar"), ("meteor/data", "meteor/data")]:
        link = pathlib.Path(folder) / "aac-metrics" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(own / target)
    return folder


def evaluate(module, items, **options):
    start = time.perf_counter()
    function = importlib.import_module(module).evaluate
    imported = time.perf_counter()
    answer = function(*read(items), metrics=METRICS, **options)
    return {"import": imported - start, "score": time.perf_counter() - imported, "answer": plain(answer)}


def coco(modules, items):
    start = time.perf_counter()
    classes = {name: getattr(importlib.import_module(module), name) for name, module in modules.items()}
    imported = time.perf_counter()
    candidates, references = read(items)
    tokenizer = classes.pop("PTBTokenizer")()
    gts = tokenizer.tokenize({i: [{"caption": c} for c in refs] for i, refs in enumerate(references)})
    res = tokenizer.tokenize({i: [{"caption": c}] for i, c in enumerate(candidates)})
    answer = {name: scorer().compute_score(gts, res) for name, scorer in classes.items()}
    return {"import": imported - start, "score": time.perf_counter() - imported, "answer": plain([gts, res, answer])}


def peer(what, items):
    if what == "evaluate":
        with tempfile.TemporaryDirectory() as folder:
            return evaluate("aac_metrics", items, cache_path=java_tools(folder), device="cpu")
    package = {"PTBTokenizer": "tokenizer.ptbtokenizer", "Bleu": "bleu.bleu", "Meteor": "meteor.meteor", "Rouge": "rouge.rouge",
               "Cider": "cider.cider"}
    return coco({name: f"pycocoevalcap.{module}" for name, module in package.items()}, items)


def ours(what, items):
    if what == "evaluate":
        return evaluate("wsac.metrics", items)
    return coco(dict.fromkeys(["PTBTokenizer", "Bleu", "Meteor", "Rouge", "Cider"], "wsac.metrics.coco"), items)


def numbers(value, key=""):
    """Every number with its key; texts too."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from numbers(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner, key)
    else:
        yield key, value


def largest_differences(a, b):
    found = {}
    for (key, x), (other, y) in zip(numbers(a), numbers(b), strict=True):
        assert key == other, (key, other)
        difference = float(x != y) if isinstance(x, str) else abs(x - y)
        name = "tokens" if isinstance(x, str) else key
        found[name] = max(found.get(name, 0.0), difference)
    return found


def child(python, who, what, items):
    environment = os.environ | {"LC_ALL": "C.UTF-8", "PYTHONWARNINGS": "ignore"}
    with tempfile.NamedTemporaryFile() as out:
        # -O: aac-metrics refuses Java 14 and newer by an assertion.
        start = time.perf_counter()
        subprocess.run([python, "-O", __file__, who, what, items, out.name], env=environment, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        whole = time.perf_counter() - start
        return json.load(open(out.name)) | {"process": whole}


def compare(peer_python, items, runs="3"):
    for what in ("evaluate", "coco"):
        best = {}
        for _ in range(int(runs)):
            for who, python in (("peer", peer_python), ("ours", sys.executable)):
                run = child(python, who, what, items)
                before = best.setdefault(who, run)
                best[who] |= {part: min(before[part], run[part]) for part in ("import", "score", "process")}
        print(f"\n{what}: largest difference over all items and the corpus")
        for key, difference in largest_differences(best["peer"]["answer"], best["ours"]["answer"]).items():
            print(f"  {key:<20} {difference:.1e}")
        print(f"  {'seconds':<20} {'import':>8} {'score':>8} {'process':>8}")
        for who, run in best.items():
            print(f"  {who:<20} {run['import']:8.2f} {run['score']:8.2f} {run['process']:8.2f}")
        ratio = [best["peer"][part] / best["ours"][part] for part in ("import", "score", "process")]
        print(f"  {'times as long':<20} {ratio[0]:8.0f} {ratio[1]:8.0f} {ratio[2]:8.0f}")


if sys.argv[1] == "compare":
    compare(*sys.argv[2:])
else:
    with contextlib.redirect_stdout(sys.stderr):
        answer = {"peer": peer, "ours": ours}[sys.argv[1]](*sys.argv[2:4])
    json.dump(answer, open(sys.argv[4], "w"))
