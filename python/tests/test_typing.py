"""The types that editors and type checkers are told are those of the compiled module."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_the_stubs_are_those_of_the_module():
    pytest.importorskip("mypy")
    words = [sys.executable, "-m", "mypy.stubtest", "wsac._wsac"]
    environment = {**os.environ, "MYPYPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(words, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
