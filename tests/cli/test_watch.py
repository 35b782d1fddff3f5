"""`trax watch` as a process of its own, beside which files come and go."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.cli.conftest import Run
from tests.conftest import REPOSITORY
from tests.fixtures.embedded import eventually
from trax.archive import Added
from trax.cli import watch
from trax.errors import DatabaseUnavailable, MediaChanged, NoAudio, StoreFull, TraxError, UnreadableMedia
from trax.flow import Request
from trax.ingest.watch import Found, SettledFile
from trax.jobs.submit import SubmitOptions, Submitted

SAMPLE = (REPOSITORY / "samples" / "conversation.ogg").read_bytes()
LONG = 60.0  # seconds that a line of output may take at most
BURST = 50
Event = dict[str, Any]


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_MODEL", "tiny.en")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


class Watch:
    """A running `trax watch --json`, and what it says."""

    def __init__(self, *arguments: str | Path) -> None:
        command = [sys.executable, "-m", "trax", "watch", *map(str, arguments), "--json"]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # a run of the tests in the background ignores Ctrl-C, and would have its children ignore it
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self.events: list[Event] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def hear(self, seconds: float = LONG) -> Event | None:
        """The next event; None where it says nothing for so long."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return None
        if not line:
            assert self.process.stderr is not None
            raise AssertionError(f"it has ended: {self.process.stderr.read()}")
        self.events.append(json.loads(line))
        return self.events[-1]

    def until(self, event: str, path: Path | None = None) -> Event:
        """That event, about that file, as soon as it comes."""
        while (heard := self.hear()) is not None:
            if heard["event"] == event and (path is None or heard["path"] == str(path)):
                return heard
        raise AssertionError(f"no {event} of {path} came, only {self.events}")

    def of(self, event: str) -> list[str]:
        """Names of the files that such events were about."""
        return [Path(heard["path"]).name for heard in self.events if heard["event"] == event]

    def end(self, number: signal.Signals) -> int:
        """Exit code after a signal; the rest of what it says is heard."""
        self.process.send_signal(number)
        code = self.process.wait(LONG)
        while line := self._lines.get(timeout=LONG):
            self.events.append(json.loads(line))
        return code


@contextmanager
def watching(*arguments: str | Path) -> Iterator[Watch]:
    """A process that watches already."""
    seen = Watch(*arguments)
    try:
        seen.until("watching")
        yield seen
    finally:
        seen.process.kill()
        seen.process.communicate()


def ask(url: str, statement: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def jobs(url: str) -> int:
    count: int = ask(url, "SELECT count(*) FROM transcription_jobs")
    return count


def sample(path: Path, number: int) -> Path:
    """The sample, with bytes of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(SAMPLE + bytes([number + 1]) * 7)
    return path


def test_files_are_taken_when_they_are_finished(database_url: str, folder: Path, tmp_path: Path) -> None:
    slow, part = folder / "slow.ogg", folder / "film.ogg.part"
    with watching(folder, "--settle", "1", "--queue", "night") as seen:
        sample(part, 2)
        sample(folder / "canary.ogg", 1)
        rest = SAMPLE
        while "canary.ogg" not in seen.of("queued"):  # which takes as long as for a file to settle
            with slow.open("ab") as file:
                file.write(rest[:100])
                rest = rest[100:]
            seen.hear(0.05)
        assert rest, "the copy isn't done"
        assert seen.of("queued") == ["canary.ogg"]
        with slow.open("ab") as file:
            file.write(rest)
        part.rename(folder / "film.ogg")
        sample(tmp_path / "elsewhere" / "deep" / "moved.ogg", 3)
        (tmp_path / "elsewhere").rename(folder / "new")
        for _ in range(3):
            queued = seen.until("queued")
        assert sorted(seen.of("queued")) == ["canary.ogg", "film.ogg", "moved.ogg", "slow.ogg"]
        assert seen.end(signal.SIGTERM) == 0
    assert seen.events[-1] == {"event": "stopped"}
    assert ask(database_url, "SELECT file_size FROM media_files WHERE filename = 'slow.ogg'") == len(SAMPLE)
    assert ask(database_url, f"SELECT queue FROM transcription_jobs WHERE id = '{queued['job_id']}'") == "night"


def test_a_burst_and_kill_9_and_again(database_url: str, folder: Path) -> None:
    with watching(folder, "--settle", "0.5") as seen:
        for number in range(BURST):
            sample(folder / f"{number}.ogg", number)
        seen.until("queued")
        assert seen.end(signal.SIGKILL) == -signal.SIGKILL
    first = seen.of("queued")
    assert len(first) == len(set(first))
    assert jobs(database_url) >= len(first)
    with watching(folder, "--settle", "0.2") as seen:
        while sum(map(count, seen.events)) < BURST:
            assert seen.hear() is not None, seen.events
        (folder / "0.ogg").rename(folder / "renamed.ogg")
        assert seen.until("known", folder / "renamed.ogg")["job_id"]
        assert seen.end(signal.SIGINT) == 0
    assert jobs(database_url) == BURST
    assert ask(database_url, "SELECT count(*) FROM media_files") == BURST
    assert set(first).isdisjoint(seen.of("queued"))
    path = ask(database_url, "SELECT local_path FROM media_files WHERE filename = '0.ogg'")
    assert Path(path).name == "renamed.ogg"


def count(event: Event) -> int:
    """Files that the event disposes of."""
    return int(event["files"]) if event["event"] == "skipped" else int(event["event"] in ("queued", "known"))


def test_trouble_is_lived_through(database_url: str, folder: Path, tmp_path: Path) -> None:
    with watching(folder, "--settle", "0.1", "--rescan", "1") as seen:
        (folder / "empty.mp3").touch()
        assert "is empty" in seen.until("refused", folder / "empty.mp3")["error"]
        with no_database(database_url):
            sample(folder / "a.ogg", 1)
            waiting = seen.until("waiting")
            assert (waiting["files"], "can't be reached" in waiting["error"]) == (1, True)
            assert "password" not in waiting["error"]
        seen.until("queued", folder / "a.ogg")
        seen.until("resumed")
        folder.rename(tmp_path / "away")
        assert seen.until("folder_gone")["folder"] == str(folder)
        (tmp_path / "away").rename(folder)
        seen.until("folder_back")
        sample(folder / "b.ogg", 2)
        seen.until("queued", folder / "b.ogg")
        assert seen.end(signal.SIGINT) == 0
    assert seen.of("queued") == ["a.ogg", "b.ogg"]
    assert seen.of("refused") == ["empty.mp3"], "several looks at everything, and one word"


def test_it_ends_though_it_is_in_the_middle(database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_SHUTDOWN_GRACE", "0.1")
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(database_url) as locking, watching(folder, "--settle", "0.1") as seen:
        locking.execute("LOCK TABLE media_files")
        sample(folder / "a.ogg", 1)
        assert eventually(lambda: ask(database_url, blocked) > 0)
        assert seen.end(signal.SIGTERM) == 0
        assert seen.events[-1] == {"event": "stopped"}
    assert jobs(database_url) == 0


@contextmanager
def no_database(url: str) -> Iterator[None]:
    """The database has another name meanwhile, and nobody is connected to it."""
    name = make_url(url).database
    server = make_url(url).set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'".encode())
        connection.execute(f'ALTER DATABASE "{name}" RENAME TO away'.encode())
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE away RENAME TO "{name}"'.encode())


def test_once(run: Run, database_url: str, folder: Path) -> None:
    once = (str(folder), "--once", "--settle", "0.05")
    assert run("watch", *once).code == 0
    sample(folder / "a.ogg", 1)
    sample(folder / "sub" / "b.ogg", 2)
    (folder / "notes.txt").write_text("words")
    done = run("watch", *once)
    assert done.code == 0
    assert [line.split("  ")[1] for line in done.out.splitlines()] == [str(folder / "a.ogg"), str(folder / "sub/b.ogg")]
    assert f"Watching {folder}" in done.err
    assert jobs(database_url) == 2
    again = run("watch", *once)
    assert (again.code, again.out) == (0, "")
    assert "2 files are in the archive already" in again.err
    (folder / "c.mp3").touch()
    refused = run("watch", *once, "--json")
    assert refused.code == 1
    events = [json.loads(line) for line in refused.out.splitlines()]
    assert [event["event"] for event in events] == ["watching", "refused", "skipped"]


def test_what_was_registered_and_not_queued_is_queued(run: Run, database_url: str, folder: Path) -> None:
    once = (str(folder), "--once", "--settle", "0", "--json")
    sample(folder / "a.ogg", 1)
    events = [json.loads(line)["event"] for line in run("watch", *once).out.splitlines()]
    assert events == ["watching", "queued"]
    assert ask(database_url, "DELETE FROM transcription_jobs RETURNING 1") == 1  # killed in between
    events = [json.loads(line)["event"] for line in run("watch", *once).out.splitlines()]
    assert events == ["watching", "queued"]
    other = [json.loads(line)["event"] for line in run("watch", *once, "--language", "en").out.splitlines()]
    assert other == ["watching", "queued"], "that was not asked before"
    ask(database_url, "UPDATE transcription_jobs SET status = 'failed' RETURNING 1")
    events = [json.loads(line)["event"] for line in run("watch", *once).out.splitlines()]
    assert events == ["watching", "skipped"], "`trax jobs retry` is for those"


def test_copies_into_the_store(run: Run, database_url: str, folder: Path, tmp_path: Path) -> None:
    sample(folder / "a.ogg", 1)
    copied = run("watch", str(folder), "--once", "--settle", "0", "--copy")
    assert copied.code == 0
    path = Path(ask(database_url, "SELECT local_path FROM media_files"))
    assert path.is_relative_to(tmp_path / "trax-home")
    assert path.read_bytes() == (folder / "a.ogg").read_bytes()
    assert "in the queue already" in run("watch", str(folder), "--once", "--settle", "0", "--copy").out


class Script:
    """An archive and a watcher that do as the test says."""

    def __init__(self, *turns: TraxError | None) -> None:
        self.turns = list(turns)  # for each file that is added: what is wrong with it, or with everything
        self.given_back: list[bool] = []
        self.database = self

    def wake(self) -> None:
        raise DatabaseUnavailable("It can't be started.")

    def batches(self, *, once: bool) -> Iterator[list[Found]]:
        yield [SettledFile(Path("/in/a.mp3"), 1, 1)]
        if self.turns:
            yield [SettledFile(Path("/in/a.mp3"), 1, 1)]

    def give_back(self, file: SettledFile, *, soon: bool) -> None:
        self.given_back.append(soon)

    def add(self, sources: list[str], *_: object, **__: object) -> Iterator[Added]:
        error = self.turns.pop(0)
        if isinstance(error, watch.PASSING):
            raise error
        submitted = Submitted(uuid4(), None, uuid4(), created=False)
        yield Added(Path(sources[0]), None if error else submitted, error)

    def play(self, *, once: bool = False) -> watch.Report:
        nobody: Any = self
        report = watch.Report(as_json=False)
        watch.Intake(nobody, nobody, Request(), SubmitOptions(), report, copy=True, once=once).run()
        return report


@pytest.fixture
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "DELAYS", (0.0, 0.001, 0.002))


@pytest.mark.usefixtures("no_delays")
def test_patience_has_an_end_only_where_it_is_for_once(capfd: pytest.CaptureFixture[str]) -> None:
    away = [StoreFull("No space is left.", "Free some.") for _ in range(9)]
    script = Script(*away, None)
    script.play()
    told = capfd.readouterr()
    assert told.err.count("No space is left. Free some. 1 files wait; next try in 0.002 s.") == 7
    assert "that works again" in told.err
    assert told.out == f"{'was transcribed before':36}  /in/a.mp3\n"
    with pytest.raises(StoreFull):
        Script(*away).play(once=True)


@pytest.mark.usefixtures("no_delays")
def test_a_short_absence_is_not_worth_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    Script(DatabaseUnavailable("The server had ended."), None).play()
    assert capfd.readouterr().err == ""


def test_a_refused_file_is_told_once_and_a_changed_one_not(capfd: pytest.CaptureFixture[str]) -> None:
    refused = Script(NoAudio("a.mp3 has no sound."), NoAudio("a.mp3 has no sound."))
    assert (refused.play().refused, refused.given_back) == (1, [])
    assert capfd.readouterr().err == "trax: a.mp3 has no sound.\n"
    broken = UnreadableMedia("a.mp3 can't be read.")
    broken.__cause__ = OSError("the share is gone")
    torn = Script(broken, MediaChanged("a.mp3 changed while it was read."))
    assert (torn.play().refused, torn.given_back) == (1, [False, True])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("missing",), "no folder"),
        (("file.mp3",), "trax add"),
        ((".", "--model", "tinyy.en"), "tiny.en"),
        ((".", "--settle", "-1"), "--settle"),
        (("name\x1b[2J",), "There is no folder name\N{REPLACEMENT CHARACTER}[2J"),
    ],
)
def test_errors_say_what_to_do(
    run: Run, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "file.mp3").touch()
    monkeypatch.chdir(tmp_path)
    done = run("watch", *arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
