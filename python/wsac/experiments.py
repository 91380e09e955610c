"""`experiment`: the paper's grids of data, training strategies, inference strategies and seeds, as a table."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from wsac.errors import Error

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["experiment"]

#: How each message of the command begins.
SAYS = "wsac: "


def experiment(
    config: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    clap: str | os.PathLike[str] | None = None,
    seeds: Sequence[int] | None = None,
    metrics: str | Sequence[str] | None = None,
    precision: str | None = None,
    compat: str | None = None,
    threads: int | None = None,
    quiet: bool = False,
) -> pd.DataFrame | list[dict[str, Any]]:
    """Runs the grid of a TOML file, as `wsac experiment` does, in a process of its own; its progress is on standard error.

    Stop it at any time: the same call goes on. The report, with its figures, is `out`/report/index.html.

    Args:
        config: The experiment, such as configs/probe.toml of the repository.
        out: The experiment's folder; runs/ and the name of the file if None.
        clap: Another encoder than the file names.
        seeds: Seeds to use instead of the file's.
        metrics: Metrics, as for `wsac eval`: a name, or several.
        precision: Data type of the encoder's matrix products, and of training.
        compat: Train as the paper, or as its published code ("reference").
        threads: At most one a core.
        quiet: No progress and no notes.

    Returns:
        A row for each training and inference strategy of each data set, with the mean of each metric over the seeds, its
        spread and its interval: a DataFrame if pandas is installed, else a list of dicts.

    Raises:
        wsac.Error: Nothing could be done; the message is that of the command.
    """
    folder = Path(out) if out is not None else Path("runs") / Path(config).stem
    words = [sys.executable, "-m", "wsac", "experiment", "--config", config, "--out", folder]
    for flag, value in [
        ("--clap", clap),
        ("--seeds", listed(seeds)),
        ("--metrics", listed(metrics)),
        ("--precision", precision),
        ("--compat", compat),
        ("--threads", threads),
    ]:
        if value is not None:
            words += [flag, str(value)]
    words += ["--quiet"] if quiet else []
    # Both outputs are the command's own: progress is shown as it comes, and the last lines say what went wrong.
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        why = shown(process.stderr)
    if process.returncode == 130:
        raise KeyboardInterrupt
    if process.returncode not in (0, 1):
        raise Error(why or f"the experiment ended with exit code {process.returncode}")
    return read(folder / "table.csv")


def shown(lines: IO[bytes]) -> str:
    """Shows each line on standard error as it comes; returns the command's last message, which may have several."""
    message = ""
    for line in lines:
        text = line.decode("utf-8", "replace")
        sys.stderr.write(text)
        message = text.removeprefix(SAYS) if text.startswith(SAYS) else message + text
    return message.rstrip()


def listed(values: str | Sequence[Any] | None) -> str | None:
    if values is None or isinstance(values, str):
        return values
    return ",".join(str(value) for value in values)


def read(table: Path) -> pd.DataFrame | list[dict[str, Any]]:
    """The rows of a table."""
    try:
        import pandas as pd
    except ImportError:
        with open(table, encoding="utf-8", newline="") as file:
            return [{key: number(cell) for key, cell in row.items()} for row in csv.DictReader(file)]
    return pd.read_csv(table)


def number(cell: str) -> float | str | None:
    """A cell as pandas would read it."""
    if not cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return cell
