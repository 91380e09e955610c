#!/usr/bin/env python3
"""Embeddings of generated sounds by the audio towers of laion-clap and panns-inference, with generated weights.

    clap_ears.py SITE OUT_DIR        SITE: a folder that holds the unpacked packages laion_clap and panns_inference

Writes OUT_DIR/laion.json and OUT_DIR/panns.json: {"keys": [[name, dtype, shape], ..], "items": [{"descriptor",
"embedding"}, ..]}. The weights follow from their names (generated_clap.py and crates/tensors/src/weights/synthetic.rs), the
waves from their descriptors; only names and results are stored. laion-clap 1.1.7 without fusion, through its own
`float32_to_int16`, `int16_to_float32` and `get_audio_features`, normalised; panns-inference 0.1.1's Cnn14, its
`embedding`, normalised. Needs numpy, torch, torchlibrosa, librosa.

The packages are not imported as a whole: their __init__ wants plotting, datasets and files from the network. Modules
that only those parts need are stood in for by mocks, and the three functions are taken out of laion_clap's
training/data.py, whose import loads tokenizers.
"""
import ast
import contextlib
import importlib.util
import json
import math
import pathlib
import sys
import types
import unittest.mock

import numpy as np
import torch
import torch.nn.functional as F

from generated_clap import fnv, unit, values

SOUNDS = [
    {"id": "ears_1s", "seconds": 1.0, "partials": [[0.4, 330.0, 0.0, 0.2], [0.2, 2100.0, 700.0, 1.1]], "am": [0.4, 4.0], "noise": 0.04},
    {"id": "ears_loud", "seconds": 3.7, "partials": [[0.9, 180.0, 40.0, 0.0], [0.5, 4000.0, -500.0, 0.9]], "am": [0.6, 0.7], "noise": 0.1},
    {"id": "ears_10s", "seconds": 10.0, "partials": [[0.2, 700.0, 90.0, 2.0], [0.3, 90.0, 3.0, 0.5]], "am": [0.2, 1.3], "noise": 0.01},
]


def wave(sound, rate):
    t = np.arange(round(sound["seconds"] * rate)) / rate
    tones = sum(a * np.sin(2 * math.pi * (f * t + 0.5 * r * t * t) + p) for a, f, r, p in sound["partials"])
    depth, cycles = sound["am"]
    noise = 2 * unit(fnv("wave:" + sound["id"]), len(t)) - 1
    return ((1 + depth * np.sin(2 * math.pi * cycles * t)) * tones + sound["noise"] * noise).astype(np.float32)


def rule(name, shape):
    mel_bins = ".bn0." in name or ".batch_norm." in name
    if not shape or ".stft.conv_" in name or name.endswith((".melW", ".attn_mask")):
        return None
    if name.endswith(".running_mean"):
        return "R1b" if mel_bins else "R1a"
    if name.endswith(".running_var"):
        return "R2b" if mel_bins else "R2a"
    if name.endswith(".bias"):
        return "R3"
    if len(shape) == 1:
        return "R4"
    if name.endswith(".relative_position_bias_table"):
        return "R5"
    return "R8" if len(shape) == 2 else "R9"


def generate(model, prefix=""):
    """Gives `model` its weights; returns the list of keys, under the names that a checkpoint has."""
    keys, state = [], model.state_dict()
    for name, old in state.items():
        full, shape = prefix + name, list(old.shape)
        keys.append([full, str(old.dtype).removeprefix("torch."), shape])
        if old.is_floating_point() and rule(full, shape):
            state[name] = torch.from_numpy(values(full, shape, rule(full, shape)))
    model.load_state_dict(state)
    model.eval()
    return keys


def module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def package(name, folder):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [str(folder)]
    return folder


def functions(path, *names):
    """The functions called `names` of the Python file at `path`, without the rest of it."""
    tree = ast.parse(path.read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]
    space = {"np": np, "torch": torch, "F": F, "suppress": contextlib.suppress}
    exec(compile(tree, str(path), "exec"), space)
    return [space[name] for name in names]


def write(out, keys, items):
    lines = lambda entries: ",\n".join(json.dumps(e, separators=(",", ":")) for e in entries)
    out.write_text('{"keys":[\n%s\n],\n"items":[\n%s\n]}\n' % (lines(keys), lines(items)))


def unit_row(x):
    # Nine digits tell every f32 apart; seven are well below the tolerance of the test.
    return [float("%.7g" % v) for v in F.normalize(x, dim=-1)[0].tolist()]


@torch.no_grad()
def laion(site, out):
    folder = package("laion", site / "laion_clap/clap_module")
    htsat = module("laion.htsat", folder / "htsat.py")
    cfg = json.loads((folder / "model_configs/HTSAT-tiny.json").read_text())["audio_cfg"]
    branch = htsat.create_htsat_model(types.SimpleNamespace(**cfg, enable_tscam=True))
    # As laion_clap/clap_module/model.py makes it for HTSAT-tiny with RoBERTa.
    projection = torch.nn.Sequential(torch.nn.Linear(768, 512), torch.nn.ReLU(), torch.nn.Linear(512, 512))
    keys = generate(branch, "audio_branch.") + generate(projection, "audio_projection.")
    to_int, to_float, features = functions(
        site / "laion_clap/training/data.py", "float32_to_int16", "int16_to_float32", "get_audio_features"
    )
    items = []
    for sound in SOUNDS:
        x = torch.from_numpy(to_float(to_int(wave(sound, 48000)))).float()
        sample = features({}, x, 480000, "rand_trunc", "repeatpad", cfg)
        latent = branch({"waveform": sample["waveform"][None], "longer": sample["longer"]}, device="cpu")["embedding"]
        items.append({"descriptor": sound, "embedding": unit_row(projection(latent))})
    write(out / "laion.json", keys, items)


@torch.no_grad()
def panns(site, out):
    folder = package("panns", site / "panns_inference")
    models = module("panns.models", folder / "models.py")
    network = models.Cnn14(sample_rate=32000, window_size=1024, hop_size=320, mel_bins=64, fmin=50, fmax=14000, classes_num=527)
    keys = generate(network)
    embed = lambda sound: network(torch.from_numpy(wave(sound, 32000))[None])["embedding"]
    write(out / "panns.json", keys, [{"descriptor": s, "embedding": unit_row(embed(s))} for s in SOUNDS[:2]])


def main():
    site, out = map(pathlib.Path, sys.argv[1:3])
    for name in ["torchvision", "torchvision.ops", "torchvision.ops.misc", "h5py", "tqdm", "matplotlib", "matplotlib.pyplot"]:
        sys.modules[name] = unittest.mock.MagicMock()
    laion(site, out)
    panns(site, out)


if __name__ == "__main__":
    main()
