"""Silero VAD v6 over a stream: the state of the network is carried from block to block.

The weights are those that faster-whisper carries in its package (`assets/silero_vad_v6.onnx`, MIT, from
snakers4/silero-vad).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trax.audio import SAMPLE_RATE, Samples
from trax.openvino_library import import_openvino, is_installed

FRAME_SAMPLES = 512  # 32 ms, what the network was trained on at 16 kHz
FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE
CONTEXT_SAMPLES = 64  # of the frame before, which the network wants in front of each frame
STATE_SHAPE = (1, 1, 128)
STREAMS = min(4, os.cpu_count() or 1)

Probabilities = NDArray[np.float32]  # one per frame, 0..1
# Frames with their contexts and the two states to probabilities and the next states
Network = Callable[[Mapping[str, NDArray[np.float32]]], Sequence[NDArray[np.float32]]]


def speech_probabilities(blocks: Iterable[Samples]) -> Iterator[tuple[Samples, Probabilities]]:
    """The same sound in whole frames, each frame with the probability that it holds speech.

    Every yielded pair has `len(samples) <= FRAME_SAMPLES * len(probabilities)`; only the last frame may be incomplete.
    """
    detector = SpeechDetector()
    rest: Samples = np.zeros(0, dtype=np.float32)
    for block in blocks:
        samples = np.concatenate((rest, block)) if len(rest) else block
        whole = len(samples) - len(samples) % FRAME_SAMPLES
        rest = samples[whole:].copy()
        if whole:
            yield samples[:whole], detector(samples[:whole])
    if len(rest):
        padded = np.zeros(FRAME_SAMPLES, dtype=np.float32)
        padded[: len(rest)] = rest
        yield rest, detector(padded)


class SpeechDetector:
    """The network with its memory of what it has heard so far."""

    def __init__(self) -> None:
        self._network = _network()
        self._h = np.zeros(STATE_SHAPE, dtype=np.float32)
        self._c = np.zeros(STATE_SHAPE, dtype=np.float32)
        self._context = np.zeros(CONTEXT_SAMPLES, dtype=np.float32)

    def __call__(self, samples: Samples) -> Probabilities:
        """Speech probability of each frame; `samples` must be whole frames that follow on the last call's."""
        frames = samples.reshape(-1, FRAME_SAMPLES)
        inputs = np.empty((len(frames), CONTEXT_SAMPLES + FRAME_SAMPLES), dtype=np.float32)
        inputs[:, CONTEXT_SAMPLES:] = frames
        inputs[0, :CONTEXT_SAMPLES] = self._context
        inputs[1:, :CONTEXT_SAMPLES] = frames[:-1, -CONTEXT_SAMPLES:]
        self._context = frames[-1, -CONTEXT_SAMPLES:].copy()
        output, self._h, self._c = self._network({"input": inputs, "h": self._h, "c": self._c})
        probabilities: Probabilities = np.asarray(output, dtype=np.float32).reshape(-1)
        return probabilities


@cache
def runtime() -> str:
    """The library that runs the network here: the last digits of the probabilities are its own."""
    if is_installed():
        with suppress(ImportError, RuntimeError):  # an OpenVINO that doesn't work here is as good as none
            _compiled()
            return "openvino"
    return "onnxruntime"


def _network() -> Network:
    return openvino_network() if runtime() == "openvino" else onnx_network()


def openvino_network() -> Network:
    """The network on OpenVINO: the same probabilities to five digits in less than half of ONNX Runtime's time."""
    request = _compiled().create_infer_request()  # one for each detector: a request serves one thread

    def run(inputs: Mapping[str, NDArray[np.float32]]) -> Sequence[NDArray[np.float32]]:
        return list(request.infer(dict(inputs)).values())

    return run


def onnx_network() -> Network:
    """The network on ONNX Runtime."""
    return partial(_session().run, None)


@cache
def _compiled() -> Any:
    core = import_openvino().Core()
    properties = {
        "INFERENCE_PRECISION_HINT": "f32",
        "NUM_STREAMS": STREAMS,  # files that are searched at the same time, each on one core
        "INFERENCE_NUM_THREADS": STREAMS,
        "ENABLE_CPU_PINNING": False,
    }
    return core.compile_model(core.read_model(_weights()), "CPU", properties)


@cache
def _session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = 1  # the network is tiny: more threads only wait for each other
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(_weights()), providers=["CPUExecutionProvider"], sess_options=options)


def _weights() -> Path:
    spec = find_spec("faster_whisper")  # the package is located, not imported: it would load the engine
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "assets" / "silero_vad_v6.onnx"
