"""A sentence encoder on onnxruntime: its weights from safetensors, its network built here, no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trax.embedding import bert, safetensors
from trax.embedding.weights import Weights
from trax.errors import ModelUnavailable, first_line

MOST_TOKENS = 256  # of a text, where the model doesn't say; what follows is not read
BATCH_TOKENS = 4096  # padding included, in one run of the network
FIRST_BITS = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}


class SentenceEncoder:
    """An embedder whose network is loaded."""

    def __init__(self, weights: Weights, threads: int = 0) -> None:
        """`threads`: 0 is one per core.

        Raises: ModelUnavailable: the weights are damaged, or of a kind that isn't known here.
        """
        self.name = weights.name
        self.languages = weights.languages
        try:
            config = _document(weights.path / "config.json")
            _check_kind(weights.path, config)
            self.dimensions = int(config["hidden_size"])
            self._tokenizer = _tokenizer(weights.path)
            self._session = _session(_network(weights.path, config), threads)
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise ModelUnavailable(
                f"The weights of {weights.name} in {weights.path} can't be used: {_reason(error)}.",
                "Remove that folder so that they are fetched anew, or set TRAX_EMBEDDING_MODEL to another one.",
            ) from error

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of unit length for each text."""
        # half a surrogate pair, as a terminal may pass it on, is no text to the tokenizer
        whole = [text.encode("utf-8", "replace").decode() for text in texts]
        encodings = self._tokenizer.encode_batch(whole)
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for batch in _batches([len(encoding.ids) for encoding in encodings]):
            longest = len(encodings[batch[-1]].ids)
            tokens, mask = np.zeros((2, len(batch), longest), np.int64)
            for row, at in enumerate(batch):
                ids = encodings[at].ids
                tokens[row, : len(ids)], mask[row, : len(ids)] = ids, 1
            vectors[batch] = self._session.run(None, {"tokens": tokens, "mask": mask})[0]
        return vectors


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Positions, texts of like length together: the longest of a batch sets the cost of all."""
    batches: list[list[int]] = []
    for at in sorted(range(len(lengths)), key=lambda at: lengths[at]):
        if not batches or (len(batches[-1]) + 1) * lengths[at] > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(at)
    return batches


def _check_kind(folder: Path, config: dict[str, Any]) -> None:
    for name, value in FIRST_BITS.items():
        if config.get(name, value) != value:
            raise ValueError(f"its {name} is {config[name]!r} where {value!r} is known")
    pooling = folder / "1_Pooling" / "config.json"
    if pooling.exists() and not _document(pooling).get("pooling_mode_mean_tokens", True):
        raise ValueError("it doesn't take the mean of its tokens")


def _tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer

    limits = folder / "sentence_bert_config.json"
    most = int(_document(limits).get("max_seq_length", MOST_TOKENS)) if limits.exists() else MOST_TOKENS
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library knows no narrower one
        raise ValueError("its tokenizer.json is damaged") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(most)
    return tokenizer


def _network(folder: Path, config: dict[str, Any]) -> bytes:
    shape = bert.Shape(
        layers=int(config["num_hidden_layers"]),
        heads=int(config["num_attention_heads"]),
        width=int(config["hidden_size"]),
        epsilon=float(config.get("layer_norm_eps", 1e-12)),
    )
    weights = safetensors.read(folder / "model.safetensors")
    return bert.build({name.removeprefix("bert."): values for name, values in weights.items()}, shape)


def _session(model: bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # between batches, others need the cores
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # each of onnxruntime's errors has a class of its own, all of them right below Exception
        raise ValueError("onnxruntime doesn't take it") from error


def _document(path: Path) -> dict[str, Any]:
    document = json.loads(path.read_text("utf-8"))
    if not isinstance(document, dict):
        raise ValueError(f"its {path.name} is no object")
    return document


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it lacks {error.args[0]}"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return first_line(error)
