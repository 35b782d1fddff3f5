"""The recordings that tests of speech share."""

from tests.transcription.clips import clips

__all__ = ["clips"]
