"""The code of docs/python-metrics.md runs as it stands there; that of docs/scaling-out.md is what bench/scale runs."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_page_on_metrics_runs(capsys):
    for block in blocks("python-metrics.md"):
        exec(compile(block, "docs/python-metrics.md", "exec"), {})  # noqa: S102
    assert ", p = " in capsys.readouterr().out


def test_the_programs_of_the_page_on_scale_are_those_that_are_killed():
    for block, name in zip(blocks("scaling-out.md"), ["with_ray.py", "with_daft.py"], strict=True):
        program = (ROOT / "bench" / "scale" / name).read_text(encoding="utf-8")
        assert block.strip() == program.partition('\n"""\n')[2].strip(), name
