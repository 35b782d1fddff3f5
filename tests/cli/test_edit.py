"""`trax edit` and `trax rebase`, with an editor that is a small program."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest

from tests.cli.conftest import Ran, Run
from tests.editing.stored import store
from tests.jobs import queued
from trax.cli import edit as command
from trax.cli import editor as editing
from trax.database import Database
from trax.errors import DatabaseUnavailable

HEARD = ("the cat sat on the mat", "and it purred all night")
Writes = Callable[..., None]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as opened:
        yield opened


@pytest.fixture
def media(database: Database) -> str:
    return str(queued.add_media(database))


@pytest.fixture
def heard(database: Database, media: str) -> str:
    return str(store(database, UUID(media), *HEARD))


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writes:
    """Makes an editor that puts one text in place of another, and ends with a code."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.delenv("VISUAL", raising=False)

    def make(old: str, new: str, *, code: int = 0) -> None:
        script = tmp_path / "my editor"
        script.write_text(
            f"#!{sys.executable}\nimport pathlib, sys\npath = pathlib.Path(sys.argv[-1])\n"
            f"assert sys.argv[1:-1] == ['--wait'] and path.suffix == '.txt'\n"
            f"path.write_text(path.read_text().replace({old!r}, {new!r}))\nsys.exit({code})\n"
        )
        script.chmod(0o700)
        monkeypatch.setenv("EDITOR", f"'{script}' --wait")

    return make


def kept(ran: Ran) -> Path:
    """Where the text is, by the command that goes on."""
    found = re.search(r"trax edit \S+ --file (\S+)", ran.err)
    assert found is not None, ran.err
    return Path(found[1])


def texts(run: Run, id: str) -> list[str]:
    return [segment["text"] for segment in run("show", id, "--json").json["segments"]]


def test_in_an_editor(run: Run, media: str, heard: str, editor: Writes, tmp_path: Path) -> None:
    editor("cat", "bat")
    done = run("edit", media)
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(r"[0-9a-f]{8}  \d+\.mp3: version 2, 1 segment corrected\n", done.out)
    assert texts(run, media) == ["the bat sat on the mat", HEARD[1]]
    assert run("diff", media).out == "   0:00  -cat +bat\n"
    assert [version["pipeline_version"] for version in run("versions", media, "--json").json] == ["v1", "edit"]
    assert run("search", "bat", "--json").json[0]["media_id"] == media
    assert "of words right by its reference" in run("show", heard).out
    assert list(tmp_path.glob("*.txt")) == []


def test_nothing_changed(run: Run, media: str, heard: str, editor: Writes) -> None:
    editor("nobody", "said that")
    done = run("edit", media, "--json")
    assert (done.code, done.json["stored"], done.json["changed"], done.json["parent_id"]) == (0, False, False, heard)
    done = run("edit", media)
    assert (done.code, done.out) == (0, "")
    assert "Nothing was changed in version 1" in done.err
    assert "The editor returned at once" in done.err
    assert kept(done).read_text().endswith(f"{HEARD[1]}\n")


def test_what_was_typed_is_never_lost(
    run: Run, media: str, heard: str, editor: Writes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor("[1 ", "[7 ")
    wrong = run("edit", media)
    assert (wrong.code, "segment 7 is not in this transcript" in wrong.err) == (2, True)
    text = kept(wrong)
    text.write_text(text.read_text().replace("[7 ", "[1 ").replace("cat", "bat"))
    assert run("edit", media, "--file", str(text)).code == 0
    assert texts(run, media)[0] == "the bat sat on the mat"
    editor("mat", "hat", code=3)
    failed = run("edit", media)
    assert (failed.code, "ended with code 3: nothing was stored" in failed.err) == (2, True)
    assert "hat" in kept(failed).read_text()
    editor("mat", "hat")

    def gone(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("The server is gone.", "Start it.")

    with monkeypatch.context() as broken:
        broken.setattr("trax.jobs.edits.edit", gone)
        lost = run("edit", media)
    assert (lost.code, "The server is gone" in lost.err) == (1, True)
    assert "hat" in kept(lost).read_text()
    before = set(tmp_path.glob("*.txt"))
    editor("nobody", "x", code=1)
    assert run("edit", media).code == 2
    assert set(tmp_path.glob("*.txt")) == before, "an untouched text is not worth keeping"


def test_no_editor(run: Run, media: str, heard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.setenv(name, " ")
    assert "There is no terminal for an editor" in run("edit", media).err
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True), stdout=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(editing, "sys", terminal)
    monkeypatch.setattr("shutil.which", lambda name: name if name == "nano" else None)
    assert editing.editor() == ["nano"]
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert "No editor was found. Name one" in run("edit", media).err
    monkeypatch.setenv("EDITOR", "'open")
    assert "can't be read as a command" in run("edit", media).err
    monkeypatch.setenv("VISUAL", "/nowhere/vi")
    missing = run("edit", media)
    assert (missing.code, "can't be started: No such file" in missing.err) == (2, True)


def test_by_a_file(run: Run, media: str, heard: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = run("edit", media, "--print")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out.splitlines()[1] == f"# Transcript {heard}"
    path = tmp_path / "talk.txt"
    path.write_text(printed.out.replace("cat", "bat").replace("05] ", "05 | Ada] ").replace("00] ", "00 | Ada] "))
    dry = run("edit", media, "--file", str(path), "--dry-run")
    assert (dry.code, "nothing was stored" in dry.err) == (0, True)
    assert dry.out.splitlines() == ["   0:00  -cat +bat", "   0:00  speaker: +Ada"]
    facts = run("edit", media, "--file", str(path), "--dry-run", "--json").json
    assert facts["differences"] == [{"start": 0.5, "end": 0.9, "before": "cat", "after": "bat"}]
    assert facts["speakers"] == [{"segment": 0, "before": None, "after": "Ada"}]
    assert len(run("versions", media, "--json").json) == 1
    monkeypatch.setattr(command, "sys", SimpleNamespace(stdin=SimpleNamespace(buffer=io.BytesIO(path.read_bytes()))))
    made = run("edit", media, "--file", "-", "--not-checked", "--json").json
    assert (made["version"], made["edited"]["checked"], made["edited"]["speakers"]) == (2, False, 1)
    assert run("speakers", media, "--json").json[0]["labels"] == ["Ada"]
    path.write_bytes("é".encode("latin-1"))
    assert "is not in UTF-8" in run("edit", media, "--file", str(path)).err
    assert "can't be read" in run("edit", media, "--file", str(tmp_path / "no.txt")).err


def test_by_replacing(run: Run, media: str, heard: str) -> None:
    done = run("edit", media, "--replace", "the", "--with", "a", "--replace", "night", "--with", "day")
    assert "version 2, 3 places in 2 segments" in done.out
    assert texts(run, media) == ["a cat sat on a mat", "and it purred all day"]
    assert "by its reference" not in run("show", heard).out
    assert run("edit", media, "--replace", "Nobody", "--with", "x").code == 2


@pytest.mark.parametrize(
    "options",
    [
        ("--replace", "a"),
        ("--replace", "a", "--with", "b", "--file", "-"),
        ("--print", "--file", "-"),
        ("--print", "--dry-run"),
        ("--print", "--checked"),
    ],
)
def test_requests_that_make_no_sense_never_reach_the_archive(
    run: Run, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAX_DATABASE_URL", "postgresql://nobody@localhost:1/nothing")
    assert run("edit", "0", *options).code == 2
    assert run("rebase", "0", "--take", "both").code == 2
    assert run("rebase", "0", "--conflicts", "--dry-run").code == 2


def test_a_newer_version_that_came_meanwhile(run: Run, database: Database, media: str, heard: str) -> None:
    store(database, UUID(media), "the cat sat on the rug")
    done = run("edit", heard, "--replace", "cat", "--with", "bat")
    assert f"Version 2 is newer than the one that was corrected: trax rebase {media[:8]}" in done.err
    assert run("rebase", media).code == 0
    assert texts(run, media) == ["the bat sat on the rug"]
    other = run("edit", heard, "--replace", "sat", "--with", "lay", "--json").json
    assert other["newer"] == 4
    again = run("edit", heard, "--replace", "sat", "--with", "stood")
    assert re.search(r"trax rebase [0-9a-f]{8} --onto [0-9a-f]{8}", again.err)


def test_conflicts(run: Run, database: Database, media: str, heard: str) -> None:
    assert run("edit", media, "--replace", "cat", "--with", "bat", "--replace", "it", "--with", "he").code == 0
    store(database, UUID(media), HEARD[0].replace("cat", "hat"), HEARD[1].replace("it", "he"))
    hint = f"Version 2 has corrections by hand that this one lacks: trax rebase {media[:8]}"
    assert hint in run("show", media).err
    assert hint not in run("show", heard).err
    line = "   0:00  edit: bat  machine: hat  was: cat  taken: edit\n"
    dry = run("rebase", media, "--dry-run")
    assert (dry.out, "1 conflict; nothing was stored" in dry.err) == (f"   0:00  -hat +bat\n{line}", True)
    done = run("rebase", media)
    assert done.code == 0
    assert "version 4, 1 correction of version 2 in version 3\n" in done.out
    assert done.out.endswith(line)
    assert "1 correction had been made there, too." in done.err
    assert run("rebase", media, "--conflicts").out == line
    (listed,) = run("rebase", media, "--conflicts", "--json").json
    assert (listed["base"], listed["edit"], listed["machine"], listed["taken"]) == ("cat", "bat", "hat", "edit")
    again = run("rebase", media)
    assert (again.code, again.out, "Nothing to do: " in again.err) == (0, "", True)
    assert run("rebase", media, "--json").json["stored"] is False
    assert run("rebase", heard, "--conflicts").code == 2
    assert hint not in run("show", media).err
