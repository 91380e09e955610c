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
    cargo run --release -p wsac-lab -- bench-captions {{SHARED}}/audio/esc10

# the same training step here and in PyTorch, in turns; PYTHON names an interpreter with torch and transformers
bench-peers ROUNDS="3":
    bench/peers.sh {{ROUNDS}}

# how cost grows with captions, length and rows, up to the limits given: bench/growth.json and docs/growth.svg; PYTHON as above
bench-growth CAPTIONS="100000" SECONDS="7200" ROWS="10000000":
    bench/growth.sh {{CAPTIONS}} {{SECONDS}} {{ROWS}}

# a server under load: clients by the number, overload, SIGTERM, malformed uploads
bench-server SECONDS="60":
    cargo build --release
    cargo run --release -p wsac-lab -- server-load target/release/wsac examples/clips/dog.ogg {{SECONDS}}

# the page in headless Chromium (needs node, ffmpeg and Chromium: CHROMIUM names it)
test-page:
    cargo build --release
    cd crates/server/page/tests && npm install --silent && node --test page.test.js

# the server against its OpenAPI document (needs schemathesis)
test-api:
    cargo build --release
    crates/server/page/tests/api.sh target/release/wsac

# the pictures of the page, docs/page (needs what test-page needs)
pictures:
    cargo build --release
    cd crates/server/page/tests && npm install --silent && node pictures.js

# the PyTorch yardstick run with our engine: validation loss after each epoch beside PyTorch's
yardstick SHARED="../shared" RUN="clean_seed0":
    cargo run --release -p wsac-lab -- yardstick {{SHARED}} {{RUN}}

# what is read, beside ffmpeg: docs/formats.md (needs ffmpeg, lame and sox)
formats:
    cargo build --release -p wsac-audio --example decode
    reference/formats_table.sh target/release/examples/decode >docs/formats.md

# make the test recordings again (needs ffmpeg)
fixtures:
    reference/make_audio_fixtures.sh

# train the decoder of models/mini again, from the train captions of AudioCaps
bundle CAPTIONS="../shared/captions/audiocaps_train.csv":
    cargo run --release -- train --captions {{CAPTIONS}} --config configs/mini.toml --out runs/mini

# licences and advisories of all dependencies (needs cargo-deny)
deny:
    cargo deny check

# every crate packaged and built from its package, as the registry would
package:
    cargo package --workspace --exclude wsac-golden --exclude wsac-lab --exclude wsac-py --allow-dirty

# the files of a release, for this machine: dist/ (needs maturin for the Python ones)
dist:
    .ci/dist

# metrics from Python beside the real aac-metrics and pycocoevalcap (PEER: a Python that has them)
bench-metrics-python PEER ITEMS:
    python3 bench/peer/metrics_python.py compare {{PEER}} {{ITEMS}}

# wsac.ray or wsac.daft killed in the middle three times: every name exactly once (needs ray[data] or daft, and pyarrow)
scale ENGINE CLIPS FOLDER:
    python3 bench/scale/kill.py {{ENGINE}} {{CLIPS}} {{FOLDER}}
