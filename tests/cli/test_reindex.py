"""`trax db reindex` as a person and a program meet it, and what tells them that it is time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray

from tests.cli.conftest import Run
from trax.cli import doctor
from trax.cli import reindex as command
from trax.database.indexing import IndexState


class Weightless:
    """A model that needs no weights."""

    name, dimensions, languages = "weightless", 4, ()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), 4), 0.5, np.float32)


@pytest.fixture
def archive(run: Run, database_url: str, tmp_path: Path) -> Run:
    """The command on an archive whose two transcripts an older Trax has stored."""
    for name in ("one.md", "two.md"):
        (tmp_path / name).write_text(f"**Ann:** This is number {name}.\n\n**Bob:** I see.\n")
        assert run("import", "--without-media", str(tmp_path / name)).code == 0
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE transcript_index, transcript_segments, transcript_passages")
    return run


def test_what_lacks_is_indexed_and_said(archive: Run) -> None:
    assert "2 transcripts are not indexed yet" in archive("db", "upgrade").err
    assert archive("db", "reindex").err == "Indexed 2 transcripts.\n"
    assert archive("db", "reindex").err == "All transcripts are indexed.\n"
    assert "not indexed" not in archive("db", "upgrade").err


def test_the_doctor_says_what_can_be_searched(archive: Run) -> None:
    (check,) = [check for check in archive("doctor", "--json").json if check["name"] == "search"]
    assert check["state"] == "warning"
    assert "2 transcripts are not indexed yet, and can't be found: `trax db reindex` does it." in check["found"]
    (old,) = doctor._search(IndexState(results=5, waiting=3, has_trigrams=True, outdated=3))
    assert (old.state, "can't be found" in old.found) == ("warning", False)
    (bare,) = doctor._search(IndexState(results=5, waiting=0, has_trigrams=False))
    assert (bare.state, "pg_trgm" in bare.found) == ("warning", True)
    (whole,) = doctor._search(IndexState(results=1, waiting=0, has_trigrams=True))
    assert (whole.state, whole.found) == ("ok", "1 transcript, all indexed")


def test_a_program_is_told_in_json(archive: Run) -> None:
    everything: dict[str, object] = {"indexed": 2, "unreadable": 0, "words_counted_of": 2, "words_forgotten": 0}
    everything |= {"trigrams": True, "embedded": None}
    assert archive("db", "reindex", "--json").json == everything
    assert archive("db", "reindex", "--json").json == everything | {"indexed": 0, "words_counted_of": 0}
    assert archive("db", "reindex", "--all", "--json").json == everything


def test_searches_by_meaning_are_prepared(archive: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trax.finding.embedder_of", lambda *_: Weightless())
    monkeypatch.setattr(command, "SECONDS_BETWEEN", 0.0)
    assert archive("db", "reindex", "--semantic", "--json").json["embedded"] == 2
    assert "Prepared 0 passages" in archive("db", "reindex", "--semantic").err


def test_a_transcript_that_can_not_be_read_is_counted(archive: Run, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO transcription_results (job_id, media_file_id, content, segments, version) "
            "SELECT id, media_file_id, '{}', '[{}]', 9 FROM transcription_jobs LIMIT 1"
        )
    done = archive("db", "reindex")
    assert done.code == 0
    assert done.err.splitlines() == [
        "Indexed 3 transcripts.",
        "Of these, 1 transcript can't be read, and can't be found.",
    ]
