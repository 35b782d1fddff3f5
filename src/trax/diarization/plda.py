"""What is between an embedding and a comparison of speakers: the space in which VBx works.

Speakers differ by `spread` in it, and one speaker's embeddings by 1, in each dimension on its own. The numbers were
trained at Brno University of Technology and are part of community-1 (CC-BY-4.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trax.diarization.local_speakers import DIMENSIONS
from trax.errors import ModelUnavailable

REDUCED = 128

Floats = NDArray[np.float64]

_FILES: dict[str, tuple[str, tuple[int, ...]]] = {
    "xvec_mean1": ("<f8", (DIMENSIONS,)),
    "xvec_lda": ("<f4", (DIMENSIONS, REDUCED)),
    "xvec_mean2": ("<f4", (REDUCED,)),
    "plda_mu": ("<f8", (REDUCED,)),
    "plda_tr": ("<f8", (REDUCED, REDUCED)),
    "plda_psi": ("<f8", (REDUCED,)),
}
FILES = tuple(f"{name}.bin" for name in _FILES)


@dataclass(frozen=True, slots=True, eq=False)
class Plda:
    """Embeddings become features of speakers: centred, reduced, and independent of each other."""

    mean: Floats  # (DIMENSIONS,)
    reduction: Floats  # (DIMENSIONS, REDUCED)
    reduced_mean: Floats  # (REDUCED,)
    centre: Floats  # (REDUCED,)
    rotation: Floats  # (REDUCED, REDUCED): a row for each feature
    spread: Floats  # (REDUCED,): variance between speakers

    def features(self, embeddings: NDArray[np.floating]) -> Floats:
        """(n, REDUCED) of (n, DIMENSIONS)."""
        centred = DIMENSIONS**0.5 * unit(embeddings - self.mean)
        reduced = REDUCED**0.5 * unit(centred @ self.reduction - self.reduced_mean)
        return np.asarray((reduced - self.centre) @ self.rotation.T)

    def directions(self, embeddings: NDArray[np.floating]) -> Floats:
        """(n, REDUCED), with length 1: what tells speakers apart has more weight than what varies within one."""
        return unit(self.features(embeddings) * np.sqrt(self.spread / (self.spread + 1.0)))


def unit(vectors: NDArray[np.floating]) -> Floats:
    """Each row with length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1.0, lengths), dtype=np.float64)


def read_plda(folder: Path) -> Plda:
    """The PLDA of a folder with `FILES`: raw numbers, little-endian.

    Raises: ModelUnavailable: a file isn't there, or holds something else.
    """
    arrays = {name: _read(folder / f"{name}.bin", kind, shape) for name, (kind, shape) in _FILES.items()}
    return Plda(
        mean=arrays["xvec_mean1"],
        reduction=arrays["xvec_lda"],
        reduced_mean=arrays["xvec_mean2"],
        centre=arrays["plda_mu"],
        rotation=arrays["plda_tr"],
        spread=arrays["plda_psi"],
    )


def _read(path: Path, kind: str, shape: tuple[int, ...]) -> Floats:
    try:
        numbers = np.frombuffer(path.read_bytes(), dtype=kind).astype(np.float64).reshape(shape)
    except (OSError, ValueError) as error:
        raise _unreadable(path) from error
    if not np.isfinite(numbers).all():
        raise _unreadable(path)
    return numbers


def _unreadable(path: Path) -> ModelUnavailable:
    return ModelUnavailable(
        f"The weights for telling speakers apart are incomplete: {path.name} isn't what it should be.",
        "Remove the folder with these weights, so that they are fetched again, or set TRAX_DIARIZE_MODELS to another.",
    )
