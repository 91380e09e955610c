#!/usr/bin/env python3
"""Golden values of the caption metrics in Python, by the originals: aac-metrics 0.6.0 and pycocoevalcap 1.2.

    LC_ALL=C.UTF-8 python3 -O reference/caption_metrics.py python/tests/golden

items.json       captions made up for this: candidates with one to four references
expected.json    aac-metrics' answers to evaluate and to single functions; pycocoevalcap's to its classes
roberta/         a small RoBERTa with weights of no meaning, for BERTScore

The small Sentence-BERT and detector are those of crates/encoders/tests/learned. Needs aac-metrics, pycocoevalcap, torch,
transformers, sentence-transformers, tokenizers and Java. (-O: aac-metrics refuses Java 14 and newer by an assertion.)
"""
import json, pathlib, shutil, sys, tempfile
import torch
from safetensors.torch import save_file
from tokenizers import ByteLevelBPETokenizer
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, BertTokenizer, RobertaConfig, RobertaModel

ROOT = pathlib.Path(__file__).parent.parent
LEARNED = ROOT / "crates/encoders/tests/learned"
OUT = pathlib.Path(sys.argv[1])
ITEMS = [
    ("A dog barks loudly, while birds sing.", ["A dog barks.", "Loud barking of a dog and birds' song", "Birds sing as a dog barks!"]),
    ("Rain falls on a tin roof.", ["Rain is falling on a roof.", "The rain patters on the tin roof", "Rain.", "It's raining hard"]),
    ("A man speaks, then a door slams.", ["A man is talking and then a door slams shut"]),
    ("people walk on gravel", ["Footsteps on gravel.", "Somebody walks over gravel", "People are walking on gravel outside"]),
    ("A car passes by at 50km/h (twice).", ["A car passes.", "Two cars pass by", "Cars are passing by on a wet road"]),
    ("", ["Silence.", "Nothing can be heard"]),
    ("An engine hums and hums and hums and hums", ["The engine of a machine hums", "A machine is running in the background"]),
    ("A crowd laughs -- and someone coughs...", ["The crowd's laughter", "People laugh, someone coughs", "An audience laughs"]),
    ("Water drips into a sink", ["water is dripping into the sink", "Water drips", "Dripping water", "A tap drips in a kitchen"]),
    ("A bell rings.", ["Bells ring in the distance.", "A church bell is ringing", "A bell rings."]),
    ("Caf\u00e9 chatter \u2013 cups, plates & a na\u00efve song", ["People chat in a cafe", "Caf\u00e9 noise: cups and plates"]),
    ("Wind blows.", ["The wind is blowing strongly", "Strong wind", "Wind blows through trees and leaves rustle"]),
]


def roberta():
    """Two layers of width 32 over the bytes and the words of the items."""
    torch.manual_seed(4)
    folder = OUT / "roberta"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = ByteLevelBPETokenizer()
    texts = [text.lower() for candidate, references in ITEMS for text in [candidate, *references]]
    tokenizer.train_from_iterator(texts, vocab_size=400, min_frequency=2, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.save_model(str(folder))
    words = tokenizer.get_vocab_size()
    config = RobertaConfig(vocab_size=words, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
                           max_position_embeddings=80, type_vocab_size=1, layer_norm_eps=1e-5)
    model = RobertaModel(config, add_pooling_layer=False).eval()
    for name, w in model.state_dict().items():
        if w.is_floating_point():
            w.uniform_(0.8, 1.2) if name.endswith("LayerNorm.weight") else w.uniform_(-0.3, 0.3)
    model.half().float().save_pretrained(folder)
    save_file({k: v.half() for k, v in model.state_dict().items() if v.is_floating_point()}, folder / "model.safetensors")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "RobertaTokenizer", "model_max_length": 64}) + "\n")
    return folder


def java_tools(folder):
    """The jars of pycocoevalcap where aac-metrics looks for them."""
    import pycocoevalcap

    own = pathlib.Path(pycocoevalcap.__path__[0])
    for name, target in [("stanford_nlp/stanford-corenlp-3.4.1.jar", own / "tokenizer/stanford-corenlp-3.4.1.jar"),
                         ("meteor/meteor-1.5.jar", own / "meteor/meteor-1.5.jar"), ("meteor/data", own / "meteor/data")]:
        link = pathlib.Path(folder) / "aac-metrics" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    return str(folder)


def plain(value):
    """Tensors and arrays as numbers and lists."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value.tolist() if hasattr(value, "tolist") else value


def detector():
    """The detector as aac-metrics would load it, if the hub had its BERT."""
    from aac_metrics.functional.fer import BERTFlatClassifier

    checkpoint = torch.load(LEARNED / "echecker.ckpt", weights_only=False)
    state = checkpoint["state_dict"]
    state.pop("encoder.embeddings.position_ids")
    model = BERTFlatClassifier.__new__(BERTFlatClassifier)
    torch.nn.Module.__init__(model)
    model.model_type = checkpoint["model_type"]
    config = BertConfig(vocab_size=30522, hidden_size=64, num_hidden_layers=2, num_attention_heads=1, intermediate_size=128)
    model.encoder, model.dropout, model.clf = BertModel(config), torch.nn.Dropout(0.1), torch.nn.Linear(64, 6)
    model.load_state_dict(state)
    tokens = BertTokenizer(vocab_file=str(ROOT / "models/mini/minilm/vocab.txt"), do_lower_case=True)
    return model.eval(), tokens


def sentence_bert():
    from sentence_transformers import SentenceTransformer, models

    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(LEARNED / "sbert", folder, dirs_exist_ok=True)
        config = json.loads((LEARNED / "sbert/config.json").read_text())
        config |= {"vocab_size": len((LEARNED / "sbert/vocab.txt").read_text().split("\n")) - 1, "max_position_embeddings": 64}
        pathlib.Path(folder, "config.json").write_text(json.dumps(config))
        BertTokenizer(vocab_file=folder + "/vocab.txt", do_lower_case=True).save_pretrained(folder)
        transformer = models.Transformer(folder, max_seq_length=32)
        return SentenceTransformer(modules=[transformer, models.Pooling(16, pooling_mode="mean")], device="cpu")


def aac(candidates, references):
    import aac_metrics
    from aac_metrics import functional
    from aac_metrics.utils.tokenization import preprocess_mono_sents, preprocess_mult_sents

    with tempfile.TemporaryDirectory() as folder:
        java = {"cache_path": java_tools(folder)}
        metrics = ["bleu", "bleu_1", "bleu_2", "bleu_3", "bleu_4", "meteor", "rouge_l", "cider_d", "vocab"]
        evaluated = aac_metrics.evaluate(candidates, references, metrics=metrics, device="cpu", **java)
        tokens, many = preprocess_mono_sents(candidates, **java), preprocess_mult_sents(references, **java)
    checker, words = detector()
    similar = {"sbert_model": sentence_bert(), "device": "cpu"}
    errors = {"echecker": checker, "echecker_tokenizer": words, "device": "cpu"}
    folder = roberta()
    model = AutoModel.from_pretrained(folder, torch_dtype=torch.float32, add_pooling_layer=False).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return {
        "version": aac_metrics.__version__,
        "tokens": [tokens, many],
        "evaluate": evaluated,
        "sbert_sim": functional.sbert_sim(tokens, many, **similar),
        "fer": functional.fer(tokens, return_probs=True, **errors),
        "fense": functional.fense(tokens, many, **(similar | errors)),
        "bert_score_mrefs": bert_score(tokens, many, model, tokenizer),
    }


def bert_score(candidates, references, model, tokenizer):
    """As bert_score_mrefs, a pair at a time: torchmetrics 1.9.0 sorts the sentences of a call by length and does not put
    their states back in order, so that it compares sentences that do not belong together."""
    from torchmetrics.functional.text.bert import bert_score as of_pair

    each = {f"bert_score.{key}": [] for key in ("precision", "recall", "f1")}
    for candidate, group in zip(candidates, references):
        pairs = [of_pair([candidate], [r], model=model, user_tokenizer=tokenizer, max_length=64) for r in group]
        for key in each:
            best = torch.stack([torch.as_tensor(pair[key.removeprefix("bert_score.")]).reshape(()) for pair in pairs]).max()
            each[key].append(best.nan_to_num(0.0).item())
    return {key: sum(values) / len(values) for key, values in each.items()}, each


def coco(candidates, references):
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.meteor.meteor import Meteor
    from pycocoevalcap.rouge.rouge import Rouge
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    tokenizer = PTBTokenizer()
    gts = tokenizer.tokenize({str(i): [{"caption": c} for c in refs] for i, refs in enumerate(references)})
    res = tokenizer.tokenize({str(i): [{"caption": c}] for i, c in enumerate(candidates)})
    scorers = {"Bleu": Bleu(4), "Meteor": Meteor(), "Rouge": Rouge(), "Cider": Cider()}
    return {"gts": gts, "res": res} | {name: scorer.compute_score(gts, res) for name, scorer in scorers.items()}


OUT.mkdir(parents=True, exist_ok=True)
candidates, references = [c for c, _ in ITEMS], [r for _, r in ITEMS]
expected = {"aac": aac(candidates, references), "coco": coco(candidates, references)}
write = lambda name, value: (OUT / name).write_text(json.dumps(plain(value), ensure_ascii=False) + "\n", encoding="utf-8")
write("items.json", {"candidates": candidates, "references": references})
write("expected.json", expected)
