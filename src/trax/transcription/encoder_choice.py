"""Which encoder an engine gets: what is asked for, or what proves fastest on this machine, measured once.

What was measured is kept in `encoders.json` of the cache, by everything that it depends on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from trax.errors import UsageError, first_line
from trax.openvino_library import is_installed
from trax.timeline import Seconds
from trax.transcription.ct2_weights import UnknownWeights, read_weights
from trax.transcription.device import EnginePlan
from trax.transcription.encoders import CTranslate2Encoder, Encoder
from trax.transcription.kept_files import alone, write_whole
from trax.transcription.memory import budget
from trax.transcription.models import ResolvedModel
from trax.transcription.openvino_encoder import OpenVinoEncoder, fingerprint, open_encoder
from trax.transcription.openvino_graph import encoder_size
from trax.transcription.processor import processor

WANTED = ("auto", "ctranslate2", "openvino")
INSTALL = "pip install 'trax-transcripts[fast-cpu]'"
WEIGHTS = "model.bin"
RECORDS = "encoders.json"

FRAMES = (250, 1500, 3000)  # lengths that are measured, the longer ones as far as there is time for them
TIME_LIMIT: Seconds = 3.0
ROUNDS = 3
CLEARLY = 0.95  # of CTranslate2's time: what is hardly faster isn't worth the memory of a second encoder
SHARE_OF_FREE_MEMORY = 0.5
BYTES_PER_PARAMETER = 6  # float32 as it is kept, and bfloat16 as OpenVINO packs it

Times = Mapping[str, Mapping[str, Seconds]]  # by encoder, by number of frames


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out when the encoders were compared for one model."""

    model: str
    encoder: str  # the faster one's name
    seconds: Times  # until all workers had encoded a window each
    workers: int
    threads_per_worker: int
    measured_at: str

    @property
    def frames(self) -> list[int]:
        """The lengths that were measured."""
        return sorted({int(length) for times in self.seconds.values() for length in times})

    @property
    def is_openvino(self) -> bool:
        return self.encoder.startswith("openvino")


def check_wanted(wanted: str, device: str = "cpu") -> None:
    """Raises: UsageError: there is no such encoder, or it isn't installed, or can't be had on that device."""
    if wanted not in WANTED:
        raise UsageError(f"There is no encoder {wanted!r}.", f"Choose one of {', '.join(WANTED)}.")
    if wanted == "openvino" and not is_installed():
        raise UsageError("The encoder openvino is asked for, and OpenVINO is not installed.", f"Install it: {INSTALL}")
    if wanted == "openvino" and device != "cpu":
        raise UsageError(
            "The encoder openvino runs on CPUs only, and the engine runs on a GPU.",
            "Take the encoder auto (TRAX_ENCODER), or --device cpu.",
        )


def is_to_be_compared(wanted: str, cache_folder: Path | None) -> bool:
    """Whether the first engine of this machine will compare encoders, for which nothing else should go on."""
    measured = cache_folder is not None and (cache_folder / RECORDS).exists()
    return wanted == "auto" and is_installed() and not measured


def open_ahead(
    model: ResolvedModel, plan: EnginePlan, wanted: str, cache_folder: Path | None, memory: int | None = None
) -> Future[OpenVinoEncoder] | None:
    """What `choose` will choose, opened in another thread while the model is loaded; None where that isn't known yet.

    Raises: UsageError: the encoder that is wanted can't be had.
    """
    check_wanted(wanted, plan.device)
    if wanted == "ctranslate2" or plan.device != "cpu" or not is_installed():
        return None
    known = None if cache_folder is None else remembered(model, plan, cache_folder)
    if wanted == "openvino" or (known is not None and known.is_openvino and _has_room(model, memory)):
        pool = ThreadPoolExecutor(1, "trax-encoder")
        opening = pool.submit(open_encoder, model.path / WEIGHTS, plan, cache_folder)
        pool.shutdown(wait=False)
        return opening
    return None


def choose(
    model: ResolvedModel,
    whisper: Any,
    plan: EnginePlan,
    wanted: str,
    cache_folder: Path | None,
    ahead: Future[OpenVinoEncoder] | None = None,
    memory: int | None = None,
) -> tuple[Encoder, tuple[str, ...]]:
    """The encoder to use with that `ctranslate2.models.Whisper`, and notes on what was chosen otherwise than asked.

    `ahead` comes from `open_ahead` with the same arguments; `memory` is what the engine may use, in bytes.

    Raises: UsageError: the encoder that is wanted can't be had.
    """
    check_wanted(wanted, plan.device)
    own = CTranslate2Encoder(whisper, plan.compute_type)
    if wanted == "ctranslate2" or plan.device != "cpu" or not is_installed():
        return own, ()
    try:
        if ahead is not None:
            return ahead.result(), ()
        if wanted == "openvino":
            return open_encoder(model.path / WEIGHTS, plan, cache_folder), ()
        return _fastest(own, model, whisper, plan, cache_folder, memory), ()
    except (UnknownWeights, RuntimeError, ImportError) as error:  # OpenVINO raises RuntimeError for all that fails
        reason = first_line(error)
        if wanted == "openvino":
            raise UsageError(
                f"The encoder of {model.name} can't be run by OpenVINO: {reason}.",
                "Take the encoder auto or ctranslate2 (TRAX_ENCODER).",
            ) from error
        return own, (f"OpenVINO is installed but can't run the encoder: {reason}",)


def remembered(model: ResolvedModel, plan: EnginePlan, cache_folder: Path) -> Measured | None:
    """What came out when the encoders were compared for that model on this machine, with these versions and threads."""
    try:
        return Measured(**_records(cache_folder)[_key(model, plan)])
    except (KeyError, TypeError, ImportError, OSError):  # not measured yet, or by a Trax that kept other figures
        return None


def _fastest(
    own: CTranslate2Encoder,
    model: ResolvedModel,
    whisper: Any,
    plan: EnginePlan,
    cache_folder: Path | None,
    memory: int | None,
) -> Encoder:
    if not _has_room(model, memory):
        return own
    known = None if cache_folder is None else remembered(model, plan, cache_folder)
    if known is not None:
        return open_encoder(model.path / WEIGHTS, plan, cache_folder) if known.is_openvino else own
    other = open_encoder(model.path / WEIGHTS, plan, cache_folder)
    with _one_at_a_time(cache_folder):
        known = None if cache_folder is None else remembered(model, plan, cache_folder)
        if known is None:  # no other process has measured while this one waited
            times = compare((own, other), plan.workers, whisper.n_mels)
            known = _measured(model, plan, times, own.name)
            if cache_folder is not None:
                _remember(known, _key(model, plan), cache_folder)
    return other if known.is_openvino else own


def _has_room(model: ResolvedModel, memory: int | None) -> bool:
    """Whether so many bytes (None: half the machine's) hold a second encoder with ease; not remembered: it changes."""
    needed = encoder_size(read_weights(model.path / WEIGHTS)) * BYTES_PER_PARAMETER
    return needed < min(int(psutil.virtual_memory().available) * SHARE_OF_FREE_MEMORY, budget(memory))


def compare(encoders: Sequence[Encoder], workers: int, mels: int) -> Times:
    """The best time of each encoder for each number of frames that there was time for, all workers busy at once."""
    best: dict[str, dict[str, Seconds]] = {encoder.name: {} for encoder in encoders}
    with ThreadPoolExecutor(workers) as pool:
        for encoder in encoders:  # the first call makes kernels and allocates
            _time(encoder, FRAMES[0], workers, mels, pool)
        deadline = time.monotonic() + TIME_LIMIT
        for _ in range(ROUNDS):
            for frames in FRAMES:
                if _expected(best, frames) > deadline - time.monotonic():
                    return best
                for encoder in encoders:
                    seconds = _time(encoder, frames, workers, mels, pool)
                    times = best[encoder.name]
                    times[str(frames)] = min(seconds, times.get(str(frames), seconds))
    return best


def _expected(best: Mapping[str, Mapping[str, Seconds]], frames: int) -> Seconds:
    """How long all encoders will take for that length, judging by the longest so far; nothing for the very first."""
    longest = max((int(length) for times in best.values() for length in times), default=0)
    known = sum(times.get(str(longest), 0.0) for times in best.values())
    return known * frames / longest if longest else 0.0


def _time(encoder: Encoder, frames: int, workers: int, mels: int, pool: ThreadPoolExecutor) -> Seconds:
    features = np.random.default_rng(frames).standard_normal((1, mels, frames), dtype=np.float32)
    started = time.perf_counter()
    for done in [pool.submit(encoder, features) for _ in range(workers)]:
        done.result()
    return time.perf_counter() - started


def _measured(model: ResolvedModel, plan: EnginePlan, times: Times, own: str) -> Measured:
    totals = {name: sum(by_frames.values()) for name, by_frames in times.items()}
    fastest = min(totals, key=lambda name: totals[name])
    return Measured(
        model=model.name,
        encoder=fastest if totals[fastest] < CLEARLY * totals[own] else own,
        seconds=times,
        workers=plan.workers,
        threads_per_worker=plan.threads_per_worker,
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _key(model: ResolvedModel, plan: EnginePlan) -> str:
    """Of all that a measurement depends on."""
    packages = ("trax-transcripts", "ctranslate2", "openvino")
    versions = [version(package) for package in packages]
    threads = [plan.device, plan.compute_type, plan.workers, plan.threads_per_worker]
    parts = [fingerprint(model.path / WEIGHTS), processor(), *versions, *threads]
    return sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _records(cache_folder: Path) -> dict[str, Any]:
    try:
        records = json.loads((cache_folder / RECORDS).read_text("utf-8"))
    except (OSError, ValueError):  # not there, or damaged: it is measured again
        return {}
    return records if isinstance(records, dict) else {}


def _remember(measured: Measured, key: str, cache_folder: Path) -> None:
    with suppress(OSError):  # then it is measured again at the next start
        content = json.dumps({**_records(cache_folder), key: asdict(measured)}, indent=1)
        write_whole(cache_folder / RECORDS, content.encode())


@contextmanager
def _one_at_a_time(cache_folder: Path | None) -> Iterator[None]:
    """Processes that measure at the same time would slow each other down."""
    with ExitStack() as stack:
        if cache_folder is not None:
            with suppress(OSError):  # where nothing can be kept, nobody waits for another's result
                stack.enter_context(alone(cache_folder / "encoders.lock"))
        yield
