"""Captions as people hand them over -> lists of strings, or a sentence on what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from wsac.errors import CaptionsError
from wsac.metrics import _native


def check(candidates: Sequence[str], mult_references: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """The candidates [N] and their references [N][1 or more] as lists.

    Raises ValueError where they are something else, differ in length, are none, or an item has no reference.
    """
    candidates = texts(candidates, "candidates")
    if isinstance(mult_references, str) or not isinstance(mult_references, Iterable):
        raise CaptionsError(
            "mult_references must be a list with a list of references for each candidate, not a "
            f"{type(mult_references).__name__}"
        )
    references = [texts(refs, f"mult_references[{i}]") for i, refs in enumerate(mult_references)]
    if len(candidates) != len(references):
        raise CaptionsError(
            f"{len(candidates)} candidates have {len(references)} lists of references; each candidate needs one"
        )
    if not candidates:
        raise CaptionsError("there are no candidates, so there is nothing to score")
    return candidates, references


def texts(captions: Iterable[str], name: str) -> list[str]:
    """`captions` as a list of strings; raises ValueError, calling them `name`, where they are not that."""
    if isinstance(captions, (str, bytes)) or not isinstance(captions, Iterable):
        raise CaptionsError(f"{name} must be a list of strings, not a {type(captions).__name__}")
    captions = list(captions)
    for i, caption in enumerate(captions):
        if not isinstance(caption, str):
            raise CaptionsError(f"{name}[{i}] must be a string, not a {type(caption).__name__}: {caption!r}")
    return captions


def preprocess_mono_sents(sentences: Sequence[str], *_: object, **__: object) -> list[str]:
    """The tokens of each sentence, joined by spaces, as `evaluate` prepares captions: PTB tokens in small letters without
    punctuation. All sentences stand in one file, as in aac-metrics; its other arguments (paths of Java) do nothing here."""
    return _native.tokenise(texts(sentences, "sentences"))


def preprocess_mult_sents(mult_sentences: Sequence[Sequence[str]], *_: object, **__: object) -> list[list[str]]:
    """`preprocess_mono_sents` of the sentences of all items together, grouped as they were."""
    groups = [texts(group, f"mult_sentences[{i}]") for i, group in enumerate(mult_sentences)]
    return regroup(_native.tokenise, groups)


def regroup(change: Callable[[list[str]], Sequence[str]], groups: list[list[str]]) -> list[list[str]]:
    """The texts of all groups put through `change` together, grouped as they were."""
    flat = [text for group in groups for text in group]
    changed = list(change(flat))
    if len(changed) != len(flat):
        raise CaptionsError(f"preprocess made {len(changed)} sentences of {len(flat)}; it must answer with one for each")
    rest = iter(changed)
    return [[next(rest) for _ in group] for group in groups]
