"""`wsac.rows`: a row for each recording, whatever is wrong with it, in an order and with columns that never change."""

import pickle
from pathlib import Path

import pytest

from wsac.rows import COLUMNS, RowMaker, schema

CLIP = Path(__file__).parents[2] / "examples/clips/dog.ogg"


@pytest.fixture(scope="module")
def clip():
    return CLIP.read_bytes()


def test_poison_is_a_row_and_the_others_are_captioned(clip):
    rows = RowMaker()(["a.ogg", "empty.wav", "gone.wav", "noise.wav", "b.ogg"], [clip, b"", None, b"noise" * 99, clip])
    assert [row["path"] for row in rows] == ["a.ogg", "empty.wav", "gone.wav", "noise.wav", "b.ogg"]
    assert all(tuple(row) == COLUMNS for row in rows)
    assert rows[0]["caption"] == rows[4]["caption"] and "dog" in rows[0]["caption"].lower()
    assert rows[0]["error"] is None and rows[0]["duration"] == pytest.approx(5.0, abs=0.1)
    assert "is empty" in rows[1]["error"] and rows[2]["error"] == "could not be read" and rows[3]["error"]
    assert all(row["caption"] is row["duration"] is None for row in rows[1:4])


def test_what_is_too_long_or_too_large_is_a_row_with_an_error(clip):
    (row,) = RowMaker(most_seconds=1.0)(["a.ogg"], [clip])
    assert row["caption"] is None and "longer than 1 s" in row["error"] and "a.ogg" not in row["error"]
    (row,) = RowMaker(most_bytes=1000)(["a.ogg"], [clip])
    assert row["error"] == f"has {len(clip)} bytes, more than the 1000 allowed"


def test_timelines_have_segments(clip):
    whole, broken = RowMaker(timeline=True)(["a.ogg", "empty.wav"], [clip, b""])
    assert whole["segments"] and set(whole["segments"][0]) == {"start", "end", "caption"}
    assert whole["caption"] and whole["error"] is None
    assert broken["segments"] is None and "is empty" in broken["error"]


def test_a_column_that_is_all_null_keeps_its_type():
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pylist(RowMaker()(["gone.wav"], [None]), schema=schema())
    assert table.schema == schema() and table.column_names == list(COLUMNS)


def test_the_class_for_ray_gives_tables(clip):
    pytest.importorskip("pyarrow")
    import numpy as np

    from wsac.ray import Captions

    captions = Captions(most_seconds=60.0)
    batch = {"path": np.array(["a.ogg", "empty.wav"], object), "bytes": np.array([clip, b""], object)}
    table = captions(batch)
    assert table.schema == schema() and table["error"].to_pylist()[0] is None
    assert pickle.loads(pickle.dumps(Captions)) is Captions


def test_the_columns_of_daft_are_the_same():
    pytest.importorskip("daft")
    from wsac.daft import ROW

    assert ROW.to_arrow_dtype() is not None
    assert [field.name for field in ROW.to_arrow_dtype()] == list(COLUMNS)
