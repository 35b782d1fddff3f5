"""Stores for tests, and a server for those in a bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.s3_server import KEY_ID, SECRET, S3Server, s3_server
from tests.media.stores import BASE, CONTENT, Machine
from trax.media import bucket
from trax.media.store import FolderStore, open_store
from trax.settings import load_settings


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own buckets, and no long pauses before it is tried again."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "AZURE_", "GOOGLE_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(bucket, "RETRIES", 2)
    monkeypatch.setattr(bucket, "FIRST_PAUSE", 0.01)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_credentials: None) -> Iterator[S3Server]:
    """A server that speaks S3, and the environment that leads there."""
    with s3_server(tmp_path / "server") as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        yield running


@pytest.fixture
def on_s3(tmp_path: Path, server: S3Server) -> Machine:
    return lambda name: open_store(load_settings(home=tmp_path / name, store=BASE))
