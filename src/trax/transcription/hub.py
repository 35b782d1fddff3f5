"""Weights from the Hugging Face hub, or a mirror that `HF_ENDPOINT` names: resumed where they were cut off."""

from __future__ import annotations

import errno
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from trax.errors import ModelUnavailable, OutputError, first_line
from trax.transcription.catalogue import KnownModel
from trax.transcription.models import Progress, missing_files

ANSWER_SECONDS = 15.0
FILES = ("config.json", "preprocessor_config.json", "tokenizer.json", "vocabulary.*", "model.bin")


NOT_WRITABLE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
)


class Unreachable(Exception):
    """The hub gives no answer."""


def download(
    model: KnownModel, models_folder: Path, on_progress: Progress | None, endpoint: str | None = None
) -> tuple[Path, str]:
    """Folder and revision of the complete weights.

    Raises: Unreachable. ModelUnavailable: the hub answers that it doesn't have them. OutputError: disk full or not
    writable.
    """
    from huggingface_hub import errors

    http_error: type[Exception] = vars(errors)["HTTPError"]  # of httpx or httpx2, whichever the library is built on
    try:
        path = _fetch(model, models_folder, on_progress, endpoint)
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError) as error:
        raise ModelUnavailable(
            f"The hub has no {model.repository} of revision {model.revision or 'main'}.",
            "Check HF_ENDPOINT if it is set, or give the path of a folder with the weights (--model PATH).",
        ) from error
    except OSError as error:
        if error.errno in NOT_WRITABLE:
            raise OutputError(
                f"The weights of {model.name} can't be written to {models_folder}: {error.strerror}.",
                f"Make room ({model.megabytes} MB are needed) or set TRAX_HOME to a folder that can be written.",
            ) from error
        raise Unreachable(_reason(error)) from error
    except (http_error, errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError) as error:
        raise Unreachable(_reason(error)) from error
    if missing := missing_files(path):
        raise ModelUnavailable(
            f"The hub's copy of {model.name} is incomplete: it lacks {', '.join(missing)}.",
            "Give the path of a folder with the weights (--model PATH).",
        )
    return path, path.name


def _fetch(model: KnownModel, models_folder: Path, on_progress: Progress | None, endpoint: str | None) -> Path:
    from huggingface_hub import HfApi, hf_hub_download

    api = HfApi(endpoint=endpoint)
    info = api.model_info(model.repository, revision=model.revision, files_metadata=True, timeout=ANSWER_SECONDS)
    sizes = {
        file.rfilename: file.size or 0
        for file in info.siblings or ()
        if any(fnmatch(file.rfilename, pattern) for pattern in FILES)
    }
    total, done, path = sum(sizes.values()), 0, models_folder / "nothing"
    for name in sorted(sizes, key=lambda name: sizes[name]):  # small ones first: a gap shows early
        report = _reporter(on_progress, done, total)
        path = Path(
            hf_hub_download(
                model.repository,
                name,
                revision=info.sha,
                cache_dir=models_folder,
                endpoint=endpoint,
                tqdm_class=_bar_class(report),
            )
        )
        done += sizes[name]
        report(sizes[name])
    return path.parent


def _reporter(on_progress: Progress | None, before: int, total: int) -> Callable[[int], None]:
    """What tells `on_progress` about one file of several."""

    def report(count: int) -> None:
        if on_progress is not None:
            on_progress(min(before + count, total), total)

    return report


def _bar_class(report: Callable[[int], None]) -> Any:
    """A progress bar for huggingface_hub that draws nothing and reports the bytes of one file.

    The hub's own protocol counts every byte on two bars, as received and as written: the one ahead is reported.
    """
    from huggingface_hub.utils.tqdm import tqdm

    counts: dict[int, int] = {}

    def update(self: Any, n: float | None = 1) -> None:
        counts[id(self)] = counts.get(id(self), int(self.initial or 0)) + int(n or 0)
        report(max(counts.values()))

    def display(self: Any, *_: Any, **__: Any) -> None:
        return None

    return type("ReportingBar", (tqdm,), {"update": update, "display": display, "initial": 0})


def _reason(error: BaseException) -> str:
    return first_line(error)[:200]
