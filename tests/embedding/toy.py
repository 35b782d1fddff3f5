"""A sentence encoder of made-up weights, a few kilobytes large, and the same network once more in plain numpy."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEADS, LAYERS, INNER, PLACES = 12, 3, 2, 20, 16
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "dog", "barks", "at", "night", "##s", "the", "moon"]
CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": WIDTH,
    "num_attention_heads": HEADS,
    "num_hidden_layers": LAYERS,
    "layer_norm_eps": 1e-12,
}

Tensors = dict[str, NDArray[np.float32]]


def write(folder: Path, tensors: Tensors, config: dict[str, Any] = CONFIG) -> Path:
    """`folder` with the encoder in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer()))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": PLACES}))
    (folder / "model.safetensors").write_bytes(safetensors(tensors))
    return folder


def safetensors(tensors: Tensors) -> bytes:
    entries, data = {"__metadata__": {"format": "pt"}}, b""
    for name, values in tensors.items():
        offsets = [len(data), len(data) + values.nbytes]
        entries[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": offsets}  # type: ignore[dict-item]
        data += values.tobytes()
    header = json.dumps(entries).encode()
    return len(header).to_bytes(8, "little") + header + data


def tensors(seed: int = 7) -> Tensors:
    random = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        **_normalisation("embeddings.LayerNorm"),
    }
    for layer in range(LAYERS):
        place = f"encoder.layer.{layer}"
        for name in ("query", "key", "value"):
            shapes |= _linear(f"{place}.attention.self.{name}", WIDTH, WIDTH)
        shapes |= _linear(f"{place}.attention.output.dense", WIDTH, WIDTH)
        shapes |= _normalisation(f"{place}.attention.output.LayerNorm")
        shapes |= _linear(f"{place}.intermediate.dense", INNER, WIDTH)
        shapes |= _linear(f"{place}.output.dense", WIDTH, INNER)
        shapes |= _normalisation(f"{place}.output.LayerNorm")
    return {name: random.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


def embedded(tensors: Tensors, tokens: list[int]) -> NDArray[np.float64]:
    """The vector of one text, computed in the order in which the paper tells it."""
    w = {name: values.astype(np.float64) for name, values in tensors.items()}
    states = w["embeddings.word_embeddings.weight"][tokens]
    states = states + w["embeddings.position_embeddings.weight"][: len(tokens)]
    states = _normalised(w, "embeddings.LayerNorm", states + w["embeddings.token_type_embeddings.weight"][0])
    for layer in range(LAYERS):
        place = f"encoder.layer.{layer}"
        query, key, value = (
            _applied(w, f"{place}.attention.self.{name}", states) for name in ("query", "key", "value")
        )
        heads = []
        for columns in np.split(np.arange(WIDTH), HEADS):
            scores = np.exp(query[:, columns] @ key[:, columns].T / math.sqrt(WIDTH / HEADS))
            heads.append(scores / scores.sum(axis=1, keepdims=True) @ value[:, columns])
        heard = _applied(w, f"{place}.attention.output.dense", np.concatenate(heads, axis=1))
        states = _normalised(w, f"{place}.attention.output.LayerNorm", heard + states)
        inner = _applied(w, f"{place}.intermediate.dense", states)
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        states = _normalised(w, f"{place}.output.LayerNorm", _applied(w, f"{place}.output.dense", inner) + states)
    mean: NDArray[np.float64] = states.mean(axis=0)
    return mean / np.linalg.norm(mean)


def _linear(name: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _normalisation(name: str) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}


def _applied(w: dict[str, NDArray[np.float64]], name: str, states: NDArray[np.float64]) -> NDArray[np.float64]:
    return states @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _normalised(w: dict[str, NDArray[np.float64]], name: str, states: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = states - states.mean(axis=1, keepdims=True)
    scaled: NDArray[np.float64] = centred / centred.std(axis=1, keepdims=True) * w[f"{name}.weight"]
    return scaled + w[f"{name}.bias"]


def _tokenizer() -> dict[str, Any]:
    special = [{"SpecialToken": {"id": name, "type_id": 0}} for name in ("[CLS]", "[SEP]")]
    return {
        "version": "1.0",
        "truncation": {"max_length": 4, "strategy": "LongestFirst", "stride": 0},  # both are set anew by the encoder
        "padding": {
            "strategy": {"Fixed": 8},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "[PAD]",
        },
        "added_tokens": [],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special[0], {"Sequence": {"id": "A", "type_id": 0}}, special[1]],
            "pair": [special[0], {"Sequence": {"id": "A", "type_id": 0}}, special[1]],
            "special_tokens": {
                name: {"id": name, "ids": [WORDS.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")
            },
        },
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {word: number for number, word in enumerate(WORDS)},
        },
    }
