"""Audio captioning offline on a CPU: audio to captions, captions to a captioner, without torch.

import wsac

captioner = wsac.Captioner()
print(captioner("dog.ogg"))
"""

from wsac._wsac import __version__
from wsac.captioner import Captioner
from wsac.captions import Caption, Failure, Neighbour, Sound
from wsac.encoder import Encoder
from wsac.errors import (
    AudioError,
    CaptionsError,
    ConfigError,
    Error,
    FileError,
    HubError,
    ModelError,
)
from wsac.experiments import experiment
from wsac.live import Live
from wsac.mapper import Mapper
from wsac.memory import Memory
from wsac.options import Options
from wsac.timeline import Segment, Timeline
from wsac.training import Epoch, Run, Step, train

__all__ = [
    "AudioError",
    "Caption",
    "Captioner",
    "CaptionsError",
    "ConfigError",
    "Encoder",
    "Epoch",
    "Error",
    "Failure",
    "FileError",
    "HubError",
    "Live",
    "Mapper",
    "Memory",
    "ModelError",
    "Neighbour",
    "Options",
    "Run",
    "Segment",
    "Sound",
    "Step",
    "Timeline",
    "__version__",
    "experiment",
    "train",
]
