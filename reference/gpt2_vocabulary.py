#!/usr/bin/env python3
"""GPT-2's merges, and the proof that they alone determine its ids.

    python3 reference/gpt2_vocabulary.py encoder.json vocab.bpe OUT     (both files are OpenAI's; standard library only)
"""
import json, pathlib, sys

encoder, bpe, out = map(pathlib.Path, sys.argv[1:])
printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
others = [b for b in range(256) if b not in printing]
words = [chr(b) for b in printing] + [chr(256 + i) for i in range(len(others))]
lines = bpe.read_text(encoding="utf-8").split("\n")
merges = [line.split(" ") for line in lines[1:] if line]
words += ["".join(pair) for pair in merges] + ["<|endoftext|>"]
wanted = json.loads(encoder.read_text(encoding="utf-8"))
assert {word: i for i, word in enumerate(words)} == wanted, "the ids differ"
assert len(words) == 50257 and wanted["!"] == 0
out.write_bytes(bpe.read_bytes())
print(f"{len(merges)} merges give the {len(words)} ids of {encoder.name}; written to {out}")
