"""Where METEOR's word tables lie in this package; the metrics and the command `wsac` read them."""

from pathlib import Path

METEOR_TABLES = Path(__file__).parent / "data" / "meteor" / "meteor-1.5-en.bin"
