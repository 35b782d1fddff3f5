"""Every command as a person or a script meets it: output, messages, exit codes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Run
from tests.conftest import REPOSITORY
from trax.archive import Archive
from trax.cli.delivery import named
from trax.result import Result
from trax.transcription.engines import Engines

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"

MANY_FILES = """
INSERT INTO media_files (filename, source_path, status, file_size, mime_type, file_hash)
SELECT n || '.mp3', '/' || n, 'pending', 1, 'audio/mpeg', md5(n::text) || md5(n::text) FROM generate_series(1, 130) n
"""


@pytest.fixture
def stored(database_url: str, tiny_engines: Engines) -> Iterator[Result]:
    with Archive(engines=tiny_engines) as archive:
        yield archive.transcribe(SAMPLE, model="tiny.en")


def test_transcribe_prints_the_words_and_nothing_else(run: Run, database_url: str) -> None:
    done = run("transcribe", str(SAMPLE), "--model", "tiny.en")
    assert done.code == 0
    assert "old radio station" in done.out
    assert "not checked" in done.err
    again = run("transcribe", str(SAMPLE), "--model", "tiny.en")
    assert again.out == done.out
    assert "before" in again.err
    assert run("transcribe", str(SAMPLE), "--model", "tiny.en", "--quiet").err == ""


def test_transcribe_writes_files(run: Run, stored: Result, tmp_path: Path) -> None:
    target = tmp_path / "made" / "here"
    for format in ("txt", "srt", "vtt", "json", "md"):
        done = run("transcribe", str(SAMPLE), "--model", "tiny.en", "--format", format, "--output", str(target))
        assert (done.code, done.out) == (0, "")
    assert sorted(path.name for path in target.iterdir()) == [
        f"conversation.{suffix}" for suffix in ("json", "md", "srt", "txt", "vtt")
    ]
    assert "radio" in (target / "conversation.srt").read_text()


def test_two_files_of_one_name_are_both_written(run: Run, stored: Result, tmp_path: Path) -> None:
    other = tmp_path / "other" / SAMPLE.name
    other.parent.mkdir()
    shutil.copy(SAMPLE, other)
    other.write_bytes(other.read_bytes() + b"\0")  # other bytes, hence other media
    target = tmp_path / "out"
    done = run("transcribe", str(SAMPLE), str(other), "--model", "tiny.en", "--output", str(target))
    assert done.code == 0
    assert len(list(target.iterdir())) == 2


def test_a_failed_file_sets_the_exit_code_and_spares_the_others(run: Run, stored: Result, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_text("no sound")
    done = run("transcribe", str(bad), str(SAMPLE), "--model", "tiny.en")
    assert done.code == 1
    assert "old radio station" in done.out
    assert done.err.count("bad.mp3") == 1
    (failed,) = run("media", "list", "--status", "failed", "--json").json
    assert failed["filename"] == "bad.mp3"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("transcribe", "no-such-file.mp3", "--model", "tiny.en"), 1, "no-such-file.mp3"),
        (("transcribe", str(REPOSITORY / "docs"), "--model", "tiny.en"), 1, "no media"),
        (("transcribe", str(SAMPLE), "--model", "tinyy.en"), 2, "tiny.en"),
        (("transcribe", str(SAMPLE), "--model", "small"), 1, "--model"),
        (("transcribe", str(SAMPLE), "--model", "tiny.en", "--format", "docx"), 2, "txt"),
        (("transcribe", str(SAMPLE), "--model", "tiny.en", "--language", "de"), 1, "only English"),
        (("transcribe", str(SAMPLE), "--model", "tiny.en", "--device", "tpu"), 2, "TRAX_DEVICE"),
        (("transcribe", str(SAMPLE), "--model", "tiny.en", "--compute-type", "int3"), 2, "int8"),
        (("transcribe", str(SAMPLE), "--model", "tiny.en", "--track", "7"), 1, "track"),
        (("transcribe",), 2, "Usage:"),
        (("show", "ffff0000"), 1, "media list"),
        (("show", "not-an-id"), 2, "not an ID"),
        (("versions", "ffff0000"), 1, "media list"),
        (("export", "ffff0000", "--format", "srt"), 1, "media list"),
        (("media", "list", "--status", "lost"), 2, "ready"),
        (("models", "download", "huge"), 2, "huge"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_errors_say_what_to_do(run: Run, database_url: str, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = run(*arguments)
    assert done.code == code, done.err
    assert says in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_media_list_and_show(run: Run, stored: Result) -> None:
    assert "conversation.ogg" in run("media", "list").out
    (listed,) = run("media", "list", "--json").json
    assert listed["id"] == str(stored.media_id)
    assert listed["versions"] == 1
    shown = run("media", "show", listed["id"][:7], "--json").json
    assert shown["file_metadata"]["codec"] == "opus"
    assert "opus" in run("media", "show", listed["id"]).out


def test_show_and_versions(run: Run, stored: Result) -> None:
    by_media = run("show", str(stored.media_id)).out
    assert run("show", str(stored.id)).out == by_media
    assert "[00:00:0" in by_media
    assert run("show", str(stored.id), "--json").json["segments"]
    (version,) = run("versions", str(stored.media_id), "--json").json
    assert (version["id"], version["version"], version["parent_id"]) == (str(stored.id), 1, None)
    assert "tiny.en" in run("versions", str(stored.id)).out
    assert run("show", str(stored.media_id), "--version", "3").code == 1


def test_export(run: Run, stored: Result, tmp_path: Path) -> None:
    assert run("export", str(stored.id), "--format", "vtt").out.startswith("WEBVTT")
    path = tmp_path / "talk.srt"
    assert run("export", str(stored.id), "--format", "srt", "--output", str(path)).code == 0
    assert "-->" in path.read_text()
    assert run("export", str(stored.id), "--format", "md", "--output", str(tmp_path)).code == 0
    assert (tmp_path / "conversation.md").exists()
    refused = run("export", str(stored.id), "--output", str(tmp_path / "no" / "such" / "folder.txt"))
    assert refused.code == 1
    assert "--output" in refused.err


def test_files_are_named_after_their_sources(run: Run, stored: Result, tmp_path: Path) -> None:
    """Bytes that the archive knows under another name, and names as long as they get."""
    names = (
        "renamed",
        "Renamed",
        "\N{CJK UNIFIED IDEOGRAPH-8A71}" * 82 + "a",
        "\N{CJK UNIFIED IDEOGRAPH-8A71}" * 82 + "b",
    )
    for name in names:
        shutil.copy(SAMPLE, tmp_path / f"{name}.ogg")
    sources = [str(tmp_path / f"{name}.ogg") for name in names]
    done = run("transcribe", *sources, "--model", "tiny.en", "--output", str(tmp_path / "out"))
    assert done.code == 0, done.err
    written = sorted(path.stem for path in (tmp_path / "out").iterdir())
    id = str(stored.media_id)[:8]
    assert written == sorted(["renamed", f"Renamed-{id}", names[2][:66], f"{names[2][:66]}-{id}"])


def test_a_prompt_that_is_no_text(run: Run, database_url: str) -> None:
    done = run("transcribe", str(SAMPLE), "--model", "tiny.en", "--prompt", "Trax \udcff")
    assert (done.code, done.out) == (2, "")
    assert "UTF-8" in done.err


@pytest.mark.parametrize(
    ("file", "error", "shown"),
    [
        ("/a/e", "There is no speech.", "e: There is no speech."),
        ("/a/no", "There is no file /a/no.", "There is no file /a/no."),
        ("/a/x.mp3", "xx.mp3 is damaged.", "x.mp3: xx.mp3 is damaged."),
        ("/a/x.mp3", "x.mp3.bak is damaged.", "x.mp3: x.mp3.bak is damaged."),
        ("/a/x.mp3", "There is no sound in x.mp3.", "There is no sound in x.mp3."),
    ],
)
def test_an_error_has_the_name_of_its_file(file: str, error: str, shown: str) -> None:
    assert named(Path(file), error) == shown


def test_media_list_leaves_nothing_out_in_silence(run: Run, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(MANY_FILES)
    assert len(run("media", "list", "--json").json) == 130
    assert len(run("media", "list", "--json", "--limit", "2").json) == 2
    table = run("media", "list")
    assert len(table.out.splitlines()) == 1 + 100
    assert "--limit" in table.err
    assert run("media", "list", "--limit", "130").err == ""


def test_times_are_those_of_the_user(run: Run, stored: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")  # 14 hours ahead
    time.tzset()
    try:
        tables = [run(*command).out for command in (("media", "list"), ("versions", str(stored.media_id)))]
        there = f"{stored.created_at.astimezone():%Y-%m-%d %H:}"
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    assert all(there in table for table in tables)


def test_an_alias_is_the_model(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_MODEL", "turbo")
    assert [model["name"] for model in run("models", "list", "--json").json if model["default"]] == ["large-v3-turbo"]
    (model,) = [check for check in run("doctor", "--json").json if check["name"] == "model"]
    assert "weights of large-v3-turbo" in model["found"]
    monkeypatch.setenv("TRAX_MODEL", "turboo")
    assert run("models", "list").code == 0, "a wrong name is corrected with the list"


def test_models(run: Run) -> None:
    listed = {model["name"]: model for model in run("models", "list", "--json").json}
    assert listed["tiny.en"]["installed"]
    assert listed["distil-large-v3"]["default"]
    assert "multilingual" in run("models", "list").out
    assert run("models", "download", "tiny.en").code == 0
    assert run("models", "download", "small").code == 1


def test_db_commands(run: Run, database_url: str) -> None:
    assert run("db", "url").out.strip() == database_url
    status = run("db", "status", "--json").json
    assert status["up_to_date"] is True
    assert "***" in status["address"]
    assert run("db", "upgrade").code == 0


def test_db_backup_can_be_restored(run: Run, stored: Result, embedded_server: str, tmp_path: Path) -> None:
    import subprocess

    from tests.fixtures.database import fresh_database
    from trax.database.backup import program

    path = tmp_path / "archive.dump"
    assert run("db", "backup", str(path)).code == 0
    with fresh_database(embedded_server) as url:
        subprocess.run([program("pg_restore"), "--dbname", url, str(path)], check=True)
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT content->>'text' FROM transcription_results").fetchone()
    assert row == (stored.transcript.text,)


def test_db_backup_looks_before_it_dumps(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRAX_DATABASE_URL", "postgresql://127.0.0.1:1/trax")  # nothing is asked of it
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    for name in (".", "no/such/folder", "file/below", "loop", "x" * 300, "/dev/null"):
        done = run("db", "backup", str(tmp_path / name))
        assert done.code == 1
        assert "can't be reached" not in done.err
        assert "fault" not in done.err
    assert Path("/dev/null").is_char_device()


def test_a_database_that_is_down(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_DATABASE_URL", "postgresql://trax:secret@127.0.0.1:1/trax")
    for arguments in (("media", "list"), ("transcribe", str(SAMPLE), "--model", "tiny.en"), ("db", "status")):
        done = run(*arguments)
        assert done.code == 1
        assert "can't be reached" in done.err + done.out
        assert "secret" not in done.err + done.out


def test_doctor(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_MODEL", "tiny.en")
    checks = {check["name"]: check for check in run("doctor", "--json").json}
    assert {checks[name]["state"] for name in ("python", "database", "model", "engine")} == {"ok"}
    monkeypatch.setenv("TRAX_DATABASE_URL", "postgresql://127.0.0.1:1/trax")
    done = run("doctor")
    assert done.code == 1
    assert "can't be reached" in done.out


def test_settings_that_are_wrong(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_POOL_SIZE", "many")
    done = run("media", "list")
    assert done.code == 2
    assert "TRAX_POOL_SIZE" in done.err


def test_version_and_help(run: Run) -> None:
    assert run("--version").out.startswith("trax 0.")
    for command in ("transcribe", "media", "show", "versions", "export", "models", "db", "doctor"):
        assert run(command, "--help").code == 0


def test_a_folder_that_can_not_be_written_is_found_before_the_work(run: Run, database_url: str, tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.touch()
    done = run("transcribe", str(SAMPLE), "--model", "tiny.en", "--output", str(occupied))
    assert done.code == 1
    assert "--output" in done.err
    assert run("media", "list", "--json").json == []


def test_export_to_a_folder_that_is_new(run: Run, stored: Result, tmp_path: Path) -> None:
    assert run("export", str(stored.id), "--output", f"{tmp_path}/new/").code == 0
    assert (tmp_path / "new" / "conversation.txt").is_file()


def test_debugging_shows_the_cause(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("by nobody's fault")

    monkeypatch.setattr("trax.jobs.attempt.make_ready", break_down)
    plain = run("transcribe", str(SAMPLE), "--model", "tiny.en")
    assert "Unexpected ZeroDivisionError: by nobody's fault." in plain.err
    assert "Traceback" not in plain.err
    monkeypatch.setenv("TRAX_DEBUG", "1")
    assert "Traceback" in run("transcribe", str(SAMPLE), "--model", "tiny.en").err


def test_every_command_sets_right_what_a_dead_process_left(run: Run, database_url: str) -> None:
    import psycopg

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "WITH media AS (INSERT INTO media_files (filename, file_size, source_path) "
            "VALUES ('a', 1, '/a') RETURNING id) "
            "INSERT INTO transcription_jobs (media_file_id, status) SELECT id, 'processing' FROM media"
        )
        assert run("db", "url").code == 0
        assert connection.execute("SELECT status FROM transcription_jobs").fetchone() == ("pending",)
