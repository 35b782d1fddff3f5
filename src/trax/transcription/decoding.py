"""From encoded windows to tokens: beam search for a batch, then another reading of each window that failed.

Whisper's own fallback draws at random, from generators of CTranslate2 that can't be seeded anew for a window: no run
could be repeated. Here a window that failed is searched again with no phrase allowed to come twice, which gives the
same reading each time and costs a tenth; it is no less accurate where it was measured (`benchmarks/README.md`).
Temperatures above 0 are still there for those who ask for them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trax.transcription.dispatch import Stop
from trax.transcription.transcriber import Reading, TranscribeOptions

MAX_LENGTH = 448  # tokens of Whisper's text context
SURE_LOGPROB = -0.5  # of a token: what is made up out of noise has less (benchmarks/README.md)
SURE_SPEECH = 0.3  # of the probability that nobody speaks


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of a window, with Whisper's scores for it."""

    tokens: tuple[int, ...]  # text only
    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    temperature: float
    readings: tuple[Reading, ...] = ()  # it and the next best, where they were asked for

    def is_silent(self, options: TranscribeOptions) -> bool:
        """Whether the model thinks that nobody spoke."""
        return self.no_speech_prob > options.no_speech_limit and self.avg_logprob <= options.avg_logprob_limit

    @property
    def is_sure(self) -> bool:
        """Whether the model has no doubt that this was said."""
        return self.avg_logprob > SURE_LOGPROB and self.no_speech_prob < SURE_SPEECH

    def is_repetitive(self, options: TranscribeOptions) -> bool:
        """Whether the text compresses as only loops do."""
        return self.compression_ratio > options.compression_ratio_limit

    def has_failed(self, options: TranscribeOptions) -> bool:
        """Whether another temperature should be tried."""
        improbable = self.avg_logprob < options.avg_logprob_limit
        return (self.is_repetitive(options) or improbable) and not (
            improbable and self.no_speech_prob > options.no_speech_limit
        )


def compression_ratio(text: str) -> float:
    """How much smaller the text gets by zlib: above 2.4 it repeats itself."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


class Decoder:
    """Beam search for one language, with other ways to read what it read badly."""

    def __init__(self, model: Any, tokenizer: Any, suppressed: Sequence[int], stop: Stop) -> None:
        self._model = model  # ctranslate2.models.Whisper
        self._tokenizer = tokenizer  # faster_whisper.tokenizer.Tokenizer
        self._suppressed = list(suppressed)
        self._stop = stop

    def read(self, encoded: Sequence[Any], options: TranscribeOptions) -> list[Hypothesis]:
        """A first reading of each window; `encoded` are encoder outputs of one length, shape (1, n, d_model) each."""
        return self._generate(join(encoded), len(encoded), options, self._search(options, options.temperatures[0]))

    def mend(self, encoded: Any, first: Hypothesis, options: TranscribeOptions) -> Hypothesis:
        """Whisper's rule: the first reading that passes the limits, else the most probable of all."""
        tried = [first]
        for search in self._other_searches(options):
            if not tried[-1].has_failed(options):
                return tried[-1]
            tried += self._generate(encoded, 1, options, search)
        if not tried[-1].has_failed(options):
            return tried[-1]
        sound = [hypothesis for hypothesis in tried if not hypothesis.is_repetitive(options)]
        return max(sound or tried, key=lambda hypothesis: hypothesis.avg_logprob)

    def _other_searches(self, options: TranscribeOptions) -> Iterator[dict[str, Any]]:
        wide = {**self._search(options, 0.0), "beam_size": max(options.beam_size, options.fallback_beam_size)}
        if options.beam_size < options.fallback_beam_size:
            yield wide
        if options.no_repeat_tokens:
            yield {**wide, "no_repeat_ngram_size": options.no_repeat_tokens}
        for temperature in options.temperatures[1:]:
            yield self._search(options, temperature)

    def _search(self, options: TranscribeOptions, temperature: float) -> dict[str, Any]:
        if temperature == 0:
            several = min(options.alternatives, options.beam_size)
            kept = {"num_hypotheses": several} if several > 1 else {}
            return {"beam_size": options.beam_size, "patience": options.patience, **kept}
        return {
            "beam_size": 1,
            "num_hypotheses": options.best_of,
            "sampling_topk": 0,
            "sampling_temperature": temperature,
        }

    def _generate(
        self, encoded: Any, count: int, options: TranscribeOptions, search: dict[str, Any]
    ) -> list[Hypothesis]:
        self._stop.check()
        results = self._model.generate(
            encoded,
            [self._prompt(options)] * count,
            length_penalty=options.length_penalty,
            max_length=MAX_LENGTH,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            **search,
        )
        temperature = search.get("sampling_temperature", 0.0)
        return [self._hypothesis(result, options, temperature) for result in results]

    def _prompt(self, options: TranscribeOptions) -> list[int]:
        before: list[int] = []
        if options.initial_prompt:
            prompt = self._tokenizer.encode(" " + options.initial_prompt.strip())
            before = [self._tokenizer.sot_prev, *prompt[-(MAX_LENGTH // 2 - 1) :]]
        return [*before, *self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]

    def _hypothesis(self, result: Any, options: TranscribeOptions, temperature: float) -> Hypothesis:
        sequence = result.sequences_ids[0]
        tokens = tuple(token for token in sequence if token < self._tokenizer.eot)
        text = self._tokenizer.decode(list(tokens)).strip()
        total_logprob = result.scores[0] * len(sequence) ** options.length_penalty
        return Hypothesis(
            tokens=tokens,
            text=text,
            avg_logprob=float(total_logprob / (len(sequence) + 1)),  # the end of text counts, as in Whisper
            no_speech_prob=float(result.no_speech_prob),
            compression_ratio=compression_ratio(text),
            temperature=temperature,
            readings=self._readings(result, options) if options.alternatives else (),
        )

    def _readings(self, result: Any, options: TranscribeOptions) -> tuple[Reading, ...]:
        """What the search found, each text once, the most probable first."""
        found: dict[str, Reading] = {}
        for sequence, score in zip(result.sequences_ids, result.scores, strict=True):
            text = self._tokenizer.decode([token for token in sequence if token < self._tokenizer.eot]).strip()
            total = float(score * len(sequence) ** options.length_penalty)
            found.setdefault(text, Reading(text, total, len(sequence)))
        return tuple(sorted(found.values(), key=lambda reading: -reading.logprob)[: options.alternatives])


def join(encoded: Sequence[Any]) -> Any:
    """Several encoder outputs as one batch."""
    import ctranslate2

    if len(encoded) == 1:
        return encoded[0]
    return ctranslate2.StorageView.from_array(np.concatenate([np.asarray(view) for view in encoded]))


def split(encoded: Any) -> list[Any]:
    """A batch of encoder outputs as batches of one."""
    import ctranslate2

    return [ctranslate2.StorageView.from_array(view[np.newaxis]) for view in np.asarray(encoded)]
