"""Encoders: log-mel spectrograms to what the decoder listens to, by whichever library is fastest on the machine."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Encoder(Protocol):
    """Callable from several threads at once."""

    @property
    def name(self) -> str:
        """Library and arithmetic, such as "ctranslate2 int8": they shape the words."""
        ...

    def __call__(self, features: NDArray[np.float32]) -> Any:
        """A `ctranslate2.StorageView` on the CPU, shape (n, frames / 2, d_model), of features (n, n_mels, frames)."""
        ...


class CTranslate2Encoder:
    """The encoder of the model that decodes, too."""

    def __init__(self, model: Any, compute_type: str) -> None:
        self._model = model  # ctranslate2.models.Whisper
        self._compute_type = compute_type

    @property
    def name(self) -> str:
        return f"ctranslate2 {self._compute_type}"

    def __call__(self, features: NDArray[np.float32]) -> Any:
        import ctranslate2

        return self._model.encode(ctranslate2.StorageView.from_array(features), to_cpu=True)
