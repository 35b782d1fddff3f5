"""How much memory an engine takes, and how it is cut to what there is."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil

from trax.audio import SAMPLE_RATE
from trax.transcription.ct2_weights import UnknownWeights, Weights, read_weights
from trax.transcription.device import EnginePlan
from trax.transcription.dispatch import AHEAD

CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container; "max" where there is none
SHARE_OF_MACHINE = 0.5
PROCESS = 250_000_000  # bytes: Python, its libraries, the VAD (measured: benchmarks/README.md)
SHARE_OF_ENGINE = 0.6  # of the budget; the rest is for files in work (`jobs.concurrency`)
WINDOW_SOUND = 30 * SAMPLE_RATE * 4  # bytes
ENCODED = 1500  # positions that the encoder gives for 30 s
MEAN_TOKENS = 224  # that a hypothesis keeps keys and values for


@dataclass(frozen=True, slots=True)
class ModelShape:
    """What decides how much memory a Whisper model needs."""

    weights: int  # bytes in memory
    width: int  # d_model
    heads: int
    decoder_layers: int
    vocabulary: int


BYTES = {"int8": 1, "int8_float32": 1, "int8_float16": 1, "int16": 2, "float16": 2, "bfloat16": 2}  # of a weight


def shape_of(weights: Weights, compute_type: str) -> ModelShape:
    """What the weights of a Whisper model tell of its need; the encoder's may be there twice, as float32, too."""
    sizes = {name: int(np.prod(weights.shape(name), dtype=np.int64)) for name in weights}
    encoder = sum(size for name, size in sizes.items() if name.startswith("encoder/"))
    layers = {found[1] for name in sizes if (found := re.match(r"decoder/layer_(\d+)/", name))}
    return ModelShape(
        weights=BYTES.get(compute_type, 4) * sum(sizes.values()) + 4 * encoder,
        width=weights.shape("encoder/position_encodings/encodings")[1],
        heads=weights.number("encoder/num_heads"),
        decoder_layers=len(layers),
        vocabulary=weights.shape("decoder/embeddings/weight")[0],
    )


def budget(given: int | None) -> int:
    """Bytes that Trax plans to use at most: what is given, or half of what this machine or container has."""
    if given is not None:
        return given
    total = int(psutil.virtual_memory().total)
    with suppress(OSError, ValueError):  # no such file, or no limit in it
        total = min(total, int(CGROUP_LIMIT.read_text()))
    return int(total * SHARE_OF_MACHINE)


def needed(chosen: EnginePlan, shape: ModelShape, beam: int = 5) -> int:
    """Bytes that an engine takes at its peak, within a quarter or so."""
    attention = 2 * shape.heads * ENCODED**2 * 4
    encoding = attention + 12 * ENCODED * shape.width * 4
    crossed = 2 * shape.decoder_layers * ENCODED * shape.width * 4  # keys and values of a window
    followed = 2 * shape.decoder_layers * MEAN_TOKENS * shape.width * 4 + 6 * shape.vocabulary * 4  # of a hypothesis
    window = crossed + ENCODED * shape.width * 4 + beam * followed + (1 + AHEAD) * WINDOW_SOUND
    return PROCESS + shape.weights + chosen.workers * (encoding + chosen.batch_size * window)


def fitted(model: Path, chosen: EnginePlan, memory: int | None) -> EnginePlan:
    """The plan for the model in that folder as it fits into so many bytes (None: half the machine's).

    A GPU has a memory of its own, for which nothing is cut.
    """
    if chosen.device != "cpu":
        return chosen
    try:
        shape = shape_of(read_weights(model / "model.bin"), chosen.compute_type)
    except (UnknownWeights, KeyError, OSError):  # for CTranslate2 to say what is wrong with it
        return chosen
    return fit(chosen, shape, budget(memory))


def fit(chosen: EnginePlan, shape: ModelShape, memory: int) -> EnginePlan:
    """The plan, with smaller batches and then fewer workers where the memory, in bytes, would not do."""
    limit = int(memory * SHARE_OF_ENGINE)
    fitted = chosen
    while needed(fitted, shape) > limit and (fitted.batch_size > 1 or fitted.workers > 1):
        if fitted.batch_size > 1:
            fitted = replace(fitted, batch_size=fitted.batch_size // 2)
        else:
            threads = fitted.workers * fitted.threads_per_worker
            fitted = replace(fitted, workers=fitted.workers // 2, threads_per_worker=threads // (fitted.workers // 2))
    if needed(fitted, shape) > limit:
        megabytes = needed(fitted, shape) / SHARE_OF_ENGINE / 1e6
        note = f"the model needs more memory than is planned for (about {megabytes:.0f} MB); see TRAX_MEMORY"
        return replace(fitted, notes=(*fitted.notes, note))
    return fitted
