"""`train`: a captioner from captions alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from wsac import _wsac
from wsac.captioner import Captioner
from wsac.encoder import Encoder
from wsac.errors import ConfigError
from wsac.memory import captions_of
from wsac.options import as_json

__all__ = ["Epoch", "Run", "Step", "train"]


@dataclass(frozen=True)
class Step:
    """One update of the weights."""

    step: int
    """The number of steps done, this one included."""
    loss: float
    """The mean cross-entropy of the batch (nats a token), with dropout and noise."""
    lr: float
    """The learning rate."""
    tokens: int
    """How many tokens the batch has."""


@dataclass(frozen=True)
class Epoch:
    """An epoch that is done and saved."""

    epoch: int
    """The number of epochs done."""
    validation: float | None
    """The mean negative log-likelihood of a token (nats) of the captions held out; None if there are none."""
    seconds: float
    """Time since the run (or its resumption) began."""


@dataclass(frozen=True)
class Run:
    """A run folder: the trained captioner, its settings and its log."""

    folder: Path
    """Where it lies; it can be copied anywhere."""
    validation: float | None
    """The last validation loss (nats a token); None if no caption was held out."""
    already_finished: bool
    """Whether it had finished before, so that there was nothing to do."""

    def captioner(self, **arguments: Any) -> Captioner:
        """The captioner; `arguments` are those of `Captioner`."""
        return Captioner(self.folder, **arguments)

    def log(self) -> list[dict[str, Any]]:
        """All steps (step, loss, lr, tokens) and epochs (step, epoch, validation), in order."""
        with open(self.folder / "log.jsonl", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]


def train(
    captions: Sequence[str] | Sequence[Sequence[str]] | str | os.PathLike[str] | Mapping[str | os.PathLike[str], float],
    out: str | os.PathLike[str],
    *,
    encoder: Encoder | str | os.PathLike[str] = "mini",
    preset: Literal["fast", "paper", "reference"] = "fast",
    config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    compat: Literal["paper", "reference"] | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    lr: float | None = None,
    noise: float | Literal["auto"] | None = None,
    shift: str | os.PathLike[str] | None = None,
    validation: Sequence[str] | str | os.PathLike[str] | None = None,
    gpt2: str | os.PathLike[str] | None = None,
    freeze: bool = False,
    seed: int | None = None,
    precision: Literal["auto", "f32", "bf16"] | None = None,
    resume: bool = False,
    cache: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    on_step: Callable[[Step], object] | None = None,
    on_epoch: Callable[[Epoch], object] | None = None,
) -> Run:
    """Trains a captioner from captions alone, as `wsac train` does: bit for bit the same.

    Ctrl-C, and an exception in a callback, save the run and are raised; `resume=True` goes on, bit for bit as if it had never
    stopped.

    Args:
        captions: A list of captions; a list of lists, the captions of each clip; a file (CSV with a header, JSON, JSONL, or
            text with one a line); or several files and how often an epoch has each: {"a.csv": 1, "b.csv": 0.3}.
        out: The folder of the captioner.
        encoder: What embeds the captions, and later recordings: an `Encoder`, or its name.
        preset: The settings to start from: "fast", the "paper"'s, or those of its published code ("reference").
        config: Settings that replace those of the preset: a TOML file like the train.toml of a run, or a dict.
        compat: The order of normalising, noise and shift: as in the paper, or in its published code.
        epochs: Number of epochs.
        batch: Batch size, in captions.
        lr: The peak learning rate.
        noise: The variance of the noise; "auto" estimates it from captions of one clip, 0 is none.
        shift: Shift embeddings by the gap in this file, which `wsac gap -o FILE` measured.
        validation: Captions for the validation loss; some of `captions` are held out if None.
        gpt2: Start from the GPT-2 in this Hugging Face folder.
        freeze: Train only the mapper; for use with `gpt2`.
        seed: Equal seeds give equal captioners.
        precision: Data type of matrix products.
        resume: Resume the run in `out`.
        cache: Cache the embeddings of captions in this folder; that of the command line if None.
        threads: At most one a core; None is one a core.
        on_step: Called after each step, in the thread that called `train`.
        on_epoch: Called after each epoch, once it is saved.

    Raises:
        wsac.Error: A setting is unknown or out of range, `out` holds another run, or the training diverges.
    """
    choice = encoder._choice if isinstance(encoder, Encoder) else {"name": os.fspath(encoder)}
    own = isinstance(config, Mapping)
    request = {
        "preset": preset,
        "config": None if own else config,
        "settings": dict(config) if isinstance(config, Mapping) else None,
        "compat": compat,
        "epochs": epochs,
        "batch": batch,
        "lr": lr,
        "noise": noise_of(noise),
        "shift": shift,
        "gpt2": gpt2,
        "freeze": freeze,
        "seed": seed,
        "precision": precision,
    }

    def on_event(kind: str, values: str) -> None:
        if kind == "step" and on_step is not None:
            on_step(Step(**json.loads(values)))
        elif kind == "epoch" and on_epoch is not None:
            on_epoch(Epoch(**json.loads(values)))

    last, finished = _wsac.train(
        corpora(captions),
        None if validation is None else captions_of(validation),
        as_json(request),
        as_json(choice),
        os.fspath(out),
        os.fspath(cache or os.environ.get("WSAC_CACHE") or _wsac.cache_folder() or "") or None,
        resume,
        threads,
        on_event,
    )
    return Run(Path(out), last, finished)


def corpora(captions: Any) -> list[tuple[str | list[list[str]], float]]:
    """Captions as the compiled module takes them, and how often an epoch has each."""
    if isinstance(captions, Mapping):
        return [(os.fsdecode(file), float(share)) for file, share in captions.items()]
    return [(captions_of(captions), 1.0)]


def noise_of(noise: float | str | None) -> Any:
    if noise is None or noise == "auto":
        return noise
    if isinstance(noise, str) or not 0 <= noise < float("inf"):
        raise ConfigError(f'noise is "auto", or a variance of 0 or more, not {noise!r}')
    return {"variance": float(noise)}
