"""Audio captioning offline on a CPU: audio to captions, captions to a captioner, without torch."""

from wsac._wsac import __version__

__all__ = ["__version__"]
