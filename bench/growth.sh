#!/usr/bin/env bash
# How cost grows: training time against captions, caption time against the length of the recording, search time against the
# rows of the memory, each with 1 and 2 threads; writes bench/growth.json and draws docs/growth.svg. PYTHON names an
# interpreter that has matplotlib; SHARED the folder with captions/ and audio/esc10/. A size is measured up to the limit
# given; beyond it, nothing is (the plot shows training on 10 times as many captions as the largest rate foretells, hollow).
# Usage: bench/growth.sh [CAPTIONS] [SECONDS_OF_SOUND] [ROWS]; about 5 minutes with 10000 600 1000000, 45 in full.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} shared=${SHARED:-../shared}
most_captions=${1:-100000} most_seconds=${2:-7200} most_rows=${3:-10000000}
cargo build --release -p wsac-cli -p wsac-lab
release=${CARGO_TARGET_DIR:-target}/release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lines=$work/lines
helper=bench/peer/growth.py

# row WHAT SIZE THREADS COMMAND..: the command's JSON line, with these three
row() {
  local what=$1 size=$2 threads=$3
  shift 3
  "$@" | sed "s/^{/{\"what\": \"$what\", \"size\": $size, \"threads\": $threads, /" | tee -a "$lines"
}

for captions in 1000 10000 100000 1000000; do
  ((captions <= most_captions)) || continue
  "$python" $helper captions "$captions" "$work/captions.txt" "$shared"/captions/{clotho,audiocaps}_train.csv
  for threads in 1 2; do
    row train "$captions" "$threads" "$python" $helper train "$release/wsac" train --captions "$work/captions.txt" \
      --config configs/mini.toml --epochs 1 --threads "$threads" --cache "$work/cache" --out "$work/run"
    rm -r "$work/cache" "$work/run"
  done
done
for seconds in 1 10 60 600 3600 7200; do
  ((seconds <= most_seconds)) || continue
  "$release/wsac-lab" long-recording "$work/long.wav" "$seconds" "$shared"/audio/esc10/1-1*.ogg
  runs=$((seconds < 600 ? 5 : seconds < 3600 ? 3 : 1))
  for threads in 1 2; do
    row caption "$seconds" "$threads" "$python" $helper time "$runs" "$release/wsac" caption -q --threads "$threads" "$work/long.wav"
  done
  rm "$work/long.wav"
done
for rows in 1000 10000 100000 1000000 10000000; do
  ((rows <= most_rows)) || continue
  for threads in 1 2; do
    row search "$rows" "$threads" env RAYON_NUM_THREADS="$threads" "$release/wsac-lab" memory-speed "$work/memory" "$rows" 384 5
  done
  rm "$work/memory"
done
"$python" $helper plot "$lines" bench/growth.json docs/growth.svg
