"""pyannote's community-1 pipeline on onnxruntime: the default engine, for any CPU.

Method: https://github.com/pyannote/pyannote-audio (4.0, `speaker-diarization-community-1`), VBx:
https://doi.org/10.1016/j.csl.2021.101254.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from trax.audio import SAMPLE_RATE, Samples
from trax.diarization.listening import Listener
from trax.diarization.networks import Networks
from trax.diarization.plda import read_plda
from trax.diarization.speakers import diarization_of
from trax.diarization.weights import Weights
from trax.stopwatch import Stopwatch
from trax.timeline import Seconds
from trax.turns import Diarization, SpeakerCount

CLOSE, WIDE = 1.0, 2.0  # seconds from one window to the next
LONG = 600.0  # from here on there is enough of every voice for windows that are further apart


class Community1:
    """Both networks and the PLDA, loaded; one file at a time."""

    name = "community1"

    def __init__(self, weights: Weights, threads: int) -> None:
        """Raises: ModelUnavailable: the weights can't be read."""
        self._weights = weights
        self._threads = threads
        self._plda = read_plda(weights.path)
        self._networks = Networks(weights.path)

    def description(self) -> dict[str, Any]:
        return {
            "engine": self.name,
            "model_id": self._weights.model_id,
            "source": self._weights.source,
            "onnxruntime": version("onnxruntime"),
        }

    def diarize(
        self,
        blocks: Iterable[Samples],
        count: SpeakerCount,
        check: Callable[[], None],
        told: Callable[[Seconds], None],
    ) -> Diarization:
        """Who speaks when; what is heard is forgotten as it goes, all but a few numbers for each voice of a window."""
        watch = Stopwatch()
        listener = Listener(self._networks, hop, self._threads, check, watch)
        windows = list(listener.windows(_counted(blocks, told)))
        with watch.stage("clustering"):
            found = diarization_of(
                windows,
                listener.duration,
                self._plda,
                count,
                engine=self.name,
                model_id=self._weights.model_id,
                check=check,
            )
        return replace(found, profile=watch.seconds)


def hop(at: Seconds) -> Seconds:
    """From a window that begins there to the next."""
    return CLOSE if at < LONG else WIDE


def _counted(blocks: Iterable[Samples], told: Callable[[Seconds], None]) -> Iterator[Samples]:
    done = 0
    for block in blocks:
        done += len(block)
        yield block
        told(done / SAMPLE_RATE)
