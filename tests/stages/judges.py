"""A stand-in for Whisper where it is asked which of two readings is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.fixtures.engines import StandIn
from trax.audio import Window
from trax.transcript import Segment
from trax.transcription.transcriber import LanguageGuess


class Judge(StandIn):
    """It likes every reading, and knows which language it hears."""

    def __init__(self, *, english_only: bool = False, language: str = "de") -> None:
        self.english_only = english_only
        self.language = language
        self.asked: list[tuple[str, str]] = []  # language and text of every reading

    def detect_language(self, windows: Sequence[Window], check: Callable[[], None] = lambda: None) -> LanguageGuess:
        assert windows
        return LanguageGuess(self.language, 0.8)

    def readings(
        self, window: Window, language: str, texts: Sequence[str], check: Callable[[], None] = lambda: None
    ) -> list[float | None]:
        self.asked += [(language, text) for text in texts]
        return [0.0] * len(texts)

    def segments(self, position: int, window: Window) -> tuple[Segment, ...]:
        raise AssertionError("nobody asks a judge to transcribe")
