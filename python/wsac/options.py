"""The options of a caption, by the names that the flags of `wsac caption` have."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from wsac.errors import ConfigError

if TYPE_CHECKING:
    from wsac.memory import Memory

__all__ = ["Options", "as_json"]


class Options(TypedDict, total=False):
    """How a recording is captioned; what is not given is the model's own."""

    strategy: Literal["direct", "nearest", "projection"] | None
    """How the gap between audio and text embeddings is bridged."""
    tau: float | None
    """The temperature of the projection: smaller is closer to the nearest caption."""
    top_k: int | None
    """Project on so many of the nearest captions only."""
    beam: int | None
    """Beam width, 1 to 64 (4 by default); 1 is greedy search, as in the paper."""
    sample: bool
    """Whether words are sampled at random: another caption for each seed."""
    temperature: float
    """With `sample`: below 1 is safer, above 1 more varied."""
    top_p: float
    """With `sample`: sample from the likeliest words that make up this probability."""
    seed: int
    """With `sample`: equal seeds give equal captions."""
    gap_map: str | os.PathLike[str] | None
    """First map audio embeddings to text embeddings, with a map of `wsac gap learn`."""
    blend: float
    """How much of the audio embedding is mixed into the decoder's input, 0 to 1."""
    rerank: Literal["similarity", "consensus"] | None
    """Rank all captions found: by their similarity to the audio, or by their agreement."""
    rerank_alpha: float
    """With `rerank`: the weight of a caption's mean log-probability (nats a word)."""
    rerank_widths: Sequence[int]
    """With `rerank`: search with beams of these widths too."""
    rerank_nearest: int
    """With `rerank`: so many of the nearest captions of the memory are candidates too."""
    memory: Memory | str | os.PathLike[str] | None
    """Take the captions of this memory instead of the model's."""


def as_json(options: Mapping[str, Any]) -> str:
    """`options` for the compiled module, which checks them; `None` is what is not given."""
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        try:
            json.dumps(value, default=plain, allow_nan=False)
        except TypeError:
            raise ConfigError(f"{name}: a {type(value).__name__} is no value of an option") from None
        except ValueError:
            raise ConfigError(f"{name}: must be a finite number, not {value}") from None
    return json.dumps(given, default=plain)


def plain(value: object) -> object:
    """A value that JSON does not know: a path, or a number or array of NumPy."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError
