"""Whisper's encoder on OpenVINO: on most CPUs faster than CTranslate2's, in bfloat16 where the CPU has it.

The graph is made once from the model's own weights and kept in the cache, and so is what OpenVINO compiled of it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trax.openvino_library import import_openvino
from trax.transcription.ct2_weights import read_weights
from trax.transcription.device import EnginePlan
from trax.transcription.kept_files import alone, digest, read_sealed, write_sealed
from trax.transcription.processor import processor

EDGE = 65_536  # bytes at either end of the weights that tell one model from another
GRAPH_VERSION = "2"  # to be changed with `openvino_graph`
GRAPH, CONSTANTS, DIGESTS = "encoder.xml", "encoder.bin", "digests.json"


class OpenVinoEncoder:
    """A compiled encoder; threads that call at the same time run on streams of their own, as many as were planned."""

    def __init__(self, compiled: Any, arithmetic: str) -> None:
        self._compiled = compiled  # openvino.CompiledModel
        self._arithmetic = arithmetic
        self._of_thread = local()

    @property
    def name(self) -> str:
        return f"openvino {self._arithmetic}"

    def __call__(self, features: NDArray[np.float32]) -> Any:
        import ctranslate2

        if not hasattr(self._of_thread, "request"):
            self._of_thread.request = self._compiled.create_infer_request()
        states = self._of_thread.request.infer({0: np.ascontiguousarray(features)})[0]  # a copy of the request's own
        return ctranslate2.StorageView.from_array(states)


def open_encoder(model_file: Path, chosen: EnginePlan, cache_folder: Path | None) -> OpenVinoEncoder:
    """The encoder of the model, out of the cache where it is there whole, and put there otherwise.

    Raises: UnknownWeights: the file isn't a Whisper model as it is known here. RuntimeError: OpenVINO fails.
    """
    openvino = import_openvino()
    core = openvino.Core()
    arithmetic = _arithmetic(core, chosen)
    properties = {
        "INFERENCE_PRECISION_HINT": arithmetic,
        "NUM_STREAMS": chosen.workers,
        "INFERENCE_NUM_THREADS": chosen.workers * chosen.threads_per_worker,
        "ENABLE_CPU_PINNING": False,  # pinned, the streams fight CTranslate2's threads for the same cores
    }
    try:
        folder = None if cache_folder is None else _kept_graph(model_file, cache_folder)
    except OSError:  # a cache that can't be written must not keep anybody from hearing
        folder = None
    compiled = _compile(core, model_file, properties) if folder is None else _kept(core, folder, properties)
    return OpenVinoEncoder(compiled, arithmetic)


def fingerprint(model_file: Path) -> str:
    """Tells one file of weights from another, and from itself after a change, without reading all of it."""
    status = model_file.stat()
    known = sha256(f"{GRAPH_VERSION} {status.st_size} {status.st_mtime_ns} ".encode())
    with model_file.open("rb") as file:
        known.update(file.read(EDGE))
        file.seek(max(0, status.st_size - EDGE))
        known.update(file.read(EDGE))
    return known.hexdigest()[:32]


def _arithmetic(core: Any, chosen: EnginePlan) -> str:
    """The fastest that is native to the CPU and no coarser than the plan's."""
    native = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in native and chosen.compute_type != "float32" else "f32"


def _compile(core: Any, model_file: Path, properties: dict[str, Any]) -> Any:
    from trax.transcription.openvino_graph import encoder_graph

    return core.compile_model(encoder_graph(read_weights(model_file)), "CPU", properties)


def _kept_graph(model_file: Path, cache_folder: Path) -> Path:
    """The folder of the model's graph in the cache. Raises: OSError: the cache can't be written."""
    encoders = cache_folder / "encoders"
    folder = encoders / fingerprint(model_file)
    if not _is_whole(folder):
        with alone(encoders / f"{folder.name}.lock"):
            if not _is_whole(folder):  # another process may have made it meanwhile
                _make_graph(model_file, folder)
    return folder


def _is_whole(folder: Path) -> bool:
    try:
        digests = json.loads((folder / DIGESTS).read_text("utf-8"))
        return bool(digests == {name: digest(folder / name) for name in (GRAPH, CONSTANTS)})
    except (OSError, ValueError):
        return False


def _make_graph(model_file: Path, folder: Path) -> None:
    from openvino import save_model

    from trax.transcription.openvino_graph import encoder_graph

    for left in folder.parent.glob(f".{folder.name}.*"):  # by a process that was killed: we hold the lock
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        # of float16 OpenVINO makes a float32 copy in each process's memory; float32 stays in the file, which they share
        save_model(encoder_graph(read_weights(model_file)), draft / GRAPH, compress_to_fp16=False)
        digests = {name: digest(draft / name) for name in (GRAPH, CONSTANTS)}
        (draft / DIGESTS).write_text(json.dumps(digests), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    except RuntimeError as error:  # OpenVINO's words for a disk that is full
        raise OSError(str(error)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _kept(core: Any, folder: Path, properties: dict[str, Any]) -> Any:
    """The compiled graph of the folder; what OpenVINO made of it on this CPU is kept beside it, without the weights."""
    compact = {**properties, "CACHE_MODE": "OPTIMIZE_SIZE"}
    made_with = f"{version('openvino')} {processor()} {sorted(properties.items())}"
    kept = folder / f"{sha256(made_with.encode()).hexdigest()[:16]}.compiled"
    if (known := read_sealed(kept)) is not None:
        with suppress(RuntimeError):  # not of this build of OpenVINO after all
            return core.import_model(known, "CPU", {**compact, "WEIGHTS_PATH": str(folder / CONSTANTS)})
    compiled = core.compile_model(folder / GRAPH, "CPU", compact)
    with suppress(OSError, RuntimeError):
        write_sealed(kept, compiled.export_model().getvalue())
    return compiled
