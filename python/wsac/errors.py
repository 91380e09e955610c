"""The exceptions of wsac. Each message is a sentence that says what is wrong, where, and what to do."""

__all__ = [
    "AudioError",
    "CaptionsError",
    "ConfigError",
    "Error",
    "FileError",
    "HubError",
    "ModelError",
]


class Error(Exception):
    """Any failure of wsac; the others are kinds of it."""


class FileError(Error, OSError):
    """A file is missing, or cannot be read or written."""


class AudioError(Error):
    """A recording cannot be decoded, or is none."""


class CaptionsError(Error, ValueError):
    """A file or list of captions cannot be understood."""


class ModelError(Error):
    """A model, memory or run folder is damaged, or does not fit the others."""


class HubError(Error):
    """A model is not in the cache of the Hugging Face hub."""


class ConfigError(Error, ValueError):
    """An option is unknown or out of range, or two of them contradict each other."""
