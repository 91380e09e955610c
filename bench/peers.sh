#!/usr/bin/env bash
# Times our training step and PyTorch's in turns in one run and prints `name ours peer ratio` (ratio = peer / ours).
# PYTHON names an interpreter that has torch and transformers. Usage: bench/peers.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} rounds=${1:-3}
cargo build --release -p wsac --example train_step
ours=${CARGO_TARGET_DIR:-target}/release/examples/train_step
lines=$(mktemp)
for vocab in 5000 50257; do
  for _ in $(seq "$rounds"); do
    "$ours" "$vocab" 3 | sed "s/^/ours $vocab f32 /" >>"$lines"
    for dtype in f32 bf16; do
      "$python" bench/peer/peer_bench.py train --vocab "$vocab" --dtype "$dtype" --runs 3 --threads 2 |
        sed "s/^/peer $vocab $dtype /" >>"$lines"
    done
  done
done
"$python" - "$lines" <<'PY'
import json, statistics, sys
runs = {}
for line in open(sys.argv[1]):
    who, vocab, dtype, record = line.split(" ", 3)
    runs.setdefault((who, vocab, dtype), []).append(json.loads(record)["median_ms"])
out = []
for vocab in ("5000", "50257"):
    ours = statistics.median(runs["ours", vocab, "f32"])
    for dtype in ("f32", "bf16"):
        peer = statistics.median(runs["peer", vocab, dtype])
        name = f"train step, vocabulary {vocab}"
        out.append(dict(name=name, ours_ms=ours, peer_ms=peer, peer=f"PyTorch {dtype}", ratio=round(peer / ours, 2)))
        print(f"{name}: ours {ours:.0f} ms, PyTorch {dtype} {peer:.0f} ms, ratio {peer / ours:.2f}")
json.dump(out, open("bench/peers.json", "w"), indent=1)
PY
