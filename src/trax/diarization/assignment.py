"""Which speaker of the file each voice of each window is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trax.diarization.local_speakers import VOICES, LocalWindow
from trax.diarization.pairing import best_pairs
from trax.diarization.plda import Floats, unit

NOBODY = -1


def assigned(windows: Sequence[LocalWindow], centroids: Floats, apart: bool = True) -> NDArray[np.intp]:
    """(windows, VOICES): index of the centroid that each voice is nearest to; NOBODY where it is silent or unknown.

    apart: no two voices of a window become the same speaker; a voice for whom none is left is NOBODY.
    """
    speakers = np.full((len(windows), VOICES), NOBODY, dtype=np.intp)
    centres = unit(centroids)
    for index, window in enumerate(windows):
        voices = np.flatnonzero(window.activity.any(axis=0))
        if len(centres) > 1:
            voices = voices[~np.isnan(window.embeddings[voices]).any(axis=1)]
        if len(voices) == 0:
            continue
        likeness = np.nan_to_num(unit(window.embeddings[voices]) @ centres.T)
        if len(voices) == 1 or not apart or len(centres) == 1:
            speakers[index, voices] = likeness.argmax(axis=1)
        else:
            for voice, speaker in best_pairs((likeness + 2.0).tolist()):  # pairs that are worth less than 0 aren't made
                speakers[index, voices[voice]] = speaker
    return speakers
