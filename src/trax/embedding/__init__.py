"""Texts as vectors, so that what means the same lies close together."""

from trax.embedding.embedder import Embedder, knows
from trax.embedding.opening import open_embedder
from trax.embedding.weights import Weights, at_hand, resolve

__all__ = ["Embedder", "Weights", "at_hand", "knows", "open_embedder", "resolve"]
