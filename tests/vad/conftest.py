from tests.transcription.clips import clips

__all__ = ["clips"]
