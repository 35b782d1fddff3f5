"""The two nets of community-1 on onnxruntime: who is active in a window, and what a stretch of sound sounds like.

Published as pyannote/speaker-diarization-community-1 (CC-BY-4.0): https://huggingface.co/pyannote
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trax.audio import Samples
from trax.diarization.fbank import BANDS, Features
from trax.diarization.local_speakers import Activity
from trax.diarization.ort_file import Graph, Operation, leading_to, read_graph, unpacked
from trax.errors import ModelUnavailable

SEGMENTATION, EMBEDDING = "segmentation.ort", "embedding.ort"
TRUNK = "/resnet/layer4/layer4.2/Relu_1_output_0"  # what the pooling over time begins with
HEAD_WEIGHTS, HEAD_BIAS = "resnet.seg_1.weight_add_tensor", "resnet.seg_1.bias"
TINY = 1e-8

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """From the trunk's features and a voice's frames to the voice's embedding."""

    weights: Vectors  # (DIMENSIONS, 2 x channels): of means, then of deviations
    bias: Vectors

    @property
    def channels(self) -> int:
        return int(self.weights.shape[1]) // 2

    def __call__(self, features: Vectors, masks: NDArray[np.generic]) -> Vectors:
        """(voices, DIMENSIONS) of features (frames, channels) and masks (voices, frames), each with a frame."""
        centre = features.mean(axis=0)  # so that squares are of small numbers
        near, weights = features - centre, np.asarray(masks, dtype=np.float32)
        total = weights.sum(axis=1, keepdims=True) + TINY
        means = weights @ near / total
        squares = weights @ near**2 - means**2 * total
        freedom = total - (weights**2).sum(axis=1, keepdims=True) / total + TINY
        deviations = np.sqrt(np.maximum(squares, 0.0) / freedom)
        pooled = np.concatenate([means + centre, deviations], axis=1)
        return np.asarray(pooled @ self.weights.T + self.bias, dtype=np.float32)


class Networks:
    """Both nets, loaded; may be used by several threads at a time, each call by one."""

    def __init__(self, folder: Path) -> None:
        """Raises: ModelUnavailable: the files hold something else."""
        try:
            graph = unpacked(read_graph((folder / EMBEDDING).read_bytes()))
            self._trunk = _session(trunk(graph))
            self.head = Head(graph.tensors[HEAD_WEIGHTS], graph.tensors[HEAD_BIAS])
            self._segmentation = _session((folder / SEGMENTATION).read_bytes())
        except Exception as error:  # onnxruntime has errors of its own for what it can't read
            raise ModelUnavailable(
                f"The weights for telling speakers apart can't be read: {folder}.",
                "Remove this folder, so that they are fetched again, or set TRAX_DIARIZE_MODELS to another.",
            ) from error

    def activity(self, window: Samples) -> Activity:
        """Which voices are heard in the frames of a window of 160,000 samples."""
        sound = np.asarray(window, dtype=np.float32)[None, None]
        return np.asarray(self._segmentation.run(None, {"waveforms": sound})[0][0] > 0.5, dtype=np.uint8)

    def features(self, bands: Features) -> Vectors:
        """(ceil(frames / 8), channels) of filter banks (frames, BANDS)."""
        found = self._trunk.run(None, {"fbank": bands[None]})[0][0]
        return np.ascontiguousarray(found.reshape(-1, found.shape[-1]).T)


def trunk(graph: Graph) -> bytes:
    """The part of the embedding net that doesn't depend on who speaks, as an ONNX model.

    The whole net would be run anew for every voice of every window; this part, nearly all of its work, only once.
    """
    from trax.onnx_model import FLOAT, Network

    network = Network()
    names: dict[str, str] = {"fbank": "fbank"}
    for operation in leading_to(graph, TRUNK):
        _add(network, operation, graph, names)
    return network.model({"fbank": ("n", "frames", BANDS)}, names[TRUNK], ("n", "channels", "bands", "steps"), FLOAT)


def _add(network: Any, operation: Operation, graph: Graph, names: dict[str, str]) -> None:
    for name in operation.inputs:
        if name not in names:
            names[name] = network.constant(graph.tensors[name])
    inputs: Sequence[str] = [names[name] for name in operation.inputs]
    names[operation.outputs[0]] = network.apply(operation.kind, *inputs, **operation.attributes)


def _session(model: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # windows are shared out among threads instead
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
