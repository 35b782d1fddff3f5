"""The systems whose speed is measured, each as one function from files to texts, with all that it takes to get there.

All run tiny.en with the same weights, beam 5 and word times, in English, on all cores. Nothing is imported that a
system doesn't need: the time from the start of its process counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODEL = "tiny.en"
BEAM = 5
PEER_BATCH = 8

TRAX, TRAX_FAST = "trax", "trax-fast"
SEQUENTIAL, BATCHED = "faster-whisper", "faster-whisper-batched"
POOL = "faster-whisper-batched-pool"
WHISPER_CPP = "whisper.cpp"
FLOOR = "floor"  # no system: the engine alone


@dataclass(frozen=True, slots=True)
class Place:
    """Where a system finds what it needs."""

    model: Path  # CTranslate2 folder
    ggml: Path  # the same weights as whisper.cpp reads them
    home: Path  # of Trax, with its caches
    database_url: str = ""  # for Trax alone


Texts = list[str]
System = Callable[[Sequence[Path], Place], Texts]


def trax(files: Sequence[Path], place: Place, beam: int = BEAM) -> Texts:
    """As `trax transcribe` does it: queued, transcribed, stored."""
    from trax.archive import Archive
    from trax.settings import load_settings

    settings = load_settings(home=place.home, database_url=place.database_url, offline=True)
    with Archive(settings) as archive:
        outcomes = list(archive.transcribe_all(list(map(str, files)), model=MODEL, language="en", beam_size=beam))
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if failed or [outcome.source for outcome in outcomes] != [file.absolute() for file in files]:
        raise SystemExit(f"Trax has no transcripts of {[(str(one.source), str(one.error)) for one in failed]}")
    return [outcome.result.transcript.text for outcome in outcomes if outcome.result is not None]


def trax_fast(files: Sequence[Path], place: Place) -> Texts:
    """As `trax transcribe --fast` does it."""
    return trax(files, place, beam=1)


def sequential(files: Sequence[Path], place: Place) -> Texts:
    engine = _faster_whisper(place, _cores(), 1)
    return [_text(engine.transcribe(str(file), vad_filter=True, **_options())[0]) for file in files]


def batched(files: Sequence[Path], place: Place) -> Texts:
    """Its fastest way; VAD is on by itself."""
    from faster_whisper import BatchedInferencePipeline

    engine = BatchedInferencePipeline(_faster_whisper(place, _cores(), 1))
    return [_text(engine.transcribe(str(file), batch_size=PEER_BATCH, **_options())[0]) for file in files]


def batched_pool(files: Sequence[Path], place: Place) -> Texts:
    """What a user may build around it for many files: as many of them at a time as there are cores."""
    from faster_whisper import BatchedInferencePipeline

    engine = BatchedInferencePipeline(_faster_whisper(place, 1, _cores()))

    def run(file: Path) -> str:
        return _text(engine.transcribe(str(file), batch_size=PEER_BATCH, **_options())[0])

    with ThreadPoolExecutor(_cores()) as pool:
        return list(pool.map(run, files))


def whisper_cpp(files: Sequence[Path], place: Place) -> Texts:
    from faster_whisper.audio import decode_audio
    from pywhispercpp.model import Model

    engine = Model(
        str(place.ggml),
        params_sampling_strategy=1,  # beam search
        redirect_whispercpp_logs_to=None,
        n_threads=_cores(),
        beam_search={"beam_size": BEAM, "patience": -1.0},
        language="en",
        token_timestamps=True,
        print_progress=False,
        print_realtime=False,
    )
    return [_text(engine.transcribe(decode_audio(str(file)))) for file in files]


SYSTEMS: dict[str, System] = {
    TRAX: trax,
    TRAX_FAST: trax_fast,
    SEQUENTIAL: sequential,
    BATCHED: batched,
    POOL: batched_pool,
    WHISPER_CPP: whisper_cpp,
}


def _faster_whisper(place: Place, threads: int, workers: int) -> Any:
    from faster_whisper import WhisperModel

    return WhisperModel(str(place.model), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=workers)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _options() -> dict[str, Any]:
    return {"beam_size": BEAM, "word_timestamps": True, "language": "en"}


def _text(segments: Iterable[Any]) -> str:
    return " ".join(segment.text.strip() for segment in segments)
