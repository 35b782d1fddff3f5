"""An embedder, ready for use."""

from __future__ import annotations

from pathlib import Path

from trax.embedding.embedder import Embedder
from trax.embedding.weights import Announce, resolve


def open_embedder(
    folder: Path | None,
    *,
    models_folder: Path,
    offline: bool = False,
    threads: int = 0,
    announce: Announce = lambda _: None,
) -> Embedder:
    """The encoder in `folder`, or all-MiniLM-L6-v2 where that is None; downloaded if need be, and loaded.

    Raises: ModelUnavailable: no weights, incomplete or damaged ones. OutputError: a download can't be written.
    """
    weights = resolve(folder, models_folder=models_folder, offline=offline, announce=announce)
    from trax.embedding.sentence_encoder import SentenceEncoder  # onnxruntime takes its time

    return SentenceEncoder(weights, threads)
