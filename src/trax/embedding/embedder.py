"""What the rest of Trax knows of a model that turns texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """A model that gives texts of the same meaning vectors of nearly the same direction."""

    @property
    def name(self) -> str:
        """Vectors are compared with those of the same name alone."""

    @property
    def dimensions(self) -> int: ...

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes of what it was trained on; empty: not limited, as far as is known."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of unit length for each text."""


def knows(languages: tuple[str, ...], language: str) -> bool:
    """Whether a model of those languages understands that one; none stated counts as all."""
    return not languages or language in languages
