"""Where the engine runs, in which arithmetic, and on how many threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from trax.errors import UsageError

DEVICES = ("auto", "cpu", "cuda")
CPU_BATCH = 8  # decoded together: 5 % faster than 4, which are 20 % faster than 2; more gain nothing
CUDA_BATCH = 16


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """How a model is loaded."""

    device: str  # cpu or cuda
    compute_type: str
    workers: int  # batches that run at the same time
    threads_per_worker: int
    batch_size: int
    notes: tuple[str, ...] = ()  # what was chosen otherwise than asked, and why


def plan(device: str, compute_type: str, threads: int, batch_size: int) -> EnginePlan:
    """The best of this machine within what is asked; 0 and "auto" leave the choice.

    Raises: UsageError: no such device, no GPU where one is demanded, or a compute type that the device lacks.
    """
    import ctranslate2

    if device not in DEVICES:
        raise UsageError(f"There is no device {device!r}.", f"Choose one of {', '.join(DEVICES)}.")
    gpus = ctranslate2.get_cuda_device_count()
    if device == "cuda" and not gpus:
        raise UsageError("No CUDA device was found on this machine.", "Take --device cpu or auto.")
    chosen = "cuda" if gpus and device != "cpu" else "cpu"
    arithmetic = _compute_type(chosen, compute_type, ctranslate2.get_supported_compute_types)
    if chosen == "cuda":
        return EnginePlan(chosen, arithmetic, 1, max(1, threads), batch_size or CUDA_BATCH)
    cores = threads or available_cores()
    # one thread per worker wastes nothing on waiting; above four workers, memory for each counts more
    workers = min(cores, 4)
    return EnginePlan(chosen, arithmetic, workers, max(1, cores // workers), batch_size or CPU_BATCH)


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _compute_type(device: str, asked: str, supported_on: Callable[[str], set[str]]) -> str:
    # encoder outputs pass through NumPy, which has no bfloat16
    supported = {name for name in supported_on(device) if "bfloat16" not in name}
    preferred = {"cpu": ("int8", "float32"), "cuda": ("float16", "int8_float16", "float32")}[device]
    if asked in ("auto", "default"):
        return next((name for name in preferred if name in supported), "float32")
    if asked not in supported:
        raise UsageError(
            f"The compute type {asked!r} is not supported on {device} here.",
            f"Choose one of {', '.join(sorted(supported))}, or auto.",
        )
    return asked
