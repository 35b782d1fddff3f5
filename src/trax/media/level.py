"""How loud the decoded sound is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FULL_SCALE: Final = 32768.0


@dataclass(slots=True)
class Level:
    """Peak and mean level of everything added, in dB below full scale; None for digital silence."""

    peak: int = 0
    energy: float = 0.0
    count: int = 0

    def add(self, samples: NDArray[np.int16]) -> None:
        if not len(samples):
            return
        self.peak = max(self.peak, int(samples.max()), -int(samples.min()))
        wide = samples.astype(np.float32)
        self.energy += float(np.dot(wide, wide))
        self.count += len(samples)

    @property
    def peak_dbfs(self) -> float | None:
        return 20 * math.log10(self.peak / _FULL_SCALE) if self.peak else None

    @property
    def rms_dbfs(self) -> float | None:
        if not self.energy:
            return None
        return 10 * math.log10(self.energy / self.count / _FULL_SCALE**2)
