"""Downloads from a hub: complete, resumed, cached, refused, out of reach."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transcription.hub_server import REVISION, Hub, serving
from trax.errors import ModelUnavailable, OutputError
from trax.transcription import hub as trax_hub
from trax.transcription.catalogue import KnownModel

FILES = {
    "config.json": b"{}",
    "tokenizer.json": b"{} ",
    "vocabulary.txt": b"a\nb\n",
    "model.bin": os.urandom(3_000_000),
    "README.md": b"not needed",
}
MODEL = KnownModel("toy", "trax/toy", REVISION, 3, english_only=False)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(Hub("trax/toy", dict(FILES))) as running:
        yield running


def test_a_model_is_downloaded_with_progress(hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path, revision = trax_hub.download(
        MODEL, tmp_path, lambda done, total: seen.append((done, total)), endpoint=hub.endpoint
    )
    assert revision == REVISION
    assert (path / "model.bin").read_bytes() == FILES["model.bin"]
    assert not (path / "README.md").exists()
    wanted = sum(len(data) for name, data in FILES.items() if name != "README.md")
    assert seen[-1] == (wanted, wanted)
    assert seen == sorted(seen)


def test_the_second_time_nothing_is_fetched(hub: Hub, tmp_path: Path) -> None:
    trax_hub.download(MODEL, tmp_path, None, endpoint=hub.endpoint)
    trax_hub.download(MODEL, tmp_path, None, endpoint=hub.endpoint)
    assert hub.downloads("model.bin") == 1


def test_a_broken_download_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.break_after = 1_000_000
    path, _ = trax_hub.download(MODEL, tmp_path, None, endpoint=hub.endpoint)
    assert (path / "model.bin").read_bytes() == FILES["model.bin"]
    assert hub.downloads("model.bin") == 2


def test_a_revision_that_is_not_there(hub: Hub, tmp_path: Path) -> None:
    other = KnownModel("toy", "trax/nothing", REVISION, 3, english_only=False)
    with pytest.raises(ModelUnavailable, match="no trax/nothing"):
        trax_hub.download(other, tmp_path, None, endpoint=hub.endpoint)


def test_an_incomplete_repository(hub: Hub, tmp_path: Path) -> None:
    del hub.files["model.bin"]
    with pytest.raises(ModelUnavailable, match=r"lacks model\.bin"):
        trax_hub.download(MODEL, tmp_path, None, endpoint=hub.endpoint)


def test_a_hub_out_of_reach(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(trax_hub.Unreachable):
            trax_hub.download(MODEL, tmp_path, None, endpoint=endpoint)


def test_a_folder_that_cannot_be_written(hub: Hub, tmp_path: Path) -> None:
    blocked = tmp_path / "models"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="can't be written"):
        trax_hub.download(MODEL, blocked, None, endpoint=hub.endpoint)


def test_a_full_disk_is_explained() -> None:
    assert errno.ENOSPC in trax_hub.NOT_WRITABLE
