"""The text among several that is closest to a question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trax.embedding.embedder import Embedder


def closest(embedder: Embedder, question: NDArray[np.float32], groups: Sequence[Sequence[str]]) -> list[int]:
    """For each group, none of them empty, the position of the text that is closest to the question's vector."""
    vectors = embedder.embed([text for group in groups for text in group])
    similarities = vectors @ question
    ends = np.cumsum([len(group) for group in groups])
    return [int(similarities[end - len(group) : end].argmax()) for group, end in zip(groups, ends, strict=True)]
