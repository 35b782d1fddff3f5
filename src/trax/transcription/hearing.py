"""How an engine's thread hears a batch: features, encoder, beam search, alignment, and a second look at what is odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trax.audio import Window
from trax.loops import without_loops
from trax.stopwatch import Stopwatch
from trax.timeline import Seconds
from trax.transcription.decoding import Decoder, Hypothesis, split
from trax.transcription.dispatch import Stop
from trax.transcription.encoders import Encoder
from trax.transcription.guards import is_too_dense
from trax.transcription.segments import ScoredWord, segments_of
from trax.transcription.transcriber import TranscribeOptions, WindowResult
from trax.transcription.unexplained import unexplained
from trax.transcription.words import in_order, words_of

FRAMES = 3000  # of the model's whole input
FRAMES_PER_SECOND = 100
FRAMES_STEP = 250  # windows of like length get the same number of frames, and can be decoded together
UNSPACED_LANGUAGES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})  # as in Whisper's tokenizer
RELISTEN_ROUNDS = 3
MARGIN = TranscribeOptions().margin  # of readings that are compared
ALIGN_FILTER = 7  # frames of Whisper's median filter over the attention


@dataclass(frozen=True, slots=True)
class ToHear:
    """A window that waits for the engine."""

    window: Window
    language: str
    options: TranscribeOptions

    @property
    def frames(self) -> int:
        """Length of the encoder's input: it follows from the window alone, whatever else is in the batch."""
        return frames_for(self.window, self.options.margin)

    @property
    def kind(self) -> tuple[str, TranscribeOptions, int]:
        """Windows of one kind can be decoded together."""
        return self.language, self.options, self.frames


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in a window, and its share of the time that this took, by stage."""

    result: WindowResult
    seconds: Mapping[str, Seconds]


def frames_for(window: Window, margin: Seconds | None) -> int:
    """Frames of the encoder's input for a window and so much silence after it, the whole 30 s for None."""
    if margin is None:
        return FRAMES
    needed = int((window.duration + margin) * FRAMES_PER_SECOND)
    return min(FRAMES, -(-needed // FRAMES_STEP) * FRAMES_STEP)


class Ears:
    """A loaded model as a function from windows to words; may be called from several threads."""

    def __init__(self, engine: Any, encoder: Encoder) -> None:
        self._engine = engine  # faster_whisper.WhisperModel
        self._encoder = encoder
        self._tongues: dict[str, tuple[Any, Sequence[int]]] = {}  # tokenizer and suppressed tokens by language

    def hear(self, works: Sequence[ToHear], stop: Stop) -> list[Heard]:
        """What was said in windows of one kind."""
        language, options, frames = works[0].kind
        tokenizer, suppressed = self._tongue(language)
        watch = Stopwatch()
        decoder = Decoder(self._engine.model, tokenizer, suppressed, stop)
        listener = _Listener(self._engine, self._encoder, decoder, tokenizer, options, stop, watch)
        windows = [work.window for work in works]
        heard = listener.listen(windows, frames)
        seconds = {stage: spent / len(works) for stage, spent in watch.seconds.items()}
        return [Heard(_result(window, words, options), seconds) for window, words in zip(windows, heard, strict=True)]

    def languages(self, window: Window) -> list[tuple[str, float]]:
        """Each language that the model knows, with its probability."""
        encoded = self._encoder(features(self._engine, window, FRAMES))
        guesses = self._engine.model.detect_language(encoded)[0]
        return [(token.strip("<|>"), probability) for token, probability in guesses]

    def scores(self, window: Window, language: str, texts: Sequence[str]) -> list[float | None]:
        """The log probability of each text as what is said in the window; None: it is too long to be compared."""
        from trax.transcription.readings import log_probabilities

        tokenizer, _ = self._tongue(language)
        encoded = self._encoder(features(self._engine, window, frames_for(window, MARGIN)))
        return log_probabilities(self._engine.model, tokenizer, encoded, texts)

    def _tongue(self, language: str) -> tuple[Any, Sequence[int]]:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        if language not in self._tongues:
            engine = self._engine
            multilingual = engine.model.is_multilingual
            tokenizer = Tokenizer(engine.hf_tokenizer, multilingual, task="transcribe", language=language)
            self._tongues[language] = tokenizer, get_suppressed_tokens(tokenizer, [-1])
        return self._tongues[language]


def _result(window: Window, words: Sequence[ScoredWord], options: TranscribeOptions) -> WindowResult:
    """The words in segments, with the readings of the hypothesis that most of them come from."""
    counts = Counter(id(scored.hypothesis) for scored in words)
    main = max((scored.hypothesis for scored in words), key=lambda one: counts[id(one)], default=None)
    readings = () if main is None else main.readings
    return WindowResult(window.start, window.start + window.duration, segments_of(words, options), readings)


def features(engine: Any, window: Window, frames: int) -> NDArray[np.float32]:
    """Log-mel spectrogram, shape (1, n_mels, frames); what the window lacks is zeros, as Whisper's trainers had it."""
    spectrogram = engine.feature_extractor(window.waveform.samples)[..., :-1]
    padded = np.zeros((1, spectrogram.shape[0], frames), dtype=np.float32)
    known = min(frames, spectrogram.shape[1])
    padded[0, :, :known] = spectrogram[:, :known]
    return padded


def _is_too_dense(hypothesis: Hypothesis, window: Window) -> bool:
    return is_too_dense(hypothesis.text, window, is_sure=hypothesis.is_sure)


class _Listener:
    """Words of windows in one language, with a second hearing for what the first left out."""

    def __init__(
        self,
        engine: Any,
        encoder: Encoder,
        decoder: Decoder,
        tokenizer: Any,
        options: TranscribeOptions,
        stop: Stop,
        watch: Stopwatch,
    ) -> None:
        self._engine = engine
        self._encoder = encoder
        self._decoder = decoder
        self._tokenizer = tokenizer
        self._options = options
        self._stop = stop
        self._watch = watch
        self._spaced = tokenizer.language_code not in UNSPACED_LANGUAGES

    def listen(self, windows: Sequence[Window], frames: int) -> list[list[ScoredWord]]:
        """All words of each window, in order of time."""
        heard = self._hear(windows, frames)
        if self._options.relisten_after > 0:
            heard = [self._complete(window, words) for window, words in zip(windows, heard, strict=True)]
        return heard

    def _complete(self, window: Window, heard: list[ScoredWord]) -> list[ScoredWord]:
        """The words, and those of stretches that were heard as speech and yet have none."""
        for _ in range(RELISTEN_ROUNDS if heard else 0):
            words = [scored.word for scored in heard]
            found = [
                scored
                for missed in unexplained(window, words, self._options.relisten_after)
                for scored in self._hear([missed], frames_for(missed, self._options.margin))[0]
                if not scored.hypothesis.has_failed(self._options)
            ]
            if not found:
                break
            merged = sorted([*heard, *found], key=lambda scored: scored.word.start)
            end = window.start + window.duration
            words = in_order([scored.word for scored in merged], window.start, end)
            heard = [replace(scored, word=word) for scored, word in zip(merged, words, strict=True)]
        return heard

    def _hear(self, windows: Sequence[Window], frames: int) -> list[list[ScoredWord]]:
        encoded = self._encode(windows, frames)
        with self._watch.stage("generate"):
            first = self._decoder.read(encoded, self._options)
        return [
            self._words(window, *self._reread(window, view, hypothesis, frames))
            for window, view, hypothesis in zip(windows, encoded, first, strict=True)
        ]

    def _reread(self, window: Window, encoded: Any, first: Hypothesis, frames: int) -> tuple[Any, Hypothesis]:
        """The reading with what it was read from; what looks odd is read again, in the whole 30 s at first."""
        if frames < FRAMES and (first.has_failed(self._options) or _is_too_dense(first, window)):
            [encoded] = self._encode([window], FRAMES)
            with self._watch.stage("generate"):
                [first] = self._decoder.read([encoded], self._options)
        with self._watch.stage("generate"):
            return encoded, self._decoder.mend(encoded, first, self._options)

    def _encode(self, windows: Sequence[Window], frames: int) -> list[Any]:
        """One at a time on a CPU, where larger batches leave its cache; together on a GPU."""
        with self._watch.stage("features"):
            spectrograms = [features(self._engine, window, frames) for window in windows]
        with self._watch.stage("encode"):
            if self._engine.model.device == "cuda":
                return split(self._encoder(np.concatenate(spectrograms)))
            encoded = []
            for spectrogram in spectrograms:
                self._stop.check()
                encoded.append(self._encoder(spectrogram))
            return encoded

    def _words(self, window: Window, encoded: Any, hypothesis: Hypothesis) -> list[ScoredWord]:
        silent = hypothesis.is_silent(self._options) or not hypothesis.text
        if silent or _is_too_dense(hypothesis, window):
            return []
        self._stop.check()
        frames = min(FRAMES, max(2, int(window.duration * FRAMES_PER_SECOND)))
        with self._watch.stage("align"):
            alignment = self._engine.find_alignment(
                self._tokenizer, [list(hypothesis.tokens)], encoded, frames, ALIGN_FILTER
            )
            words = words_of(alignment[0], window, spaced=self._spaced)
        if hypothesis.is_repetitive(self._options):
            words = without_loops(words, key=lambda word: word.text.strip(" .,!?").lower())
        return [ScoredWord(word, hypothesis) for word in words]
