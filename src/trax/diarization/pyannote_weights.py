"""The weights of pyannote.audio's pipeline: a clone of its repository, or the hub's, whose terms must be accepted."""

from __future__ import annotations

from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import Any

from trax.errors import ModelUnavailable, OutputError, first_line

REPOSITORY = "pyannote/speaker-diarization-community-1"
FILES = ("config.yaml", "embedding/pytorch_model.bin", "plda/*", "segmentation/pytorch_model.bin")
ANSWER_SECONDS = 15.0
ACCEPT = (
    f"Accept them at https://huggingface.co/{REPOSITORY} and set HF_TOKEN, or set TRAX_DIARIZE_MODELS to a clone of it."
)


def located(folder: Path | None, models_folder: Path, offline: bool) -> Path:
    """Folder with the pipeline: `folder` itself, or what the hub has, fetched once.

    Raises: ModelUnavailable: it isn't there, or the hub doesn't give it. OutputError: it can't be written.
    """
    if folder is not None:
        if not (folder / "config.yaml").is_file():
            raise ModelUnavailable(
                f"{folder} is no clone of {REPOSITORY}: it has no config.yaml.",
                "Set TRAX_DIARIZE_MODELS to a folder with it, or leave it empty to ask the hub.",
            )
        return folder
    kept = _kept(models_folder)
    if kept is not None:
        return kept
    if offline:
        raise ModelUnavailable(
            f"The weights of {REPOSITORY} aren't on this machine, and Trax is told to stay offline.",
            "Set TRAX_DIARIZE_MODELS to a clone of it, or fetch it once without TRAX_OFFLINE.",
        )
    return _fetched(models_folder)


def fingerprint(folder: Path) -> str:
    """Twelve digits that differ where embeddings can't be compared."""
    weights = folder / "embedding" / "pytorch_model.bin"
    decisive = weights if weights.is_file() else folder / "config.yaml"
    return sha256(decisive.read_bytes()).hexdigest()[:12]


def _kept(models_folder: Path) -> Path | None:
    """What an earlier call has fetched as a whole, the newest first."""
    snapshots = (models_folder / f"models--{REPOSITORY.replace('/', '--')}" / "snapshots").glob("*")
    whole = [folder for folder in snapshots if all(any(folder.glob(pattern)) for pattern in FILES)]
    return max(whole, key=lambda folder: folder.stat().st_mtime, default=None)


def _fetched(models_folder: Path, revision: str = "main", endpoint: str | None = None) -> Path:
    from huggingface_hub import HfApi, errors, hf_hub_download

    http_error: type[Exception] = vars(errors)["HTTPError"]  # of httpx or httpx2, whichever the library is built on
    try:
        models_folder.mkdir(parents=True, exist_ok=True)
        # asked first: where nobody answers, a download would try again and again
        info = HfApi(endpoint=endpoint).model_info(REPOSITORY, revision=revision, timeout=ANSWER_SECONDS)
        names = [file.rfilename for file in info.siblings or () if any(fnmatch(file.rfilename, one) for one in FILES)]
        for name in names:
            hf_hub_download(
                REPOSITORY,
                name,
                revision=info.sha,
                cache_dir=models_folder,
                endpoint=endpoint,
                etag_timeout=ANSWER_SECONDS,
                tqdm_class=_silent_bar(),
            )
    except (errors.RepositoryNotFoundError, errors.GatedRepoError) as error:
        raise ModelUnavailable(f"The hub gives {REPOSITORY} only to those who accept its terms.", ACCEPT) from error
    except (http_error, errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError, ConnectionError) as error:
        raise _unreachable(error) from error
    except OSError as error:
        if error.errno is None:  # what huggingface_hub says of a network that fails halfway
            raise _unreachable(error) from error
        raise OutputError(
            f"The weights of {REPOSITORY} can't be written to {models_folder}: {error.strerror}.",
            "Make room, or set TRAX_HOME to a folder that can be written.",
        ) from error
    kept = _kept(models_folder)
    if kept is None:
        raise ModelUnavailable(f"The hub's copy of {REPOSITORY} is incomplete.", "Set TRAX_DIARIZE_MODELS to a clone.")
    return kept


def _silent_bar() -> Any:
    """A progress bar for huggingface_hub that draws nothing."""
    from huggingface_hub.utils.tqdm import tqdm

    return type("SilentBar", (tqdm,), {"display": lambda self, *_, **__: None})


def _unreachable(error: Exception) -> ModelUnavailable:
    return ModelUnavailable(
        f"The weights of {REPOSITORY} can't be fetched: {first_line(error)[:200]}.",
        "Check the network and HF_ENDPOINT, or set TRAX_DIARIZE_MODELS to a clone of it.",
    )
