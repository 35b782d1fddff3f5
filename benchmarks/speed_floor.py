"""The floor: what the engine alone needs for the windows that Trax cuts, their features made beforehand.

Encoder, beam search and, apart, the alignment of words; no decoder of media, no VAD, no features, no second reading, no
text, no database. What Trax needs beyond it is Trax's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed_systems import BEAM, Place
from trax.media.decode import DecodeOptions, decode
from trax.openvino_library import is_installed
from trax.timeline import Seconds
from trax.transcription import openvino_encoder
from trax.transcription.decoding import join
from trax.transcription.device import EnginePlan, plan
from trax.transcription.encoders import CTranslate2Encoder, Encoder
from trax.transcription.hearing import ALIGN_FILTER, FRAMES_PER_SECOND, features, frames_for
from trax.transcription.transcriber import TranscribeOptions
from trax.vad.windows import windows

BATCHES = (4, 8)
TRIED = 8  # windows on which the encoders compete
MAX_LENGTH = 448


@dataclass(slots=True)
class Prepared:
    """A window, ready for the encoder, and what became of it."""

    features: NDArray[np.float32]
    duration: Seconds
    encoded: Any = None
    tokens: list[int] = field(default_factory=list)


Batch = Sequence[Prepared]


def floor(files: Sequence[Path], place: Place, number: int) -> dict[str, Any]:
    """Seconds with each size of batch; which size begins depends on the number of the round."""
    from faster_whisper import WhisperModel

    chosen = plan("cpu", "auto", 0, 0)
    engine = WhisperModel(
        str(place.model),
        device="cpu",
        compute_type=chosen.compute_type,
        cpu_threads=chosen.threads_per_worker,
        num_workers=chosen.workers,
    )
    options = TranscribeOptions()
    prepared = [ready for file in files for ready in _prepared(file, engine, options)]
    with ThreadPoolExecutor(chosen.workers) as pool, TemporaryDirectory() as cache:
        encoder = _fastest(_encoders(engine, place, chosen, Path(cache)), prepared[:TRIED], pool)
        bare = _Bare(engine, encoder, pool)
        sizes = BATCHES[:: 1 if number % 2 == 0 else -1]
        passes = [{"batch": size, **bare.time(prepared, size)} for size in sizes]
    return {"encoder": encoder.name, "windows": len(prepared), "passes": passes}


class _Bare:
    """The engine with nothing around it, on all its workers."""

    def __init__(self, engine: Any, encoder: Encoder, pool: ThreadPoolExecutor) -> None:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        self._model = engine.model
        self._encoder = encoder
        self._pool = pool
        self._tokenizer = Tokenizer(engine.hf_tokenizer, engine.model.is_multilingual, task="transcribe", language="en")
        self._suppressed = list(get_suppressed_tokens(self._tokenizer, [-1]))

    def time(self, prepared: Batch, size: int) -> dict[str, Seconds]:
        """Wall seconds of encoding and reading, and of aligning, for all windows in batches."""
        batches = list(_batches(prepared, size))
        return {"hear": self._timed(self._hear, batches), "align": self._timed(self._align, batches)}

    def _timed(self, work: Callable[[Batch], None], batches: Sequence[Batch]) -> Seconds:
        began = time.perf_counter()
        list(self._pool.map(work, batches))
        return round(time.perf_counter() - began, 2)

    def _hear(self, batch: Batch) -> None:
        for ready in batch:
            ready.encoded = self._encoder(ready.features)
        prompt = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]
        results = self._model.generate(
            join([ready.encoded for ready in batch]),
            [prompt] * len(batch),
            beam_size=BEAM,
            max_length=MAX_LENGTH,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )
        for ready, result in zip(batch, results, strict=True):
            ready.tokens = [token for token in result.sequences_ids[0] if token < self._tokenizer.eot]

    def _align(self, batch: Batch) -> None:
        for ready in batch:
            frames = min(ready.features.shape[2], int(ready.duration * FRAMES_PER_SECOND))
            self._model.align(
                ready.encoded,
                self._tokenizer.sot_sequence,
                [ready.tokens],
                [frames],
                median_filter_width=ALIGN_FILTER,
            )


def _prepared(file: Path, engine: Any, options: TranscribeOptions) -> Iterator[Prepared]:
    with decode(file, DecodeOptions()) as sound:
        for window in windows(sound):
            yield Prepared(features(engine, window, frames_for(window, options.margin)), window.duration)


def _encoders(engine: Any, place: Place, chosen: EnginePlan, cache: Path) -> list[Encoder]:
    found: list[Encoder] = [CTranslate2Encoder(engine.model, chosen.compute_type)]
    if is_installed():
        found.append(openvino_encoder.open_encoder(place.model / "model.bin", chosen, cache))
    return found


def _fastest(encoders: Sequence[Encoder], windows: Batch, pool: ThreadPoolExecutor) -> Encoder:
    """The encoder that is through with the windows first, on all workers; the first time of each doesn't count."""

    def seconds(encoder: Encoder) -> Seconds:
        for _ in range(2):
            began = time.perf_counter()
            list(pool.map(encoder, [ready.features for ready in windows]))
        return time.perf_counter() - began

    return min(encoders, key=seconds)


def _batches(prepared: Batch, size: int) -> Iterator[Batch]:
    """Windows of like length together, as Trax does it."""
    by_length = sorted(prepared, key=lambda ready: ready.features.shape[2])
    for _, group in groupby(by_length, key=lambda ready: ready.features.shape[2]):
        like = list(group)
        for start in range(0, len(like), size):
            yield like[start : start + size]
