from tests.transcribe.clips import clips

__all__ = ["clips"]
