#!/usr/bin/env python3
"""Caption metrics, whole process against whole process: pycocoevalcap (Java 8 or newer) and any other command.

  metrics_bench.py make CLOTHO_TEST.csv DIR   writes DIR/predictions.csv and DIR/references.csv: 1,045 clips, 5 references
  metrics_bench.py peer DIR                   scores them with pycocoevalcap: PTB tokens, BLEU, METEOR, ROUGE-L, CIDEr-D
  metrics_bench.py time COMMAND...            runs COMMAND; prints {"median_ms": wall clock, "peak_mb": largest process}

The candidates are captions of the clip with every fourth word left out, or, for every second clip, those of another clip:
neither copies nor strangers throughout, like a captioner's.
"""
import csv, json, os, resource, subprocess, sys, time


def make(captions, folder):
    with open(captions, encoding="utf8") as file:
        rows = list(csv.DictReader(file))
    columns = [f"caption_{k}" for k in range(1, 6)]
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/predictions.csv", "w", encoding="utf8", newline="") as p, open(f"{folder}/references.csv", "w", encoding="utf8", newline="") as r:
        predictions, references = csv.writer(p), csv.writer(r)
        predictions.writerow(["file_name", "caption_predicted"])
        references.writerow(["file_name"] + columns)
        for i, row in enumerate(rows):
            words = rows[(i + 1) % len(rows) if i % 2 else i][columns[i % 5]].split()
            predictions.writerow([row["file_name"], " ".join(w for k, w in enumerate(words) if k % 4 != 3)])
            references.writerow([row["file_name"]] + [row[c] for c in columns])


def peer(folder):
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.meteor.meteor import Meteor
    from pycocoevalcap.rouge.rouge import Rouge
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    with open(f"{folder}/predictions.csv", encoding="utf8") as file:
        predictions = {r["file_name"]: [{"caption": r["caption_predicted"]}] for r in csv.DictReader(file)}
    with open(f"{folder}/references.csv", encoding="utf8") as file:
        references = {r["file_name"]: [{"caption": r[f"caption_{k}"]} for k in range(1, 6)] for r in csv.DictReader(file)}
    tokenizer = PTBTokenizer()
    gts, res = tokenizer.tokenize(references), tokenizer.tokenize(predictions)
    scores = {}
    for names, scorer in [(["bleu_1", "bleu_2", "bleu_3", "bleu_4"], Bleu(4)), (["meteor"], Meteor()), (["rouge_l"], Rouge()), (["cider_d"], Cider())]:
        score, _ = scorer.compute_score(gts, res)
        scores.update(zip(names, score if isinstance(score, list) else [score]))
    print(json.dumps({name: float(score) for name, score in scores.items()}))


def clock(command):
    start = time.perf_counter()
    out = subprocess.run(command, env=dict(os.environ, LC_ALL="C.UTF-8"), stdout=subprocess.PIPE, check=True).stdout
    wall = 1e3 * (time.perf_counter() - start)
    sys.stderr.write(out.decode())
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps(dict(median_ms=round(wall, 1), peak_mb=round(peak))))


{"make": lambda a: make(*a), "peer": lambda a: peer(*a), "time": clock}[sys.argv[1]](sys.argv[2:])
