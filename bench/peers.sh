#!/usr/bin/env bash
# Times our work and our peers' (PyTorch, pycocoevalcap) in turns in one run, prints `name: ours, peer, ratio` (ratio = peer / ours; above 1 we are
# faster) and writes bench/peers.json. PYTHON names an interpreter that has torch, transformers and pycocoevalcap; SHARED the
# folder with the lists of keys of CLAP checkpoints and with captions. Usage: bench/peers.sh [ROUNDS] [train|epoch|encode|greedy|search|metrics]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} shared=${SHARED:-../shared} rounds=${1:-3} what=${2:-all}
cargo build --release -p wsac-cli -p wsac-lab
release=${CARGO_TARGET_DIR:-target}/release
lines=$(mktemp) output=$(mktemp)
# Without bf16 arithmetic in the processor PyTorch's bf16 is many times slower than its f32, so it is left out.
dtypes="f32"
if grep -qE 'avx512_bf16|amx_bf16' /proc/cpuinfo 2>/dev/null; then dtypes="f32 bf16"; fi

# row WHO DTYPE NAME COMMAND..: the command's JSON line, under that name
row() {
  local who=$1 dtype=$2 name=$3
  shift 3
  "$@" | sed "s/^/$who|$dtype|$name|/" >>"$lines"
}
peer() {
  local name=$1
  shift
  for dtype in $dtypes; do
    row peer "$dtype" "$name" "$python" bench/peer/peer_bench.py "$@" --dtype "$dtype" --runs 3 --threads 2
  done
}
# encode KEYS WHAT PRECISION SECONDS..: the line of ours about WHAT
encode() {
  local keys=$1 what=$2
  shift 2
  "$release/wsac-lab" encode-speed "$shared/golden/clap/keys/$keys.json" "$shared/golden/clap/frontend_torchlibrosa.safetensors" "$@" >"$output"
  grep -F "\"$what\"" "$output"
}

for _ in $(seq "$rounds"); do
  if [[ "$what" =~ ^(all|train)$ ]]; then
    for vocab in 5000 50257; do
      for dtype in $dtypes; do
        row ours "$dtype" "train step, vocabulary $vocab" "$release/wsac-lab" train-step "$vocab" 3 "$dtype"
      done
      peer "train step, vocabulary $vocab" train --vocab "$vocab"
    done
    # Captions have 14 tokens on average; the reference code pads all to 22, ours computes no padding.
    for dtype in $dtypes; do
      row ours "$dtype" "train step, captions of 14 tokens, theirs padded to 22" "$release/wsac-lab" train-step 5000 3 "$dtype" 14
    done
    peer "train step, captions of 14 tokens, theirs padded to 22" train --vocab 5000
  fi
  if [[ "$what" =~ ^(all|epoch)$ ]]; then
    # A caption has about as many tokens as words and marks, and two at its ends.
    "$python" - "$shared/captions/clotho_train.csv" >"$output" <<'PY'
import csv, re, sys
for row in list(csv.reader(open(sys.argv[1])))[1:]:
    for caption in row[1:]:
        if caption: print(2 + len(re.findall(r"\w+|[^\w\s]", caption)))
PY
    for dtype in $dtypes; do
      row ours "$dtype" "an epoch of Clotho from its captions" "$release/wsac-lab" epoch-speed \
        "$shared/golden/clap/keys/ase_cnn14_bert.json" "$shared/captions/clotho_train.csv" "$dtype"
      row peer "$dtype" "an epoch of Clotho from its captions" "$python" bench/peer/peer_bench.py epoch \
        --lengths "$output" --dtype "$dtype" --runs 6 --threads 2
    done
  fi
  if [[ "$what" =~ ^(all|encode)$ ]]; then
    for dtype in $dtypes; do
      for seconds in 10 30; do
        row ours "$dtype" "CNN14, $seconds s" encode ase_cnn14_bert "${seconds}s" "$dtype" "$seconds"
      done
      row ours "$dtype" "HTSAT, 10 s" encode ase_htsat_bert 10s "$dtype" 10
      row ours "$dtype" "BERT, 64 captions of 16 tokens" encode ase_cnn14_bert "64x16 tokens" "$dtype"
    done
    for seconds in 10 30; do
      peer "CNN14, $seconds s" cnn14 --seconds "$seconds"
    done
    peer "HTSAT, 10 s" htsat
    peer "BERT, 64 captions of 16 tokens" bert
  fi
  if [[ "$what" =~ ^(all|greedy)$ ]]; then
    for batch in 1 32; do
      for kind in f32 bf16 int8; do
        row ours "$kind" "greedy caption of 30 tokens, batch $batch" "$release/wsac-lab" greedy-speed 50257 3 "$kind" "$batch"
      done
      peer "greedy caption of 30 tokens, batch $batch" greedy --batch "$batch" --cache yes
    done
    for batch in 1 32; do
      name="greedy caption of 30 tokens, batch $batch, theirs without a cache"
      row ours f32 "$name" "$release/wsac-lab" greedy-speed 50257 3 f32 "$batch"
      row peer f32 "$name" "$python" bench/peer/peer_bench.py greedy --batch "$batch" --cache no --runs 1 --threads 2
    done
  fi
  if [[ "$what" =~ ^(all|search)$ ]]; then
    "$release/wsac-lab" search-speed 50000 1024 5 >"$output"
    for piece in project nearest; do
      for count in 1 64; do
        for kind in f32 int8; do
          row ours "$kind" "$piece, 50,000 x 1024, $count queries" grep -E "\"$piece\".*queries=$count $kind" "$output"
        done
      done
    done
    "$python" bench/peer/peer_bench.py project --threads 2 --runs 5 >"$output"
    for count in 1 64; do
      # numpy is the faster of the two here.
      row peer f32 "project, 50,000 x 1024, $count queries" grep -E "\"project\".*numpy.*queries=$count\"" "$output"
      row peer f32 "nearest, 50,000 x 1024, $count queries" grep -E "\"nearest\".*queries=$count\"" "$output"
    done
  fi
  if [[ "$what" =~ ^(all|metrics)$ ]]; then
    name="BLEU, METEOR, ROUGE-L, CIDEr-D of 1,045 clips" clips=$(mktemp -d) bench=bench/peer/metrics_bench.py
    "$python" $bench make "$shared/captions/clotho_test.csv" "$clips"
    row ours f64 "$name" "$python" $bench time "$release/wsac" eval "$clips/predictions.csv" "$clips/references.csv" \
      --metrics bleu,meteor,rouge_l,cider_d --format csv --bootstrap 0
    row peer f64 "$name" "$python" $bench time "$python" $bench peer "$clips"
    rm -r "$clips"
  fi
done
"$python" - "$lines" <<'PY'
import json, statistics, sys

runs = {}
for line in open(sys.argv[1]):
    who, dtype, name, record = line.split("|", 3)
    runs.setdefault((name, who, dtype), []).append(json.loads(record)["median_ms"])
out = []
medians = {of: statistics.median(times) for of, times in runs.items()}
for (name, who, dtype), ours in medians.items():
    if who != "ours":
        continue
    # Each of ours beside the fastest of theirs whose numbers are at least as exact.
    rivals = [d for d in ("f32", "bf16", "f64") if (name, "peer", d) in medians and (dtype != "f32" or d == "f32")]
    best = min(rivals, key=lambda d: medians[name, "peer", d])
    for rival in dict.fromkeys([best] + [d for d in rivals if d == "f32"]):
        peer = medians[name, "peer", rival]
        other = "pycocoevalcap" if rival == "f64" else f"{'numpy' if name.startswith('project') else 'PyTorch'} {rival}"
        out.append(dict(name=f"{name} ({dtype})", ours_ms=ours, peer_ms=peer, peer=other, ratio=round(peer / ours, 2)))
        print(f"{name}: ours {dtype} {ours:.1f} ms, {other} {peer:.1f} ms, ratio {peer / ours:.2f}")
json.dump(out, open("bench/peers.json", "w"), indent=1)
PY
