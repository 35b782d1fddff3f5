"""An engine that loses windows, repeats itself and speaks where nobody does; what it hears is real."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from trax.audio import Window
from trax.transcript import Segment, Word
from trax.transcription.transcriber import (
    LanguageGuess,
    Listening,
    TranscribeOptions,
    Transcriber,
    WindowResult,
)

Fault = Callable[[WindowResult], WindowResult]


class Faulty:
    """A transcriber with faults in some of its windows, by their number."""

    def __init__(self, engine: Transcriber, faults: Mapping[int, Fault]) -> None:
        self._engine, self._faults = engine, faults

    @property
    def english_only(self) -> bool:
        return self._engine.english_only

    def description(self) -> dict[str, Any]:
        return self._engine.description()

    def detect_language(self, windows: Sequence[Window], check: Callable[[], None] = lambda: None) -> LanguageGuess:
        return self._engine.detect_language(windows, check)

    def readings(
        self, window: Window, language: str, texts: Sequence[str], check: Callable[[], None] = lambda: None
    ) -> list[float | None]:
        return self._engine.readings(window, language, texts, check)

    def transcribe(
        self,
        windows: Iterable[Window],
        language: str,
        options: TranscribeOptions = TranscribeOptions(),
        listening: Listening = Listening(),
    ) -> Iterator[WindowResult]:
        for number, result in enumerate(self._engine.transcribe(windows, language, options, listening)):
            yield self._faults[number](result) if number in self._faults else result


def blank(result: WindowResult) -> WindowResult:
    """Nothing was heard."""
    return replace(result, segments=())


def looped(result: WindowResult) -> WindowResult:
    """The first three words over and over, in place of all others."""
    segment = result.segments[0]
    words = [word for one in result.segments for word in one.words]
    made = [replace(word, text=words[place % 3].text) for place, word in enumerate(words)]
    return replace(result, segments=(_segment(segment, made),))


def cut_short(result: WindowResult) -> WindowResult:
    """The second half was lost."""
    words = [word for one in result.segments for word in one.words]
    return replace(result, segments=(_segment(result.segments[0], words[: len(words) // 2]),))


def _segment(segment: Segment, words: Sequence[Word]) -> Segment:
    text = "".join(word.text for word in words).strip()
    return replace(segment, end=words[-1].end, text=text, words=tuple(words))
