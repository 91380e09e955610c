"""What the tests share: the example clips, the command, one captioner."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import wsac

CLIPS = Path(__file__).parents[2] / "examples" / "clips"


@pytest.fixture(scope="session")
def clips():
    """The example recordings, as paths."""
    return sorted(str(path) for path in CLIPS.glob("*.ogg"))


@pytest.fixture(scope="session")
def dog():
    return str(CLIPS / "dog.ogg")


@pytest.fixture(scope="session")
def captioner():
    return wsac.Captioner()


@pytest.fixture(scope="session")
def command():
    """The command `wsac` of this package: its JSON rows, or another output as text."""

    def run(*words, rows=True):
        words = [sys.executable, "-m", "wsac", *map(str, words)]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()] if rows else done.stdout

    return run


@pytest.fixture(scope="session")
def samples(dog):
    """A recording as samples [n] and their rate."""
    import numpy as np

    time = np.arange(32_000, dtype=np.float32) / 16_000
    return (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), 16_000
