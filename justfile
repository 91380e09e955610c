# `just` alone lists the recipes. None of them is needed to use wsac; `.ci/run` works without just.

_:
    @just --list --unsorted

# everything that must hold before a change lands
check:
    .ci/run

# the tests alone (with cargo-nextest where it is installed, as it is faster)
test *ARGS:
    if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --release --workspace {{ARGS}}; else cargo test --release --workspace {{ARGS}}; fi

# caption the 400 ESC-10 clips and the 200 mixtures, and count the true captions
bench SHARED="../shared":
    cargo run --release -p wsac --example bench_captions -- {{SHARED}}/audio/esc10

# the same training step here and in PyTorch (needs torch and transformers)
bench-peers SHARED="../shared":
    cargo run --release -p wsac --example train_step
    python3 {{SHARED}}/golden/wsac/peer_bench.py

# make the test recordings again (needs ffmpeg)
fixtures:
    reference/make_audio_fixtures.sh

# make models/mini again: see models/mini/README.md for its inputs and the recorded command
bundle *ARGS:
    cargo run --release -- train {{ARGS}}

# licences and advisories of all dependencies (needs cargo-deny)
deny:
    cargo deny check
