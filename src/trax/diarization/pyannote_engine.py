"""Diarization by pyannote.audio itself, for those who have a GPU: the same models as `community1`, on torch."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from time import perf_counter
from typing import IO, Any

import numpy as np

from trax.audio import SAMPLE_RATE, Samples
from trax.diarization.labels import Stretch, labelled, labels_of, speakers_of
from trax.diarization.pyannote_weights import fingerprint, located
from trax.errors import ModelUnavailable, first_line
from trax.timeline import Seconds
from trax.turns import Diarization, SpeakerCount

INSTALL = "pip install 'trax-transcripts[diarize-pyannote]'"
SHARES = {"segmentation": (0.0, 0.3), "embeddings": (0.3, 1.0)}  # of the work, by step


def is_installed() -> bool:
    """Whether pyannote.audio is there, found without importing it."""
    try:
        return find_spec("pyannote.audio") is not None
    except ModuleNotFoundError:
        return False


def open_pyannote(folder: Path | None, *, models_folder: Path, device: str, offline: bool) -> PyannoteDiarizer:
    """The pipeline of community-1, loaded.

    folder: a clone of its repository; None: what the hub has. device: auto, cpu or cuda.
    Raises: ModelUnavailable: pyannote.audio isn't installed, or its weights can't be had. OutputError.
    """
    if not is_installed():
        raise ModelUnavailable("pyannote.audio isn't installed.", f"Install it with: {INSTALL}.")
    source = located(folder, models_folder, offline)
    os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "0")  # else it tells its makers of each use
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of decoders that Trax doesn't need
        import torch
        from pyannote.audio import Pipeline, __version__

        try:
            pipeline = Pipeline.from_pretrained(source)
        except Exception as error:  # whatever a damaged file makes torch or yaml say
            raise ModelUnavailable(
                f"pyannote.audio can't load the pipeline in {source}: {first_line(error)[:200]}.",
                "Remove that folder to have it fetched again, or set TRAX_DIARIZE_MODELS to a whole clone.",
            ) from error
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    pipeline.to(torch.device(chosen))
    return PyannoteDiarizer(pipeline, torch.from_numpy, f"community-1-torch-{fingerprint(source)}", __version__, chosen)


class PyannoteDiarizer:
    """A pipeline of pyannote.audio 4; one file at a time."""

    name = "pyannote"

    def __init__(
        self, pipeline: Any, tensor: Callable[[np.ndarray], Any], model_id: str, version: str, device: str
    ) -> None:
        self._pipeline = pipeline
        self._tensor = tensor
        self._model_id = model_id
        self._version = version
        self._device = device
        self._lock = Lock()

    def description(self) -> dict[str, Any]:
        return {
            "engine": self.name,
            "model_id": self._model_id,
            "library": f"pyannote.audio {self._version}",
            "device": self._device,
        }

    def diarize(
        self,
        blocks: Iterable[Samples],
        count: SpeakerCount,
        check: Callable[[], None],
        told: Callable[[Seconds], None],
    ) -> Diarization:
        """As `Diarizer.diarize`; the sound lies in a temporary file meanwhile."""
        with TemporaryFile(prefix="trax-diarize-") as file:
            samples = _written(blocks, file, check)
            if samples == 0:
                return Diarization((), (), (), self.name, self._model_id)
            # copy on write: torch wants an array that may be written to
            sound = np.memmap(file, dtype=np.float32, mode="c", shape=(1, samples))
            steps = _Steps(samples / SAMPLE_RATE, check, told)
            with self._lock, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # such as of windows too short for a deviation
                heard = self._pipeline(
                    {"waveform": self._tensor(sound), "sample_rate": SAMPLE_RATE}, hook=steps, **_asked(count)
                )
        return self._understood(heard, samples / SAMPLE_RATE, count, steps.seconds)

    def _understood(
        self, heard: Any, duration: Seconds, count: SpeakerCount, profile: Mapping[str, Seconds]
    ) -> Diarization:
        overlapping = list(_tracks(heard.speaker_diarization, duration))
        names = labels_of(overlapping)
        turns = labelled(overlapping, names)
        in_order = map(str, heard.speaker_diarization.labels())
        theirs = dict(zip(in_order, _vectors(heard.speaker_embeddings), strict=False))
        asked = _asked(count)
        return Diarization(
            turns=turns,
            exclusive=labelled(_tracks(heard.exclusive_speaker_diarization, duration), names),
            speakers=speakers_of(turns, {names[one]: theirs.get(one) for one in names}),
            engine=self.name,
            model_id=self._model_id,
            params={"device": self._device} | ({"speakers_asked": asked} if asked else {}),
            profile=profile,
        )


class _Steps:
    """What pyannote.audio calls between and within its steps: lets the work be ended, and tells how far it is."""

    def __init__(self, duration: Seconds, check: Callable[[], None], told: Callable[[Seconds], None]) -> None:
        self.seconds: dict[str, Seconds] = {}
        self._duration, self._check, self._told = duration, check, told
        self._done, self._since = 0.0, perf_counter()

    def __call__(
        self, step: str, artifact: Any, file: Any = None, total: int | None = None, completed: int | None = None
    ) -> None:
        self._check()
        now = perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._since
        self._since = now
        begin, end = SHARES.get(step, (self._done, self._done))
        part = completed / total if total and completed is not None else 1.0
        self._done = max(self._done, begin + (end - begin) * min(part, 1.0))
        self._told(self._done * self._duration)


def _written(blocks: Iterable[Samples], file: IO[bytes], check: Callable[[], None]) -> int:
    """Number of samples that are in the file then."""
    samples = 0
    for block in blocks:
        check()
        file.write(np.ascontiguousarray(block, dtype=np.float32).data)
        samples += len(block)
    file.flush()
    return samples


def _asked(count: SpeakerCount) -> dict[str, int]:
    given = {"num_speakers": count.exact, "min_speakers": count.least, "max_speakers": count.most}
    return {name: number for name, number in given.items() if number is not None}


def _tracks(annotation: Any, duration: Seconds) -> Iterator[Stretch[str]]:
    for segment, _, speaker in annotation.itertracks(yield_label=True):
        yield max(0.0, float(segment.start)), min(float(segment.end), duration), str(speaker)


def _vectors(embeddings: np.ndarray | None) -> Iterator[tuple[float, ...] | None]:
    """Each with length 1; None for a speaker of whom there is none."""
    for vector in () if embeddings is None else embeddings:
        length = float(np.linalg.norm(vector))
        yield tuple((vector / length).tolist()) if np.isfinite(length) and length > 0 else None
