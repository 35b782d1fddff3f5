"""Machines that share nothing but PostgreSQL and a bucket: one adds, the other transcribes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.conftest import REPOSITORY
from tests.media.conftest import no_credentials, server
from tests.media.s3_server import S3Server

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"

__all__ = ["no_credentials", "server"]


def test_one_machine_adds_and_another_transcribes(
    run: Run, database_url: str, server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = tmp_path / "talk.ogg"
    talk.write_bytes(SAMPLE.read_bytes())
    monkeypatch.setenv("TRAX_STORE", "s3://bucket/media")
    monkeypatch.setenv("TRAX_MODEL", "tiny.en")
    assert run("add", str(talk)).code == 0
    talk.unlink()
    (row,) = run("media", "list", "--json").json
    assert row["local_path"].startswith("s3://bucket/media/")
    monkeypatch.setenv("TRAX_HOME", str(tmp_path / "another"))
    assert run("work", "--drain").code == 0
    shown = run("show", row["id"])
    assert "radio station" in shown.out
    assert any((tmp_path / "another" / "cache" / "store").rglob("*"))
    checks = {check["name"]: check for check in run("doctor", "--json").json}
    assert checks["store"]["state"] == "ok", checks["store"]
