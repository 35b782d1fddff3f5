"""all-MiniLM-L6-v2 out of the package: the very weights of the hub, and the figures that its makers publish."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from trax.embedding import Embedder, at_hand
from trax.embedding.choosing import closest
from trax.embedding.weights import NAME

# of the file as the hub keeps it in the pinned revision
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_the_package_carries_the_weights_of_the_hub(minilm: Embedder, tmp_path: Path) -> None:
    weights = at_hand(None, tmp_path)
    assert weights is not None
    with (weights.path / "model.safetensors").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == WEIGHTS_SHA256


def test_similarities_are_those_of_the_documentation(minilm: Embedder) -> None:
    """https://sbert.net/docs/quickstart.html"""
    vectors = minilm.embed(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."])
    published = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    np.testing.assert_allclose(vectors @ vectors.T, published, atol=1e-4)


def test_what_it_says_of_itself(minilm: Embedder) -> None:
    assert (minilm.name, minilm.dimensions, minilm.languages) == (NAME, 384, ("en",))


def test_a_text_beyond_its_length_is_read_as_far_as_it_goes(minilm: Embedder) -> None:
    start = "the history of the printing press " * 60
    vectors = minilm.embed([start, f"{start} cooking pasta"])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)


def test_the_moment_within_a_passage_is_the_sentence_that_is_meant(minilm: Embedder) -> None:
    groups = [
        ["Welcome to the show.", "She was born in a small village in Norway.", "Thanks to our sponsors."],
        ["He grew up on a farm.", "We talked about taxes."],
    ]
    question = minilm.embed(["Where does she come from?"])[0]
    assert closest(minilm, question, groups) == [1, 0]
