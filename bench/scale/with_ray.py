#!/usr/bin/env python3
"""with_ray.py SOURCE OUT: captions of all recordings below SOURCE (a folder or s3://..) as Parquet in OUT, on Ray.

The same command goes on after whatever stopped it. On a cluster: `ray job submit -- python with_ray.py ..`, without num_cpus.
"""
import os
import sys

import ray
from ray.data import ActorPoolStrategy, DataContext
from ray.data.checkpoint import CheckpointConfig

import wsac.ray

source, out = sys.argv[1:]
# A machine of two cores hangs with its own number: reading and captioning wait for each other.
ray.init(num_cpus=max(4, os.cpu_count() or 1))
# Ray notes each path once its row is written, and leaves those out of the next run.
DataContext.get_current().checkpoint_config = CheckpointConfig(
    id_column="path", checkpoint_path=out + ".done", delete_checkpoint_on_success=False
)
files = ray.data.read_binary_files(source, include_paths=True, file_extensions=["wav", "flac", "mp3", "ogg", "m4a"])
rows = files.map_batches(
    wsac.ray.Captions,
    fn_constructor_kwargs={"most_seconds": 3600.0, "most_bytes": 1 << 30},
    batch_size=32,
    num_cpus=1,
    compute=ActorPoolStrategy(min_size=1, max_size=64),
)
rows.write_parquet(out)
