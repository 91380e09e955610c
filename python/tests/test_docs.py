"""The code of docs/python.md runs as it stands there, from top to bottom."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "python.md"


def blocks():
    """The Python of the page, block by block; those that need a network or a page are marked `norun`."""
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_page_runs(tmp_path, monkeypatch, capsys):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WSAC_CACHE", str(tmp_path / "cache"))
    names = {"__name__": "docs"}
    missing = []
    for block in blocks():
        try:
            exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102
        except ModuleNotFoundError as error:
            missing.append(error.name)
    told = capsys.readouterr().out
    assert "A dog barking" in told and "gone.wav" in told
    assert (tmp_path / "captions.csv").read_text().count("\n") == 5
    assert (tmp_path / "rooster.srt").exists() and (tmp_path / "runs/mine/config.json").exists()
    assert set(missing) <= {"torch"}


def test_the_demo_tells_captions_and_errors(captioner, dog):
    from wsac.demo import shown

    text, page = shown(captioner, dog)
    assert text == captioner(dog).text and "<audio" in page
    assert shown(captioner, "gone.wav")[0] == "" and "gone.wav" in shown(captioner, "gone.wav")[1]
    assert shown(captioner, None) == ("", "")


def test_the_demo_page_is_built(captioner):
    pytest.importorskip("gradio")
    from wsac.demo import page

    assert page(captioner).fn is not None
