#!/usr/bin/env python3
"""Golden values of the learned metrics: a fluency error detector and a Sentence-BERT, small and with weights of no meaning.

    python3 reference/learned_metrics.py crates/encoders/tests/learned

echecker.ckpt   a checkpoint as FENSE's training saves it: {model_type, num_classes, state_dict}. All its tensors are views
                of one list of numbers (the rows of the word vectors overlap), so that 30,522 words take 125 KB.
sbert/          a folder as sentence-transformers writes it, 2 heads of 8, with 70 words
expected.json   texts with the detector's probabilities, and with the Sentence-BERT's unit embeddings

Texts go through the regular expression and the tokenizer of the originals. Needs torch, transformers, safetensors.
"""
import json, pathlib, re, sys
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, BertTokenizer

OUT = pathlib.Path(sys.argv[1])
VOCABULARY = pathlib.Path(__file__).parent.parent / "models/mini/minilm/vocab.txt"
WORDS = """[PAD] [UNK] [CLS] [SEP] [MASK] a an the is are of on in and while with to . , ! ' - dog cat bird man woman car rain wind water
engine bark sing speak pass ##s ##es ##ing ##ed ##er fall roof tin distance loud ##ly quiet crowd laugh door slam metal birds
dogs people talk walk run ##ning footstep gravel then back ##ground hum machine cafe 2 ##0""".split()
TEXTS = [
    "A dog barks loudly, while birds sing in the distance.",
    "a dog barks",
    "",
    "?!... --",
    "rain falls on a tin roof and and and and",
    "a man speaks then a",
    "Café crowds' laughter - naïve ½ 20 ２ under_score, ①st",
    "दरवाज़ा बंद होता है",
    "鳥が鳴く。 car\tpasses\u00a0by\u2028far\u001caway \u0345x",
    "people walk on gravel with footsteps " * 15,
    "the engine of a machine hums quietly in the background",
    "[SEP] a dog [MASK] barks",
    "ΟΔΟΣ İstanbul ﬁre Straße",
]


def flat(width, layers, heads, vocab, positions):
    return BertConfig(vocab_size=vocab, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
                      intermediate_size=2 * width, max_position_embeddings=positions, type_vocab_size=2)


def tokenizer(words, where):
    path = OUT / where
    path.write_text("".join(w + "\n" for w in words), encoding="utf-8")
    return BertTokenizer(vocab=str(path), do_lower_case=True)


def states(model, tokens, texts, length):
    batch = tokens(texts, truncation=True, padding=True, max_length=length, return_tensors="pt")
    with torch.no_grad():
        x = model(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"]).last_hidden_state
    return x, batch["attention_mask"], [ids[:n] for ids, n in zip(batch["input_ids"].tolist(), batch["attention_mask"].sum(1).tolist())]


def detector():
    """Views of 30,856 numbers: a matrix is a piece of them, rows overlap where it would not fit; norms are near 1."""
    torch.manual_seed(6)
    n, near_one = 30_600, 256
    store = torch.cat([torch.empty(n).uniform_(-0.3, 0.3), torch.empty(near_one).uniform_(0.8, 1.2)])
    model = BertModel(flat(64, 2, 1, 30_522, 512)).eval()
    clf = torch.nn.Linear(64, 6)
    state, at = {}, 0
    shapes = {f"encoder.{k}": v.shape for k, v in model.state_dict().items()} | {f"clf.{k}": v.shape for k, v in clf.state_dict().items()}
    for name, shape in shapes.items():
        width = shape[-1]
        rows = shape[0] if len(shape) == 2 else 1
        if name.endswith("LayerNorm.weight"):
            state[name] = store.as_strided(shape, (1,), n + at % (near_one - width))
        else:
            step = min(width, (n - width) // max(rows - 1, 1))
            room = n - (rows - 1) * step - width
            state[name] = store.as_strided(shape, (step, 1)[-len(shape):], at % (room + 1))
        at += 7919
    model.load_state_dict({k[8:]: v for k, v in state.items() if k.startswith("encoder.")})
    clf.load_state_dict({k[4:]: v for k, v in state.items() if k.startswith("clf.")})
    state["encoder.embeddings.position_ids"] = torch.arange(512)[None]
    torch.save({"model_type": "prajjwal1/bert-tiny", "num_classes": 6, "state_dict": state}, OUT / "echecker.ckpt")
    tokens = BertTokenizer(vocab=str(VOCABULARY), do_lower_case=True)
    plain = [re.sub(r"[^\w\s]", "", text).lower() for text in TEXTS]
    x, _, ids = states(model, tokens, plain, 64)
    p = clf(x[:, 0]).sigmoid()
    return [{"text": t, "plain": q, "ids": i, "probabilities": r} for t, q, i, r in zip(TEXTS, plain, ids, p.tolist())]


def sentence_bert():
    torch.manual_seed(2)
    folder = OUT / "sbert"
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    config = flat(16, 2, 2, len(WORDS), 64)
    model = BertModel(config).eval()
    for name, w in model.state_dict().items():
        near_one = name.endswith("LayerNorm.weight")
        w.uniform_(0.8, 1.2) if near_one else w.uniform_(-0.4, 0.4)
    save_file(model.state_dict(), folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    tokens = tokenizer(WORDS, "sbert/vocab.txt")
    write = lambda name, value: (folder / name).write_text(json.dumps(value, indent=1) + "\n")
    write("config.json", {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 16, "num_attention_heads": 2,
                          "num_hidden_layers": 2, "intermediate_size": 32, "layer_norm_eps": 1e-12, "hidden_act": "gelu"})
    write("modules.json", [{"idx": i, "name": str(i), "path": p, "type": f"sentence_transformers.models.{t}"}
                           for i, (p, t) in enumerate([("", "Transformer"), ("1_Pooling", "Pooling")])])
    write("sentence_bert_config.json", {"max_seq_length": 32, "do_lower_case": False})
    write("1_Pooling/config.json", {"word_embedding_dimension": 16, "pooling_mode_cls_token": False,
                                    "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False,
                                    "pooling_mode_mean_sqrt_len_tokens": False})
    x, mask, ids = states(model, tokens, TEXTS, 32)
    mask = mask[..., None].float()
    e = torch.nn.functional.normalize((x * mask).sum(1) / mask.sum(1))
    return [{"text": t, "ids": i, "embedding": r} for t, i, r in zip(TEXTS, ids, e.tolist())]


OUT.mkdir(parents=True, exist_ok=True)
expected = {"fluency": detector(), "sentences": sentence_bert()}
short = json.loads(json.dumps(expected), parse_float=lambda x: round(float(x), 8))
(OUT / "expected.json").write_text(json.dumps(short, ensure_ascii=False) + "\n", encoding="utf-8")
