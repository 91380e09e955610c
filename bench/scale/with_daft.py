#!/usr/bin/env python3
"""with_daft.py SOURCE OUT: captions of all recordings below SOURCE (a folder or s3://..) as Parquet in OUT, with Daft.

Work is cut into parts of 64 files in the order of their names; a part that is whole is marked, so the same command goes on after
whatever stopped it. Files that come later go into parts of their own.
"""
import pathlib
import sys

import daft
from daft import col
from daft.functions import download

import wsac.daft

source, out = sys.argv[1], pathlib.Path(sys.argv[2])
captions = wsac.daft.Captions(most_seconds=3600.0, most_bytes=1 << 30)
paths = sorted(daft.from_glob_path(f"{source}/**").select("path").to_pydict()["path"])
whole = [mark.parent for mark in out.glob("part-*/_SUCCESS")]
done = {path for part in whole for path in daft.read_parquet(f"{part}/*.parquet").to_pydict()["path"]}
left, parts = [path for path in paths if path not in done], len(list(out.glob("part-*/_SUCCESS")))
for start in range(0, len(left), 64):
    part = out / f"part-{parts + start // 64:06}"
    files = daft.from_pydict({"path": left[start : start + 64]})
    rows = files.select(captions.rows(col("path"), download(col("path"), on_error="null")))
    rows.write_parquet(str(part), write_mode="overwrite")
    (part / "_SUCCESS").touch()
