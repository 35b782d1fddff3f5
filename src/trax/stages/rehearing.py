"""Doubtful windows, heard again in several ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from trax.audio import Waveform, Window
from trax.flow import Memory, Request
from trax.passes.foreign import SURE_LANGUAGE
from trax.passes.hearings import Hearing, Role
from trax.passes.names import prompt_of
from trax.passes.quieter import quieter
from trax.stopwatch import Stopwatch
from trax.timeline import Seconds
from trax.transcript import Segment
from trax.transcription.transcriber import Listening, Transcriber, WindowResult

ALTERNATIVES: Final = 5  # readings of each hearing
WIDEST: Final = 5  # of the search, at least: what is in doubt is worth it
QUIET: Final[frozenset[Role]] = frozenset({"again", "second again"})  # with the noise turned down


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A window that is heard again, and the words that are there now."""

    number: int  # from 0, in the file
    window: Window
    start: int  # words of the transcript, half open
    end: int
    silence: float  # the model's own probability that nobody spoke


@dataclass(frozen=True, slots=True)
class Rehearing:
    """The models that hear again, and what they are told."""

    engines: Mapping[Role, Transcriber]
    language: str
    request: Request
    memory: Memory
    check: Callable[[], None]
    watch: Stopwatch
    names: tuple[str, ...] = ()  # that the recording is known to have
    is_told: bool = False  # the language, by the user: there is no other one

    def identity(self) -> dict[str, Any]:
        """Everything that shapes what is heard: where one of these differs, nothing is taken over."""
        heard_by = {role: _facts(engine) for role, engine in self.engines.items()}
        return {"stage": "v3", "language": self.language, "hearings": heard_by, "request": self.request.as_json()}

    def hear(self, batch: Sequence[Doubtful], known: Mapping[int, WindowResult]) -> list[list[Hearing]]:
        """All hearings of each window; `known` are those of an earlier attempt."""
        found: list[list[Hearing]] = [[] for _ in batch]
        with self.watch.stage("denoise"):
            quiet = [_quieter(one.window) for one in batch]
        for place, (role, engine) in enumerate(self.engines.items()):
            windows = quiet if role in QUIET else [one.window for one in batch]
            positions = [one.number * len(self.engines) + place for one in batch]
            for hearings, result in zip(found, self._heard(engine, windows, positions, known), strict=True):
                words = tuple(word for segment in result.segments for word in segment.words)
                hearings.append(Hearing(role, words, result.readings))
        return found

    def hear_named(self, window: Window, names: Sequence[str]) -> Hearing:
        """What the first model makes of it, once it was told of the names."""
        engine = next(iter(self.engines.values()))
        options = replace(self.request.transcribe, initial_prompt=prompt_of(names))
        [result] = engine.transcribe([window], self.language, options, Listening(check=self.check))
        return Hearing("named", tuple(word for segment in result.segments for word in segment.words))

    def readings(self, window: Window, texts: Sequence[str]) -> list[float | None]:
        """How probable each text is as what is said in the window, by the first model."""
        return next(iter(self.engines.values())).readings(window, self.language, texts, self.check)

    def hear_alone(self, windows: Sequence[Window]) -> Iterator[WindowResult]:
        """Stretches without words as windows of their own, as they sound, by the first model."""
        engine = next(iter(self.engines.values()))
        listening = Listening(check=self.check)
        return engine.transcribe(windows, self.language, self.request.transcribe, listening)

    def hear_foreign(self, window: Window) -> tuple[str, tuple[Segment, ...]] | None:
        """The language of a window and what is heard as that, by a model that knows several; None: it is no other."""
        engine = next((engine for engine in self.engines.values() if not engine.english_only), None)
        if engine is None or self.is_told:
            return None
        guess = engine.detect_language([window], self.check)
        if guess.language == self.language or guess.probability < SURE_LANGUAGE:
            return None
        [result] = engine.transcribe([window], guess.language, self.request.transcribe, Listening(check=self.check))
        return guess.language, result.segments

    def _heard(
        self,
        engine: Transcriber,
        sound: Sequence[Window],
        positions: Sequence[int],
        known: Mapping[int, WindowResult],
    ) -> Iterator[WindowResult]:
        options = self.request.transcribe
        options = replace(options, beam_size=max(WIDEST, options.beam_size), alternatives=ALTERNATIVES)

        def heard(place: int, result: WindowResult, seconds: Mapping[str, Seconds]) -> None:
            self.watch.add(seconds)
            with self.watch.stage("store"):
                self.memory.keep(positions[place], result, sum(seconds.values()))

        old = {place: known[position] for place, position in enumerate(positions) if position in known}
        return engine.transcribe(sound, self.language, options, Listening(old, self.check, heard))


def _facts(engine: Transcriber) -> dict[str, Any]:
    from trax.stages.transcribe import WORDLESS

    return {name: fact for name, fact in engine.description().items() if name not in WORDLESS}


def _quieter(window: Window) -> Window:
    waveform = window.waveform
    return replace(window, waveform=Waveform(quieter(waveform.samples), waveform.start_sample))
