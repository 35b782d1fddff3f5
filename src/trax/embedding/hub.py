"""Files of a model from the Hugging Face hub, or a mirror that `HF_ENDPOINT` names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trax.errors import ModelUnavailable, OutputError, first_line

ANSWER_SECONDS = 15.0


class Unreachable(Exception):
    """The hub gives no answer."""


def download(repository: str, revision: str, names: Sequence[str], folder: Path, endpoint: str | None = None) -> Path:
    """Folder with those files; what an earlier try has fetched isn't fetched again.

    Raises: Unreachable. ModelUnavailable: the hub answers that it doesn't have them. OutputError: disk full or not
    writable.
    """
    from huggingface_hub import HfApi, errors

    http_error: type[Exception] = vars(errors)["HTTPError"]  # of httpx or httpx2, whichever the library is built on
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(repository, folder, error) from error
    try:
        # asked first: where nobody answers, a download would try again and again
        HfApi(endpoint=endpoint).model_info(repository, revision=revision, timeout=ANSWER_SECONDS)
        return [_fetch(repository, revision, name, folder, endpoint) for name in names][-1].parent
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError) as error:
        raise ModelUnavailable(
            f"The hub has no {repository} of revision {revision} with {', '.join(names)}.",
            "Check HF_ENDPOINT if it is set, or set TRAX_EMBEDDING_MODEL to a folder with the weights.",
        ) from error
    except (http_error, errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError, ConnectionError) as error:
        raise Unreachable(first_line(error)[:200]) from error
    except OSError as error:
        if error.errno is None:  # what huggingface_hub says of a network that fails halfway
            raise Unreachable(first_line(error)[:200]) from error
        raise _not_written(repository, folder, error) from error


def _not_written(repository: str, folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The weights of {repository} can't be written to {folder}: {error.strerror}.",
        "Make room, or set TRAX_HOME to a folder that can be written.",
    )


def _fetch(repository: str, revision: str, name: str, folder: Path, endpoint: str | None) -> Path:
    from huggingface_hub import hf_hub_download

    path = hf_hub_download(
        repository,
        name,
        revision=revision,
        cache_dir=folder,
        endpoint=endpoint,
        etag_timeout=ANSWER_SECONDS,
        tqdm_class=_silent_bar(),
    )
    return Path(path)


def _silent_bar() -> Any:
    """A progress bar for huggingface_hub that draws nothing."""
    from huggingface_hub.utils.tqdm import tqdm

    return type("SilentBar", (tqdm,), {"display": lambda self, *_, **__: None})
