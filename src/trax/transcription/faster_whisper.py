"""The engine: Whisper on CTranslate2, with faster-whisper's tokenizer, features and aligner."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np

from trax.audio import SAMPLE_RATE, Waveform, Window
from trax.errors import LanguageUnsupported, ModelUnavailable
from trax.timeline import Seconds
from trax.transcription.decoding import Decoder, Hypothesis, split
from trax.transcription.device import EnginePlan, plan
from trax.transcription.guards import is_too_dense, without_loops
from trax.transcription.models import ResolvedModel
from trax.transcription.segments import ScoredWord, segments_of
from trax.transcription.transcriber import LanguageGuess, Listening, TranscribeOptions, WindowResult
from trax.transcription.unexplained import unexplained
from trax.transcription.waiting import CHECK_EVERY, Stop, result_of
from trax.transcription.words import in_order, words_of

DEFAULT_OPTIONS = TranscribeOptions()
NOBODY = Listening()
LANGUAGE_WINDOWS = 3
FRAMES = 3000  # of the model's input
FRAMES_PER_SECOND = 100
UNSPACED_LANGUAGES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})  # as in Whisper's tokenizer
RELISTEN_ROUNDS = 3
ALIGN_FILTER = 7  # frames of Whisper's median filter over the attention
RECORDED_PACKAGES = ("trax-transcripts", "ctranslate2", "faster-whisper", "onnxruntime", "av")


def load(
    model: ResolvedModel,
    *,
    device: str = "auto",
    compute_type: str = "auto",
    threads: int = 0,
    batch_size: int = 0,
) -> FasterWhisperTranscriber:
    """The engine with the weights of `model`, ready to run.

    A GPU that turns out not to work is passed over where `device` is "auto"; `description()["notes"]` says so.

    Raises: UsageError: a device or compute type that isn't there. ModelUnavailable: the weights can't be loaded.
    """
    chosen = plan(device, compute_type, threads, batch_size)
    try:
        engine = _engine(model, chosen)
    except Exception as error:  # CTranslate2, tokenizers and CUDA each raise what they like
        if chosen.device == "cpu" or device != "auto":
            raise _broken(model, error) from error
        fallback = plan("cpu", "auto", threads, batch_size)
        chosen = replace(fallback, notes=(f"the GPU was found but doesn't work: {first_line(error)}",))
        try:
            engine = _engine(model, chosen)
        except Exception as second:  # it wasn't the GPU
            raise _broken(model, second) from second
    return FasterWhisperTranscriber(engine, model, chosen)


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
        encode(engine, [Window(Waveform(silence), ())])
    return engine


def _broken(model: ResolvedModel, error: Exception) -> ModelUnavailable:
    return ModelUnavailable(
        f"The weights of {model.name} in {model.path} can't be loaded: {first_line(error)}.",
        "Remove the folder and let Trax fetch the model again, or choose another model.",
    )


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


class FasterWhisperTranscriber:
    """A loaded model. Calls may come from several threads; batches of one call run on the engine's workers."""

    def __init__(self, engine: Any, model: ResolvedModel, chosen: EnginePlan) -> None:
        self._engine = engine  # faster_whisper.WhisperModel
        self._model = model
        self._plan = chosen

    @property
    def english_only(self) -> bool:
        return self._model.english_only or not self._engine.model.is_multilingual

    def description(self) -> dict[str, Any]:
        return {
            "engine": "faster-whisper",
            "model": self._model.name,
            "revision": self._model.revision,
            "source": self._model.source,
            "english_only": self.english_only,
            "device": self._plan.device,
            "compute_type": self._plan.compute_type,
            "workers": self._plan.workers,
            "threads_per_worker": self._plan.threads_per_worker,
            "batch_size": self._plan.batch_size,
            "notes": list(self._plan.notes),
            "versions": {package: version(package) for package in RECORDED_PACKAGES},
        }

    def detect_language(self, windows: Sequence[Window], check: Callable[[], None] = NOBODY.check) -> LanguageGuess:
        if self.english_only:
            return LanguageGuess("en", 1.0)
        sums: dict[str, float] = {}
        heard = list(windows[:LANGUAGE_WINDOWS])
        pool = ThreadPoolExecutor(1, thread_name_prefix="trax-engine")
        try:
            for window in heard:
                for language, probability in result_of(pool.submit(self._languages, window), check):
                    sums[language] = sums.get(language, 0.0) + probability / len(heard)
        finally:
            pool.shutdown(wait=False)
        if not sums:
            return LanguageGuess("en", 0.0)
        best = max(sums, key=lambda language: sums[language])
        return LanguageGuess(best, sums[best])

    def _languages(self, window: Window) -> list[tuple[str, float]]:
        guesses = self._engine.model.detect_language(encode(self._engine, [window]))[0]
        return [(token.strip("<|>"), probability) for token, probability in guesses]

    def transcribe(
        self,
        windows: Iterable[Window],
        language: str,
        options: TranscribeOptions = DEFAULT_OPTIONS,
        listening: Listening = NOBODY,
    ) -> Iterator[WindowResult]:
        self._check_language(language)
        stop = Stop()
        pool = ThreadPoolExecutor(self._plan.workers, thread_name_prefix="trax-engine")
        running: deque[_Batch] = deque()
        try:
            for first, batch in self._batches(windows):
                positions = range(first, first + len(batch))
                if all(position in listening.known for position in positions):
                    future = None
                else:
                    future = pool.submit(self._timed_batch, batch, language, options, stop)
                running.append(_Batch(positions, future))
                while len(running) > self._plan.workers:
                    yield from _oldest(running, listening)
            while running:
                yield from _oldest(running, listening)
        finally:  # also where the caller stops listening: nothing more is begun, and nobody waits for what is
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _batches(self, windows: Iterable[Window]) -> Iterator[tuple[int, list[Window]]]:
        """Windows in batches, in order, with the position of each batch's first.

        What isn't enough to fill every worker's batch is shared out evenly. Known windows are grouped with the others:
        the last digits of what a window gives depend on its neighbours in the batch.
        """
        waiting, workers, done = iter(windows), self._plan.workers, 0
        while group := list(islice(waiting, workers * self._plan.batch_size)):
            size = -(-len(group) // workers)
            for start in range(0, len(group), size):
                yield done + start, group[start : start + size]
            done += len(group)

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

    def _timed_batch(
        self, windows: Sequence[Window], language: str, options: TranscribeOptions, stop: Stop
    ) -> tuple[list[WindowResult], Seconds]:
        started = perf_counter()
        results = self._batch(windows, language, options, stop)
        return results, perf_counter() - started

    def _batch(
        self, windows: Sequence[Window], language: str, options: TranscribeOptions, stop: Stop
    ) -> list[WindowResult]:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        engine = self._engine
        tokenizer = Tokenizer(engine.hf_tokenizer, engine.model.is_multilingual, task="transcribe", language=language)
        decoder = Decoder(engine.model, tokenizer, get_suppressed_tokens(tokenizer, [-1]), stop)
        listener = _Listener(engine, decoder, tokenizer, options, stop)
        return [
            WindowResult(window.start, window.start + window.duration, segments_of(words, options))
            for window, words in zip(windows, listener.listen(windows), strict=True)
        ]


@dataclass(slots=True)
class _Batch:
    """Windows that are heard together."""

    positions: range
    heard: Future[tuple[list[WindowResult], Seconds]] | None  # None: all of them are known
    reported: bool = False

    @property
    def is_over(self) -> bool:
        return self.heard is None or self.heard.done()

    def report(self, listening: Listening) -> None:
        """Tell of the windows that are new, once the engine is through with them."""
        if self.heard is None or self.reported or not self.heard.done():
            return
        self.reported = True
        results, seconds = self.heard.result()
        new = [(position, result) for position, result in self._each(results) if position not in listening.known]
        for position, result in new:
            listening.heard(position, result, seconds / len(new))

    def results(self, listening: Listening) -> Iterator[WindowResult]:
        """The results, in order, of a batch that is over."""
        if self.heard is None:
            yield from (listening.known[position] for position in self.positions)
        else:
            for position, result in self._each(self.heard.result()[0]):
                yield listening.known.get(position, result)

    def _each(self, results: list[WindowResult]) -> Iterator[tuple[int, WindowResult]]:
        return zip(self.positions, results, strict=True)


def _oldest(running: deque[_Batch], listening: Listening) -> Iterator[WindowResult]:
    """The results of the oldest batch; meanwhile every batch is reported as soon as it is over, whichever is first."""
    while True:
        listening.check()
        for batch in running:
            batch.report(listening)
        if running[0].is_over:
            return running.popleft().results(listening)
        waiting = [batch.heard for batch in running if batch.heard is not None and not batch.is_over]
        wait(waiting, timeout=CHECK_EVERY, return_when=FIRST_COMPLETED)


class _Listener:
    """Words of windows in one language, with a second hearing for what the first left out."""

    def __init__(self, engine: Any, decoder: Decoder, tokenizer: Any, options: TranscribeOptions, stop: Stop) -> None:
        self._engine = engine
        self._decoder = decoder
        self._tokenizer = tokenizer
        self._options = options
        self._stop = stop
        self._spaced = tokenizer.language_code not in UNSPACED_LANGUAGES

    def listen(self, windows: Sequence[Window]) -> list[list[ScoredWord]]:
        """All words of each window, in order of time."""
        heard = self._hear(windows)
        if self._options.relisten_after > 0:
            heard = [self._complete(window, words) for window, words in zip(windows, heard, strict=True)]
        return heard

    def _complete(self, window: Window, heard: list[ScoredWord]) -> list[ScoredWord]:
        """The words, and those of stretches that were heard as speech and yet have none."""
        for _ in range(RELISTEN_ROUNDS if heard else 0):
            missed = list(unexplained(window, [scored.word for scored in heard], self._options.relisten_after))
            found = [
                scored
                for words in (self._hear(missed) if missed else [])
                for scored in words
                if not scored.hypothesis.has_failed(self._options)
            ]
            if not found:
                break
            merged = sorted([*heard, *found], key=lambda scored: scored.word.start)
            end = window.start + window.duration
            words = in_order([scored.word for scored in merged], window.start, end)
            heard = [replace(scored, word=word) for scored, word in zip(merged, words, strict=True)]
        return heard

    def _hear(self, windows: Sequence[Window]) -> list[list[ScoredWord]]:
        encoded = self._encode(windows)
        hypotheses = self._decoder.decode(encoded, self._options)
        return [
            self._words(window, view, hypothesis)
            for window, view, hypothesis in zip(windows, encoded, hypotheses, strict=True)
        ]

    def _encode(self, windows: Sequence[Window]) -> list[Any]:
        """One at a time on a CPU, where larger batches leave its cache; together on a GPU."""
        if self._engine.model.device == "cuda":
            return split(encode(self._engine, windows))
        encoded = []
        for window in windows:
            self._stop.check()
            encoded.append(encode(self._engine, [window]))
        return encoded

    def _words(self, window: Window, encoded: Any, hypothesis: Hypothesis) -> list[ScoredWord]:
        silent = hypothesis.is_silent(self._options) or not hypothesis.text
        if silent or is_too_dense(hypothesis.text, window):
            return []
        self._stop.check()
        frames = min(FRAMES, max(2, int(window.duration * FRAMES_PER_SECOND)))
        alignment = self._engine.find_alignment(
            self._tokenizer, [list(hypothesis.tokens)], encoded, frames, ALIGN_FILTER
        )
        words = words_of(alignment[0], window, spaced=self._spaced)
        if hypothesis.is_repetitive(self._options):
            words = without_loops(words, key=lambda word: word.text.strip(" .,!?").lower())
        return [ScoredWord(word, hypothesis) for word in words]


def encode(engine: Any, windows: Sequence[Window]) -> Any:
    """Encoder output on the CPU, shape (n_windows, 1500, d_model); what a window lacks of 30 s is zeros."""
    import ctranslate2
    from faster_whisper.audio import pad_or_trim

    features = [engine.feature_extractor(window.waveform.samples)[..., :-1] for window in windows]
    batch = np.ascontiguousarray(np.stack([pad_or_trim(feature, FRAMES) for feature in features]))
    return engine.model.encode(ctranslate2.StorageView.from_array(batch), to_cpu=True)
