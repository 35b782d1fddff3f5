"""The network that is built here computes what it should, whatever texts are embedded together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.embedding import toy
from trax.embedding.sentence_encoder import BATCH_TOKENS, SentenceEncoder, _batches
from trax.embedding.weights import Weights
from trax.errors import ModelUnavailable

CLS, SEP = 2, 3
TEXTS = {
    "A dog barks": [CLS, 4, 5, 6, SEP],
    "at night the dogs": [CLS, 7, 8, 10, 5, 9, SEP],
    "": [CLS, SEP],
    "zebra": [CLS, 1, SEP],
    "moon " * 40: [CLS, *[11] * (toy.PLACES - 2), SEP],
}


def encoder(folder: Path) -> SentenceEncoder:
    return SentenceEncoder(Weights("toy", folder, "path", ()), threads=1)


def test_vectors_are_those_of_the_network_in_numpy(tmp_path: Path) -> None:
    tensors = toy.tensors()
    vectors = encoder(toy.write(tmp_path, tensors)).embed(list(TEXTS))
    for vector, tokens in zip(vectors, TEXTS.values(), strict=True):
        np.testing.assert_allclose(vector, toy.embedded(tensors, tokens), atol=2e-6)


def test_a_text_has_the_same_vector_alone_and_among_others(tmp_path: Path) -> None:
    model = encoder(toy.write(tmp_path, toy.tensors()))
    together = model.embed(list(TEXTS))
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(model.embed([text])[0], vector, atol=1e-6)


def test_half_a_surrogate_pair_is_read_as_something_unknown(tmp_path: Path) -> None:
    model = encoder(toy.write(tmp_path, toy.tensors()))
    np.testing.assert_array_equal(model.embed(["dog \ud83d"]), model.embed(["dog ?"]))


def test_nothing_to_embed(tmp_path: Path) -> None:
    assert encoder(toy.write(tmp_path, toy.tensors())).embed([]).shape == (0, toy.WIDTH)


def test_texts_of_like_length_share_a_batch_that_is_not_too_large() -> None:
    lengths = [256, 3, 256, 4, 3] + [200] * 40
    batches = _batches(lengths)
    assert sorted(at for batch in batches for at in batch) == list(range(len(lengths)))
    assert [lengths[at] for batch in batches for at in batch] == sorted(lengths)
    assert all(len(batch) * lengths[batch[-1]] <= BATCH_TOKENS for batch in batches)


def test_one_text_longer_than_a_batch_is_a_batch() -> None:
    assert _batches([BATCH_TOKENS + 1, 1]) == [[1], [0]]


def broken_header(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x09\0\0\0\0\0\0\0{not json")


def cut_short(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


def empty_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def weight_missing(folder: Path) -> None:
    tensors = toy.tensors()
    del tensors["encoder.layer.1.output.dense.bias"]
    toy.write(folder, tensors)


def weight_of_another_size(folder: Path) -> None:
    toy.write(folder, {**toy.tensors(), "encoder.layer.1.output.dense.bias": np.zeros(5, np.float32)})


def another_kind(folder: Path) -> None:
    toy.write(folder, toy.tensors(), {**toy.CONFIG, "model_type": "mpnet"})


def first_token_only(folder: Path) -> None:
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": False}))


def broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")


def config_is_a_list(folder: Path) -> None:
    (folder / "config.json").write_text("[]")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (broken_header, "damaged or not whole"),
        (cut_short, "damaged or not whole"),
        (empty_weights, "no sensible length"),
        (weight_missing, "lacks encoder.layer.1.output.dense.bias"),
        (weight_of_another_size, "onnxruntime doesn't take it"),
        (another_kind, "its model_type is 'mpnet'"),
        (first_token_only, "the mean of its tokens"),
        (broken_tokenizer, "its tokenizer.json is damaged"),
        (config_is_a_list, "its config.json is no object"),
    ],
)
def test_weights_that_cannot_be_used_are_explained(damage: object, said: str, tmp_path: Path) -> None:
    folder = toy.write(tmp_path, toy.tensors())
    assert callable(damage)
    damage(folder)
    with pytest.raises(ModelUnavailable, match=said) as caught:
        encoder(folder)
    assert "TRAX_EMBEDDING_MODEL" in caught.value.next_step
