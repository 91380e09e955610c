#!/usr/bin/env python3
"""Writes a full-size CLAP checkpoint whose weights follow from their names, as its authors' code would have saved it.

    generated_clap.py KEYS.json FRONTEND.safetensors OUT.pt [--key model] [--adam] [--dtype f32|f16|bf16]

KEYS.json lists [name, dtype, shape, rule] as the golden values' `keys/*.json` do; FRONTEND.safetensors holds the mel bank
[513, 64]. `--key` puts the state dict under that name beside an epoch and a config; `--adam` adds optimiser state of
twice its size, as training scripts leave it. Needs numpy, torch, safetensors. The formula is that of
crates/tensors/src/weights/synthetic.rs.
"""
import argparse
import json
import math

import numpy as np
import torch
from safetensors.numpy import load_file

DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def fnv(name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


def unit(seed, count):
    """The first `count` numbers in [0, 1) of the stream `seed`."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**24


def values(name, shape, rule):
    u = unit(fnv(name), math.prod(shape))
    signed = 2 * u - 1
    inputs = math.prod(shape[1:])
    out = {
        "R1a": lambda: 0.1 * signed,
        "R1b": lambda: -20 + 10 * signed,
        "R2a": lambda: 1 + 0.2 * u,
        "R2b": lambda: 300 + 200 * u,
        "R3": lambda: 0.02 * signed,
        "R4": lambda: 1 + 0.1 * signed,
        "R5": lambda: 0.5 * signed,
        "R6": lambda: 0.05 * math.sqrt(3) * signed,
        "R7": lambda: math.sqrt(3 / shape[0]) * signed,
        "R8": lambda: math.sqrt(3 / inputs) * signed,
        "R9": lambda: math.sqrt(6 / inputs) * signed,
    }[rule]()
    return out.astype(np.float32).reshape(shape)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("keys")
    a.add_argument("frontend")
    a.add_argument("out")
    a.add_argument("--key")
    a.add_argument("--adam", action="store_true")
    a.add_argument("--dtype", choices=DTYPES, default="f32")
    a = a.parse_args()
    (bank,) = [v for v in load_file(a.frontend).values() if v.shape == (513, 64)][:1]
    state = {}
    for name, dtype, shape, rule, *_ in json.load(open(a.keys))["keys"]:
        if rule != "keep":
            state[name] = torch.from_numpy(values(name, shape, rule)).to(DTYPES[a.dtype])
        elif name.endswith(".melW"):
            state[name] = torch.from_numpy(bank)
        elif not shape:
            state[name] = torch.tensor(0, dtype=getattr(torch, dtype))
    out = state
    if a.key:
        out = {a.key: state, "epoch": 3, "config": {"name": "generated", "lr": 1e-5, "windows": (1, 2), "none": None}}
    if a.adam:
        floats = [v for v in state.values() if v.is_floating_point() and v.ndim]
        moments = {i: {"step": torch.tensor(1.0), "exp_avg": torch.zeros_like(v), "exp_avg_sq": torch.zeros_like(v)} for i, v in enumerate(floats)}
        out["optimizer"] = {"state": moments, "param_groups": [{"lr": 1e-5, "params": list(range(len(floats)))}]}
    torch.save(out, a.out)


if __name__ == "__main__":
    main()
