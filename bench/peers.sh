#!/usr/bin/env bash
# Times our work and our peers' (PyTorch, pycocoevalcap) in turns in one run, prints `name: ours, peer, ratio` (ratio = peer / ours; above 1 we are
# faster) and writes bench/peers.json. PYTHON names an interpreter that has torch, transformers and pycocoevalcap; SHARED the
# folder with the lists of keys of CLAP checkpoints and with captions. Usage: bench/peers.sh [ROUNDS] [train|encode|metrics]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} shared=${SHARED:-../shared} rounds=${1:-3} what=${2:-all}
cargo build --release -p wsac --example train_step --example encode_speed
cargo build --release -p wsac-cli
examples=${CARGO_TARGET_DIR:-target}/release/examples
lines=$(mktemp)
# Without bf16 arithmetic in the processor PyTorch's bf16 is many times slower than its f32, and tells nothing.
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
    row peer "$dtype" "$name" "$python" bench/peer/peer_bench.py "$@" --dtype "$dtype" --runs 5 --threads 2
  done
}
# encode KEYS WHAT SECONDS..: one line of ours, that which tells of WHAT
encode() {
  local keys=$1 what=$2
  shift 2
  "$examples/encode_speed" "$shared/golden/clap/keys/$keys.json" "$shared/golden/clap/frontend_torchlibrosa.safetensors" "$@" |
    grep -F "\"$what\""
}

for _ in $(seq "$rounds"); do
  if [[ "$what" =~ ^(all|train)$ ]]; then
    for vocab in 5000 50257; do
      row ours f32 "train step, vocabulary $vocab" "$examples/train_step" "$vocab" 3
      peer "train step, vocabulary $vocab" train --vocab "$vocab"
    done
  fi
  if [[ "$what" =~ ^(all|encode)$ ]]; then
    for seconds in 10 30; do
      row ours f32 "CNN14, $seconds s" encode ase_cnn14_bert "${seconds}s" "$seconds"
      peer "CNN14, $seconds s" cnn14 --seconds "$seconds"
    done
    row ours f32 "HTSAT, 10 s" encode ase_htsat_bert 10s 10
    peer "HTSAT, 10 s" htsat
    row ours f32 "BERT, 64 captions of 16 tokens" encode ase_cnn14_bert "64x16 tokens"
    peer "BERT, 64 captions of 16 tokens" bert
  fi
  if [[ "$what" =~ ^(all|metrics)$ ]]; then
    name="BLEU, METEOR, ROUGE-L, CIDEr-D of 1,045 clips" clips=$(mktemp -d) bench=bench/peer/metrics_bench.py
    "$python" $bench make "$shared/captions/clotho_test.csv" "$clips"
    row ours f64 "$name" "$python" $bench time "$examples/../wsac" eval "$clips/predictions.csv" "$clips/references.csv" \
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
for name, who, dtype in runs:
    if who == "peer":
        ours = statistics.median(runs[name, "ours", "f64" if dtype == "f64" else "f32"])
        peer = statistics.median(runs[name, who, dtype])
        other = "pycocoevalcap" if dtype == "f64" else f"PyTorch {dtype}"
        out.append(dict(name=name, ours_ms=ours, peer_ms=peer, peer=other, ratio=round(peer / ours, 2)))
        print(f"{name}: ours {ours:.0f} ms, {other} {peer:.0f} ms, ratio {peer / ours:.2f}")
json.dump(out, open("bench/peers.json", "w"), indent=1)
PY
