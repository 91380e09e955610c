"""Caption metrics without Java or torch, under the names that programs of this field use.

`evaluate` is aac-metrics' (0.6.0); `functional` has its functions, `torchmetrics` its classes, `coco` the classes of
pycocoevalcap (1.2). `score` gives the same numbers with intervals and tests. Equal to the originals as
docs/metrics-parity.md says; docs/python-metrics.md shows how to move a program over.
"""

from wsac.metrics._evaluate import METRICS_SETS, Outputs, dcase2023_evaluate, dcase2024_evaluate, evaluate, score
from wsac.metrics._inputs import preprocess_mono_sents, preprocess_mult_sents
from wsac.metrics._scorer import MetricWarning
from wsac.metrics._scores import Comparison, Interval, Scores
from wsac.metrics._tools import MissingTool

__all__ = [
    "METRICS_SETS",
    "Comparison",
    "Interval",
    "MetricWarning",
    "MissingTool",
    "Outputs",
    "Scores",
    "dcase2023_evaluate",
    "dcase2024_evaluate",
    "evaluate",
    "preprocess_mono_sents",
    "preprocess_mult_sents",
    "score",
]
