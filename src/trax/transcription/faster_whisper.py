"""The engine: Whisper on CTranslate2, with faster-whisper's tokenizer, features and aligner."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from trax.audio import SAMPLE_RATE, Waveform, Window
from trax.errors import LanguageUnsupported, ModelUnavailable, first_line
from trax.timeline import Seconds
from trax.transcription.device import EnginePlan, plan
from trax.transcription.dispatch import Dispatcher, Line, Stop
from trax.transcription.encoder_choice import choose, open_ahead
from trax.transcription.encoders import CTranslate2Encoder, Encoder
from trax.transcription.hearing import FRAMES, Ears, Heard, ToHear, features
from trax.transcription.memory import fitted
from trax.transcription.models import ResolvedModel
from trax.transcription.transcriber import LanguageGuess, Listening, TranscribeOptions, WindowResult
from trax.transcription.waiting import CHECK_EVERY, result_of

DEFAULT_OPTIONS = TranscribeOptions()
NOBODY = Listening()
LANGUAGE_WINDOWS = 3
STAKES = ((64, 64), (24, 4), (0, 2))  # windows heard, windows in one batch: at last as many as the engine takes
RECORDED_PACKAGES = ("trax-transcripts", "ctranslate2", "faster-whisper", "onnxruntime", "av")


def load(
    model: ResolvedModel,
    *,
    device: str = "auto",
    compute_type: str = "auto",
    threads: int = 0,
    batch_size: int = 0,
    memory: int | None = None,
    encoder: str = "auto",
    cache_folder: Path | None = None,
) -> FasterWhisperTranscriber:
    """The engine with the weights of `model`, ready to run.

    A GPU that turns out not to work is passed over where `device` is "auto"; `description()["notes"]` says so.
    `encoder` is auto, ctranslate2 or openvino; what is measured and compiled for it is kept in `cache_folder`.

    Raises: UsageError: a device, compute type or encoder that isn't there. ModelUnavailable: the weights can't be
        loaded.
    """
    chosen = fitted(model.path, plan(device, compute_type, threads, batch_size), memory)
    ahead = open_ahead(model, chosen, encoder, cache_folder, memory)
    try:
        engine = _engine(model, chosen)
    except Exception as error:  # CTranslate2, tokenizers and CUDA each raise what they like
        if chosen.device == "cpu" or device != "auto":
            raise _broken(model, error) from error
        fallback = fitted(model.path, plan("cpu", "auto", threads, batch_size), memory)
        chosen = replace(fallback, notes=(f"the GPU was found but doesn't work: {first_line(error)}",))
        try:
            engine = _engine(model, chosen)
        except Exception as second:  # it wasn't the GPU
            raise _broken(model, second) from second
    hearing, notes = choose(model, engine.model, chosen, encoder, cache_folder, ahead, memory)
    return FasterWhisperTranscriber(engine, hearing, model, replace(chosen, notes=(*chosen.notes, *notes)))


def _engine(model: ResolvedModel, chosen: EnginePlan) -> Any:
    from faster_whisper import WhisperModel

    engine = WhisperModel(
        str(model.path),
        device=chosen.device,
        compute_type=chosen.compute_type,
        cpu_threads=chosen.threads_per_worker,
        num_workers=chosen.workers,
        local_files_only=True,
    )
    if chosen.device == "cuda":  # missing CUDA libraries show at the first computation, not before
        silence = np.zeros(SAMPLE_RATE, dtype=np.float32)
        CTranslate2Encoder(engine.model, chosen.compute_type)(features(engine, Window(Waveform(silence), ()), FRAMES))
    return engine


def _broken(model: ResolvedModel, error: Exception) -> ModelUnavailable:
    return ModelUnavailable(
        f"The weights of {model.name} in {model.path} can't be loaded: {first_line(error)}.",
        "Remove the folder and let Trax fetch the model again, or choose another model.",
    )


class FasterWhisperTranscriber:
    """A loaded model. Calls may come from any number of threads: the windows of all are heard in the same batches."""

    def __init__(self, engine: Any, encoder: Encoder, model: ResolvedModel, chosen: EnginePlan) -> None:
        self._engine = engine  # faster_whisper.WhisperModel
        self._ears = Ears(engine, encoder)
        self._encoder = encoder
        self._model = model
        self._plan = chosen
        self._dispatcher: Dispatcher[Work, Any] = Dispatcher(self._run, workers=chosen.workers, batch=chosen.batch_size)

    @property
    def english_only(self) -> bool:
        return self._model.english_only or not self._engine.model.is_multilingual

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being heard, and nothing waits to be."""
        return self._dispatcher.is_idle

    def wait_until_idle(self, timeout: Seconds) -> bool:
        """Whether the engine fell idle in that time."""
        return self._dispatcher.wait_until(lambda: self._dispatcher.is_idle, timeout)

    def description(self) -> dict[str, Any]:
        return {
            "engine": "faster-whisper",
            "model": self._model.name,
            "revision": self._model.revision,
            "source": self._model.source,
            "english_only": self.english_only,
            "device": self._plan.device,
            "compute_type": self._plan.compute_type,
            "encoder": self._encoder.name,
            "workers": self._plan.workers,
            "threads_per_worker": self._plan.threads_per_worker,
            "batch_size": self._plan.batch_size,
            "notes": list(self._plan.notes),
            "versions": {package: version(package) for package in self._packages()},
        }

    def _packages(self) -> tuple[str, ...]:
        return (*RECORDED_PACKAGES, "openvino") if self._encoder.name.startswith("openvino") else RECORDED_PACKAGES

    def detect_language(self, windows: Sequence[Window], check: Callable[[], None] = NOBODY.check) -> LanguageGuess:
        if self.english_only:
            return LanguageGuess("en", 1.0)
        heard = list(windows[:LANGUAGE_WINDOWS])
        sums: dict[str, float] = {}
        with self._dispatcher.line() as line:
            futures = [line.submit(ToTell(window), "language") for window in heard]
            for future in futures:
                for language, probability in result_of(future, check):
                    sums[language] = sums.get(language, 0.0) + probability / len(heard)
        if not sums:
            return LanguageGuess("en", 0.0)
        best = max(sums, key=lambda language: sums[language])
        return LanguageGuess(best, sums[best])

    def transcribe(
        self,
        windows: Iterable[Window],
        language: str,
        options: TranscribeOptions = DEFAULT_OPTIONS,
        listening: Listening = NOBODY,
    ) -> Iterator[WindowResult]:
        self._check_language(language)
        with self._dispatcher.line() as line:
            yield from _Conversation(line, language, options, listening).results(windows)

    def readings(
        self, window: Window, language: str, texts: Sequence[str], check: Callable[[], None] = NOBODY.check
    ) -> list[float | None]:
        if self.english_only and language != "en":
            return [None] * len(texts)
        with self._dispatcher.line() as line:
            found: list[float | None] = result_of(
                line.submit(ToScore(window, language, tuple(texts)), "readings"), check
            )
        return found

    def _run(self, works: Sequence[Work], stop: Stop) -> Sequence[Any]:
        """What the engine's threads do with a batch."""
        to_hear = [work for work in works if isinstance(work, ToHear)]
        if to_hear:  # a batch is of one kind
            return self._ears.hear(to_hear, stop)
        return [self._other(work) for work in works if not isinstance(work, ToHear)]

    def _other(self, work: ToTell | ToScore) -> Any:
        if isinstance(work, ToScore):
            return self._ears.scores(work.window, work.language, work.texts)
        return self._ears.languages(work.window)

    def _check_language(self, language: str) -> None:
        if self.english_only and language != "en":
            raise LanguageUnsupported(
                f"The model {self._model.name} knows only English, and the language is {language}.",
                "Choose a multilingual model, such as large-v3-turbo (--model large-v3-turbo).",
            )
        if language not in self._engine.supported_languages:
            raise LanguageUnsupported(
                f"The model {self._model.name} doesn't know the language {language!r}.",
                "Give a code of ISO 639-1 that Whisper knows, such as en, de, fr or ja.",
            )


@dataclass(frozen=True, slots=True)
class ToTell:
    """A window whose language is to be told."""

    window: Window


@dataclass(frozen=True, slots=True)
class ToScore:
    """A window of which several readings are to be compared."""

    window: Window
    language: str
    texts: tuple[str, ...]


Work = ToHear | ToTell | ToScore


@dataclass(slots=True)
class _Awaited:
    """A window that was handed to the engine, or is known already."""

    position: int
    future: Future[Heard] | None  # None: it is known
    reported: bool = False

    @property
    def is_over(self) -> bool:
        return self.future is None or self.future.done()


def stake_after(heard: int) -> int:
    """How many windows of one caller may be in a batch when so many of them have been heard.

    A process that dies loses its batches as a whole: what it has at stake is to stay small beside what it has done.
    """
    return next(stake for least, stake in STAKES if heard >= least)


class _Conversation:
    """One caller's windows on their way through the engine, several at a time, and back in their order."""

    def __init__(self, line: Line[Work, Any], language: str, options: TranscribeOptions, listening: Listening) -> None:
        self._line = line
        self._language = language
        self._options = options
        self._listening = listening
        self._heard = 0
        self._running: deque[_Awaited] = deque()

    def results(self, windows: Iterable[Window]) -> Iterator[WindowResult]:
        """One result per window, in order."""
        numbered = enumerate(windows)
        exhausted = False
        while self._running or not exhausted:
            self._listening.check()
            self._report()
            if self._running and self._running[0].is_over:
                yield self._result(self._running.popleft())
            elif not exhausted and self._line.has_room:
                following = next(numbered, None)
                exhausted = following is None
                if following is not None:
                    self._submit(*following)
            else:
                self._wait(exhausted=exhausted)

    def _submit(self, position: int, window: Window) -> None:
        if self._is_known(position, window):
            self._running.append(_Awaited(position, None))
            return
        work = ToHear(window, self._language, self._options)
        self._line.stake = stake_after(self._heard)
        self._running.append(_Awaited(position, self._line.submit(work, work.kind)))

    def _is_known(self, position: int, window: Window) -> bool:
        """Whether that very stretch of sound was heard: another machine may cut elsewhere, in spite of all."""
        known = self._listening.known.get(position)
        return known is not None and (known.start, known.end) == (window.start, window.start + window.duration)

    def _wait(self, *, exhausted: bool) -> None:
        """Until something is over, or there is room for more; not longer than until the next check."""
        waiting = [awaited for awaited in self._running if not awaited.is_over]
        self._line.wait_until(
            lambda: any(awaited.is_over for awaited in waiting) or (not exhausted and self._line.has_room), CHECK_EVERY
        )

    def _report(self) -> None:
        """Tell of each new window that is heard, whichever is first."""
        for awaited in self._running:
            if awaited.future is not None and not awaited.reported and awaited.future.done():
                awaited.reported = True
                self._heard += 1
                heard = awaited.future.result()
                self._listening.heard(awaited.position, heard.result, heard.seconds)

    def _result(self, awaited: _Awaited) -> WindowResult:
        if awaited.future is None:
            return self._listening.known[awaited.position]
        return awaited.future.result().result
