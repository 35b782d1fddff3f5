"""A backup of a server with pgvector, restored on one that may have none."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.embedding.bag_of_words import BagOfWords
from tests.finding.archive import add_transcript
from tests.fixtures.database import fresh_database
from trax.database import Database
from trax.database.backup import backup, program
from trax.database.embedding_run import embed_missing
from trax.finding import Finder

LINE = "We speak of machine learning."


@pytest.fixture
def dump(embedded_database: Database, tmp_path: Path) -> Iterator[Path]:
    """A backup of an archive whose passages are kept by pgvector, too."""
    add_transcript(embedded_database, "talk.mp3", LINE)
    embed_missing(embedded_database, BagOfWords())
    with embedded_database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM passage_vectors")) == 1
    backup(embedded_database, tmp_path / "archive.dump")
    yield tmp_path / "archive.dump"
    with embedded_database.transaction() as session:
        session.execute(text("DROP TABLE passage_vectors"))
        session.execute(text("DROP EXTENSION vector"))


def restored(dump: Path, url: str) -> str:
    """What pg_restore complains of."""
    command = [str(program("pg_restore")), "--no-owner", "--dbname", url, str(dump)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr


def test_vectors_are_left_out_and_made_again(dump: Path, embedded_server: str) -> None:
    with fresh_database(embedded_server) as url, Database(url) as database:
        assert restored(dump, url) == ""
        with database.transaction() as session:
            assert session.scalar(text("SELECT to_regclass('passage_vectors')")) is None
        assert len(Finder(database, BagOfWords).find(LINE, mode="semantic").hits) == 1
        assert embed_missing(database, BagOfWords()) == 0
        with database.transaction() as session:
            assert session.scalar(text("SELECT count(*) FROM passage_vectors")) == 1


def test_a_server_without_pgvector_takes_all_the_rest(dump: Path, installed_server: str) -> None:
    with fresh_database(installed_server) as url, Database(url) as database:
        assert "passage_vectors" not in restored(dump, url)
        finder = Finder(database, BagOfWords)
        assert [hit.text for hit in finder.find("machine learning").hits] == [LINE]
        assert len(finder.find(LINE, mode="semantic").hits) == 1
