"""Transcripts of others beside ours: numbered with them, never taken for them, and each file only once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.jobs import queued
from trax.database import Database, documents, lineage, media, transcripts
from trax.errors import MediaNotFound, RecordNotFound, TranscriptUnreadable, UsageError
from trax.flow import Request
from trax.ingest.transcript_files import ImportedTranscript, read_transcript
from trax.jobs.board import Board
from trax.jobs.imports import Imported, import_file, import_files_alone, import_transcript
from trax.jobs.submit import SubmitOptions, submit_media
from trax.media.decode import DecodeOptions
from trax.transcript import Segment, Transcript, Word

CUES = "1\n00:00:01,000 --> 00:00:02,500\n<i>Hello</i> there.\n\n2\n00:00:03,000 --> 00:00:04,000\nGoodbye.\n"
READ = read_transcript(CUES.encode(), "talk.en.srt")


def imported(database: Database, media_id: UUID, *, sha256: str = "a" * 64, **options: Any) -> Imported:
    given: dict[str, Any] = {"name": "talk.en.srt", "origin": "file", **options}
    transcript: ImportedTranscript = given.pop("transcript", READ)
    return import_transcript(database, media_id, transcript, sha256=sha256, **given)


def ours(database: Database, media_id: UUID, said: str = "Ours.") -> UUID:
    """A transcript that a job of ours has made."""
    transcript = Transcript("en", 5.0, (Segment(0.0, 1.0, said, (Word(0.0, 1.0, f" {said}", 0.9),)),))
    with database.transaction() as session:
        job_id, _ = queued.begin(session, media_id)
        config = {"request": Request(model="tiny.en").as_json()}
        new = transcripts.NewResult(job_id, media_id, "v1", transcript, 0.9, 1.0, "tiny.en", config)
        return transcripts.store(session, new).id


def counts(database: Database) -> tuple[int, ...]:
    tables = ("media_files", "transcription_jobs", "transcription_results", "procrastinate_jobs")
    with database.transaction() as session:
        return tuple(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables)


def test_an_import_is_a_version_with_a_job_of_its_own(database: Database) -> None:
    media_id = queued.add_media(database)
    done = imported(database, media_id)
    assert (done.existed, done.version, done.media_id) == (False, 1, media_id)
    with database.transaction() as session:
        row = transcripts.get(session, done.result_id)
        assert (row.pipeline_version, row.model_used, row.parent_result_id) == ("import", "import:srt", None)
        assert row.model_config == {
            "duration": 4.0,  # nobody has looked into the media: the end of what is said
            "file": "talk.en.srt",
            "format": "srt",
            "origin": "file",
            "left_out": 0,
            "sha256": "a" * 64,
        }
        assert documents.transcript_of(row) == Transcript("en", 4.0, READ.segments)
        assert row.content["text"] == "Hello there. Goodbye."
        assert row.word_count == 3
    job = queued.row(database, row.job_id, "status, request_id, ticket_id, completed_at, processing_options")
    assert (job.status, job.request_id, job.ticket_id) == ("completed", None, None)
    assert job.completed_at is not None
    assert job.processing_options == {"pipeline": "import"}
    assert queued.waiting_tickets(database) == {}


def test_nobody_knows_how_sure_its_words_are(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    whispered = replace(READ, segments=(Segment(0.0, 1.0, "Hi.", (Word(0.0, 1.0, " Hi.", 0.7),)),))
    done = imported(embedded_database, media_id, transcript=whispered)
    with embedded_database.transaction() as session:
        row = transcripts.get(session, done.result_id)
        assert (row.accuracy, row.confidence_scores, row.processing_time) == (None, None, None)
        assert row.segments is not None
        assert [segment["confidence"] for segment in (*row.segments, *row.content["segments"])] == [None, None]
        assert documents.transcript_of(row).words == whispered.segments[0].words


def test_the_same_bytes_are_imported_once(database: Database) -> None:
    media_id = queued.add_media(database)
    first = imported(database, media_id)
    before = counts(database)
    again = imported(database, media_id, name="other-name.srt", origin="feed", language="fr")
    assert again == replace(first, existed=True)
    assert counts(database) == before
    assert imported(database, media_id, sha256="b" * 64).version == 2
    elsewhere = imported(database, queued.add_media(database))
    assert (elsewhere.existed, elsewhere.version) == (False, 1)


def test_the_same_bytes_at_the_same_time_are_imported_once(database: Database) -> None:
    media_id = queued.add_media(database)
    together = threading.Barrier(4)

    def one(_: int) -> Imported:
        together.wait(10)
        return imported(database, media_id)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(one, range(4)))
    assert sorted(item.existed for item in done) == [False, True, True, True]
    assert len({item.result_id for item in done}) == 1
    assert counts(database)[1:3] == (1, 1)


@pytest.mark.parametrize("ours_first", [True, False])
def test_ours_is_what_is_shown(embedded_database: Database, ours_first: bool) -> None:
    database = embedded_database
    media_id = queued.add_media(database)
    steps: list[Callable[[], UUID]] = [
        lambda: ours(database, media_id),
        lambda: imported(database, media_id).result_id,
    ]
    made = [step() for step in (steps if ours_first else steps[::-1])]
    our_id, import_id = made if ours_first else made[::-1]
    with database.transaction() as session:
        assert transcripts.of_media(session, media_id).id == our_id
        assert [row.version for row in transcripts.versions(session, media_id)] == [1, 2]
        version = transcripts.get(session, import_id).version
        assert transcripts.of_media(session, media_id, version).id == import_id
    newer = ours(database, media_id, "Ours, newer.")
    with database.transaction() as session:
        assert transcripts.of_media(session, media_id).id == newer


def test_it_is_shown_where_there_is_nothing_else(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    imported(embedded_database, media_id)
    newest = imported(embedded_database, media_id, sha256="b" * 64)
    with embedded_database.transaction() as session:
        assert transcripts.of_media(session, media_id).id == newest.result_id


def test_it_answers_no_request(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    imported(embedded_database, media_id)
    with embedded_database.transaction() as session:
        assert lineage.requests_answered(session, media_id, "v1") == []
        assert lineage.requests_answered(session, media_id, "import") == []
        submitted = submit_media(session, media_id, Request(model="tiny.en"), SubmitOptions())
    assert submitted.created
    assert submitted.result_id is None


def test_its_job_is_listed_and_cannot_be_run(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    imported(embedded_database, media_id)
    (job,) = Board(embedded_database).list()
    assert (job.status, job.pipeline, job.model, job.attempts) == ("completed", "import", "import:srt", 0)


def test_media_with_an_import_is_not_unused(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    imported(embedded_database, media_id)
    with embedded_database.transaction() as session:
        assert not media.drop_unused(session, media_id)


def test_duration_and_language_are_those_that_are_known_best(embedded_database: Database) -> None:
    database, media_id = embedded_database, queued.add_media(embedded_database)
    with database.transaction() as session:
        media.record_decoding(session, media_id, 60.0, {})
    untold = replace(READ, language=None)
    cases = [(READ, None, "en"), (READ, "de-AT", "de"), (untold, "German", "de"), (untold, None, "und")]
    for number, (transcript, language, expected) in enumerate(cases):
        done = imported(database, media_id, transcript=transcript, language=language, sha256=str(number))
        with database.transaction() as session:
            read = documents.transcript_of(transcripts.get(session, done.result_id))
        assert (read.language, read.duration) == (expected, 60.0)


def test_what_a_server_says_is_stored_without_harm(embedded_database: Database) -> None:
    odd = "a/b\x00\x1b[2J\ud800.srt" + "x" * 400
    segments = (Segment(0.0, 1.0, "nul \x00 and half a pair \ud800"),)
    done = imported(
        embedded_database, queued.add_media(embedded_database), name=odd, transcript=replace(READ, segments=segments)
    )
    with embedded_database.transaction() as session:
        config = transcripts.get(session, done.result_id).model_config
    assert config is not None
    assert len(config["file"]) <= 255
    assert config["file"].isprintable()


# --- from a file, as the command does it


@pytest.fixture
def cues(tmp_path: Path) -> Path:
    path = tmp_path / "talk.en.srt"
    path.write_text(CUES)
    return path


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp3"
    path.write_bytes(b"ID3" + uuid4().bytes)
    return path


def test_a_file_is_registered_and_known_again(embedded_database: Database, talk: Path, cues: Path) -> None:
    first, file = import_file(embedded_database, str(talk), cues)
    assert (first.existed, file.name, len(file.sha256)) == (False, "talk.en.srt", 64)
    by_id, _ = import_file(embedded_database, str(first.media_id)[:12], cues)
    by_result, _ = import_file(embedded_database, str(first.result_id), cues)
    assert by_id == by_result == replace(first, existed=True)
    assert counts(embedded_database)[:3] == (1, 1, 1)


@pytest.mark.parametrize(
    ("named", "error"),
    [
        ("no/such/file.mp3", MediaNotFound),
        ("", MediaNotFound),
        ("nul\0", MediaNotFound),
        ("0123456789abcdef", RecordNotFound),
    ],
)
def test_media_that_is_not_there(embedded_database: Database, cues: Path, named: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        import_file(embedded_database, named, cues)
    assert counts(embedded_database) == (0, 0, 0, 0)


def test_what_cannot_be_imported_leaves_nothing(embedded_database: Database, talk: Path, cues: Path) -> None:
    with pytest.raises(TranscriptUnreadable, match="an MP3 file") as raised:
        import_file(embedded_database, str(cues), talk)  # the wrong way round
    assert "media first" in raised.value.next_step
    with pytest.raises(UsageError, match="no language"):
        import_file(embedded_database, str(talk), cues, "the queen's")
    assert counts(embedded_database) == (0, 0, 0, 0)


# --- text without times, and transcripts of which there is no recording


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "talk.md"
    path.write_text("**Ann:** " + "One two three four five. " * 6 + "\n\n**Bob:** [0:24] Six and the rest of it.")
    return path


def test_estimated_times_end_with_the_media(embedded_database: Database, notes: Path) -> None:
    database, media_id = embedded_database, queued.add_media(embedded_database)
    with database.transaction() as session:
        media.record_decoding(session, media_id, 60.0, {})
    done, file = import_file(database, str(media_id), notes, "en")
    assert file.transcript.is_estimated
    with database.transaction() as session:
        row = transcripts.get(session, done.result_id)
        read = documents.transcript_of(row)
    assert row.model_config is not None
    assert (row.model_config["times"], row.model_config["last_time_told"]) == ("estimated", 24.0)
    assert [(s.start, s.end) for s in read.segments[-2:]] == [(20.0, 24.0), (24.0, 60.0)]
    assert [s.speaker for s in read.segments[-2:]] == ["Ann", "Bob"]


def test_a_transcript_alone_has_a_row_without_bytes(database: Database, notes: Path, cues: Path) -> None:
    first = [outcome.imported for outcome in import_files_alone(database, [notes, cues, notes], "en")]
    one, two, again = first
    assert one is not None
    assert two is not None
    assert again == replace(one, existed=True)
    assert one.media_id != two.media_id
    assert [outcome.imported for outcome in import_files_alone(database, [cues, notes])] == [
        replace(two, existed=True),
        replace(one, existed=True),
    ]
    assert counts(database) == (2, 2, 2, 0)
    with database.transaction() as session:
        row = media.get(session, one.media_id)
        assert (row.filename, row.file_size, row.status) == ("talk.md", 0, "pending")
        assert (row.file_hash, row.local_path, row.duration, row.mime_type) == (None, None, None, None)
        assert row.source_path == str(notes)
        assert transcripts.of_media(session, one.media_id).id == one.result_id
    more, _ = import_file(database, str(one.media_id), cues)  # another transcript of the same
    assert (more.media_id, more.version) == (one.media_id, 2)


def test_transcripts_alone_at_the_same_time_are_imported_once(database: Database, notes: Path) -> None:
    together = threading.Barrier(4)

    def one(_: int) -> Imported | None:
        together.wait(10)
        return next(import_files_alone(database, [notes])).imported

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(one, range(4)))
    assert sorted(item.existed for item in done if item) == [False, True, True, True]
    assert counts(database) == (1, 1, 1, 0)


def test_a_bad_file_holds_up_no_other(embedded_database: Database, talk: Path, notes: Path, tmp_path: Path) -> None:
    missing, folder = tmp_path / "missing.md", tmp_path
    outcomes = list(import_files_alone(embedded_database, [talk, missing, folder, notes]))
    assert [outcome.error is None for outcome in outcomes] == [False, False, False, True]
    assert counts(embedded_database)[:3] == (1, 1, 1)
    with pytest.raises(UsageError, match="no language"):
        list(import_files_alone(embedded_database, [notes], "the queen's"))


def test_a_stretch_is_shown_only_where_there_is_nothing_whole(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    part = stretch(embedded_database, media_id)
    with embedded_database.transaction() as session:
        assert transcripts.of_media(session, media_id).id == part
        assert not transcripts.is_there(session, media_id)
    whole = ours(embedded_database, media_id)
    stretch(embedded_database, media_id)
    with embedded_database.transaction() as session:
        assert transcripts.of_media(session, media_id).id == whole
        assert transcripts.is_there(session, media_id)


def stretch(database: Database, media_id: UUID) -> UUID:
    """What was heard from 5 s to 10 s."""
    transcript = Transcript("en", 10.0, (Segment(5.0, 6.0, "Part.", (Word(5.0, 6.0, " Part.", 0.9),)),))
    with database.transaction() as session:
        job_id, _ = queued.begin(session, media_id)
        asked = Request(model="tiny.en", decode=DecodeOptions(start=5.0, end=10.0)).as_json()
        new = transcripts.NewResult(job_id, media_id, "v1", transcript, 0.9, 1.0, "tiny.en", {"request": asked})
        return transcripts.store(session, new).id
