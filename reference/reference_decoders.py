#!/usr/bin/env python3
"""Golden values of the decoders that other people's code trains, small and with weights by formula.

    python3 reference/reference_decoders.py MSCLAP crates/wsac/tests/reference_decoders

MSCLAP is the unpacked wheel of msclap 1.3.4 (`pip download --no-deps msclap==1.3.4`, then unzip). Needs torch, transformers.

clapcap.json  ClapCap's mapper (its own class) over GPT-2: prefix, logits, greedy tokens, and tokens of its own beam search
paper.json    a `TextDecoder` of the paper's code: one linear layer over GPT-2 with more words than are used
Weights are those of crates/tensors/src/weights/synthetic.rs, under the names of the state dicts, listed as `keys`.
"""
import importlib.util, json, pathlib, sys, types
import numpy as np, torch
from transformers import GPT2Config, GPT2LMHeadModel

WHEEL, OUT = map(pathlib.Path, sys.argv[1:])
MASK = (1 << 64) - 1


def fnv(name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def unit(name, n):
    with np.errstate(over="ignore"):
        z = np.uint64(fnv(name)) + (np.arange(n, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**24


def rule(name, shape):
    """The base and the scale of a tensor: base + scale * (2u - 1)."""
    if name.endswith(".bias"):
        return 0, 0.02
    if len(shape) == 1 and name.endswith(".weight"):
        return 1, 0.1
    if name.endswith(("embeddings.weight", ".wte.weight", ".wpe.weight")):
        return 0, 0.05 * 3**0.5
    if name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
        return 0, (3 / shape[0]) ** 0.5
    return 0, (3 / shape[1]) ** 0.5


def fill(module, skip=()):
    """Gives every weight its formula; returns the list of keys."""
    keys, state = [], module.state_dict()
    for name, tensor in state.items():
        if name.endswith(skip):
            continue
        shape = list(tensor.shape)
        base, scale = rule(name, shape)
        values = (base + scale * (2 * unit(name, tensor.numel()) - 1)).astype(np.float32)
        state[name] = torch.from_numpy(values.reshape(shape))
        keys.append([name, "float32", shape])
    module.load_state_dict(state, strict=False)
    return keys


def gpt2(vocab, positions, width, layers, heads):
    config = GPT2Config(vocab_size=vocab, n_positions=positions, n_embd=width, n_layer=layers, n_head=heads)
    return GPT2LMHeadModel(config).eval()


def unit_rows(name, rows, width):
    x = (2 * unit(name, rows * width) - 1).astype(np.float32).reshape(rows, width)
    return torch.from_numpy(x / np.linalg.norm(x, axis=1, keepdims=True))


def greedy(gpt, prefix, stop, most):
    """The likeliest word until `stop`, without a cache."""
    tokens = []
    while len(tokens) < most and (not tokens or tokens[-1] != stop):
        words = gpt.transformer.wte(torch.tensor([tokens], dtype=torch.long))
        logits = gpt(inputs_embeds=torch.cat([prefix[None], words], 1)).logits[0, -1]
        tokens.append(int(logits.argmax()))
    return tokens


def likeliest_end(runs):
    """A word that ends some of the runs early, so that ends are tested."""
    first = {}
    for run in runs:
        for at, word in enumerate(run):
            first.setdefault(word, {}).setdefault(id(run), at)
    ends = (w for w in first if w != 0 and min(first[w].values()) >= 1)  # 0 fills up what has come to its end
    return max(ends, key=lambda w: len(first[w]), default=runs[0][5])


def rounded(x):
    return [float(np.float32(v)) for v in np.asarray(x.detach()).ravel()]


def original(name, wheel_path):
    spec = importlib.util.spec_from_file_location(name, WHEEL / wheel_path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def clapcap():
    mapper = original("msclap.models.mapper", "msclap/models/mapper.py")
    # What the wrapper imports besides is not needed for its search.
    for name, parts in {"torchaudio": [], "torchaudio.transforms": [], "msclap": [], "msclap.models": [],
                        "msclap.models.clap": ["CLAP"], "huggingface_hub.file_download": ["hf_hub_download"],
                        "yaml": []}.items():
        stub = types.ModuleType(name)
        stub.__path__ = []
        for part in parts:
            setattr(stub, part, None)
        sys.modules[name] = stub
    sys.modules["torchaudio"].transforms = sys.modules["torchaudio.transforms"]
    search = original("msclap.CLAPWrapper", "msclap/CLAPWrapper.py").CLAPWrapper._generate_beam

    embedding, width, vocab, learned, rows, most = 24, 128, 160, 5, 4, 12

    class ClapCap(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.gpt = gpt2(vocab, 48, width, 2, 2)
            self.clap_project = mapper.TransformerMapper(embedding, width, learned, rows, num_layers=2)

    model = ClapCap().eval()
    keys = fill(model, skip=("lm_head.weight",))
    x = unit_rows("clapcap/input", 4, embedding)
    prefix = model.clap_project(x).view(-1, learned, width)

    def beams(stop):
        tokenizer = types.SimpleNamespace(encode=lambda _: [stop], decode=lambda ids: [int(i) for i in ids])
        told = types.SimpleNamespace(clapcap=model, tokenizer=tokenizer)
        return [search(told, beam_size=5, embed=p[None], entry_length=most) for p in prefix]

    stop = likeliest_end([run for runs in beams(-1) for run in runs])
    words = torch.tensor([[1, 7, 3]] * 4)
    logits = model.gpt(inputs_embeds=torch.cat([prefix, model.gpt.transformer.wte(words)], 1)).logits[:, learned - 1:]
    return {"keys": keys, "input": rounded(x), "prefix": rounded(prefix), "words": words[0].tolist(),
            "logits": rounded(logits), "stop": stop, "most": most,
            "greedy": [greedy(model.gpt, p, stop, most) for p in prefix], "beams": beams(stop)}


def paper():
    embedding, width, vocab, used, most = 16, 64, 120, 90, 12

    class TextDecoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.decoder = gpt2(vocab, 40, width, 4, 4)
            self.clap_project = torch.nn.Module()
            self.clap_project.model = torch.nn.Sequential(torch.nn.Linear(embedding, width))

    model = TextDecoder().eval()
    keys = fill(model, skip=("lm_head.weight",))
    head = model.decoder.lm_head
    head.weight = torch.nn.Parameter(model.decoder.transformer.wte.weight.detach().clone())
    # Words that are not used are never the likeliest: their logits were only pushed down.
    model.decoder.lm_head.bias = torch.nn.Parameter(torch.where(torch.arange(vocab) < used, 0.0, -1e9))
    x = unit_rows("paper/input", 4, embedding)
    prefix = model.clap_project.model(x)[:, None]
    runs = [greedy(model.decoder, p, -1, most) for p in prefix]
    stop = likeliest_end(runs)
    words = torch.tensor([[1, 7, 3]] * 4)
    logits = model.decoder(inputs_embeds=torch.cat([prefix, model.decoder.transformer.wte(words)], 1)).logits
    return {"keys": keys, "input": rounded(x), "words": words[0].tolist(), "used": used,
            "logits": rounded(logits[..., :used]), "stop": stop, "most": most,
            "greedy": [greedy(model.decoder, p, stop, most) for p in prefix]}


OUT.mkdir(parents=True, exist_ok=True)
with torch.no_grad():
    for name, make in {"clapcap": clapcap, "paper": paper}.items():
        told = make()
        (OUT / f"{name}.json").write_text(json.dumps(told) + "\n")
        print(name, "stop", told["stop"], "greedy", told["greedy"], "beams", told.get("beams"))
