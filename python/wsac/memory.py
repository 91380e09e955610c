"""`Memory`: captions and their embeddings, which the strategies nearest and projection search."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from wsac import _wsac
from wsac.captions import Neighbour
from wsac.encoder import Encoder
from wsac.errors import ConfigError
from wsac.matrices import rows_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Memory"]


class Memory:
    """Captions and their embeddings. `Memory.build` makes one, `Memory.load` reads one; the same files as `wsac memory`."""

    def __init__(self, core: _wsac.Memory) -> None:
        self._core = core

    @classmethod
    def build(
        cls,
        captions: Sequence[str] | str | os.PathLike[str],
        *,
        encoder: Encoder | None = None,
        dedup: bool | float = False,
        rows: Literal["f32", "f16", "int8"] = "f32",
    ) -> Memory:
        """A memory of `captions`.

        Args:
            captions: A list, or a file: CSV with a header, JSON, JSONL, or text with one a line.
            encoder: What embeds them; the built-in one if None. A captioner needs a memory of its own encoder
                (`captioner.encoder`).
            dedup: Whether each caption is kept once, ignoring case and punctuation; a number also leaves out those whose
                cosine to a kept one is at least that, such as 0.95.
            rows: How embeddings are stored: f16 is half the size and int8 a quarter.

        Raises:
            wsac.Error: There is no caption, or a number is out of range.
        """
        near = None if isinstance(dedup, bool) else float(dedup)
        core = (encoder or Encoder())._core
        return cls(_wsac.Memory.build(captions_of(captions), core, dedup is not False, near, rows))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Memory:
        """The memory in a file. Its rows are mapped, not read into memory.

        Raises:
            wsac.Error: The file cannot be read, or is no memory.
        """
        return cls(_wsac.Memory.load(os.fspath(path)))

    @classmethod
    def _found(cls, memory: Memory | str | os.PathLike[str] | None) -> Memory | None:
        """A memory given as itself or by its file."""
        if memory is None or isinstance(memory, Memory):
            return memory
        if isinstance(memory, (str, os.PathLike)):
            return cls.load(memory)
        raise ConfigError(f"memory is a wsac.Memory or its file, not a {type(memory).__name__}")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the file (safetensors), whole or not at all.

        Raises:
            wsac.Error: It cannot be written.
        """
        self._core.save(os.fspath(path))

    def nearest(self, queries: npt.ArrayLike, k: int = 5) -> Any:
        """The `k` captions nearest to each row of `queries` [n, d], best first: a list of lists of `Neighbour`; for one [d] a
        list of them.

        Raises:
            wsac.Error: The width is that of another encoder, or a row has no direction.
        """
        rows, is_one = rows_of(queries, "queries")
        found = [[Neighbour(*hit) for hit in hits] for hits in self._core.nearest(rows, k)]
        return found[0] if is_one else found

    @property
    def captions(self) -> list[str]:
        """All captions in order."""
        return self._core.captions

    @property
    def embeddings(self) -> npt.NDArray[np.float32]:
        """Their embeddings [n, d], unit rows; a copy."""
        return self._core.embeddings

    @property
    def dim(self) -> int:
        """The width d of an embedding."""
        return self._core.dim

    @property
    def description(self) -> str | None:
        """What its file says about it, such as the encoder's name."""
        return self._core.description

    def __len__(self) -> int:
        return len(self._core)

    def __reduce__(self) -> tuple[Any, ...]:
        return remembered, (self._core.to_bytes(),)

    def __repr__(self) -> str:
        return f"<Memory of {len(self)} captions, {self.description or f'd = {self.dim}'}>"


def remembered(content: bytes) -> Memory:
    """A memory as it was before it was pickled."""
    return Memory(_wsac.Memory.from_bytes(content))


def captions_of(
    captions: Sequence[str] | Sequence[Sequence[str]] | str | os.PathLike[str],
) -> str | list[list[str]]:
    """Captions as the compiled module takes them: a file, or those of each clip."""
    if isinstance(captions, (str, os.PathLike)):
        return os.fsdecode(captions)
    clips: list[list[str]] = []
    for clip in captions:
        texts: list[Any] = list(clip) if isinstance(clip, (list, tuple)) else [clip]
        for text in texts:
            if not isinstance(text, str):
                raise ConfigError(f"a caption is a text, not {text!r}")
        clips.append(texts)
    return clips
