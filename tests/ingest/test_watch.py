"""Files that stop growing, with a clock of the test's own: nothing here waits for time to pass."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import watchfiles
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from trax.errors import UnreadableMedia
from trax.ingest import folder_events, watch
from trax.ingest.folder_events import FolderEvents, Silence, Told
from trax.ingest.local import expand
from trax.ingest.watch import LOOK_AGAIN, POLLING, FolderNews, Found, RefusedFile, SettledFile, Watcher

SETTLE, RESCAN = 10.0, 100.0
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
LONG = 20.0  # seconds that a real event may take at most


class Clock:
    """Time, as the test has it pass; also the wake-ups of a watcher, with what the test has happen meanwhile."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.meanwhile: list[Callable[[], None]] = []
        self.followed: list[Path] = []
        self.is_woken = self.is_closed = False

    def __call__(self) -> float:
        return self.now

    def follow(self, folder: Path) -> None:
        self.followed.append(folder)

    def wait(self, seconds: float) -> Told:
        self.now += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return Told()

    def wake(self) -> None:
        self.is_woken = True

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def watcher(folder: Path, clock: Clock) -> Watcher:
    return Watcher([folder], settle=SETTLE, rescan=RESCAN, wakeups=clock, clock=clock)


def after(clock: Clock, watcher: Watcher, seconds: float, *changed: Path) -> list[str]:
    """Names of the files, and events of folders, that are found so many seconds later."""
    clock.now += seconds
    return [name_of(found) for found in watcher.look(Told(frozenset(changed)))]


def name_of(found: Found) -> str:
    if isinstance(found, FolderNews):
        return found.event
    return found.path.name if isinstance(found, SettledFile) else f"refused {found.path.name}"


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def test_a_file_that_pauses_is_not_finished(folder: Path, watcher: Watcher, clock: Clock) -> None:
    talk = folder / "talk.mp3"
    grow(talk)
    assert after(clock, watcher, 0) == []
    for _ in range(5):
        assert after(clock, watcher, SETTLE - 0.1) == []
        grow(talk)
        assert after(clock, watcher, 0.1) == [], "it had grown, though nothing told of it"
    assert watcher.pause() == pytest.approx(SETTLE)
    assert after(clock, watcher, SETTLE) == ["talk.mp3"]
    assert after(clock, watcher, RESCAN) == []
    grow(talk)
    assert after(clock, watcher, RESCAN) == []
    assert after(clock, watcher, SETTLE) == ["talk.mp3"]


def test_what_an_event_tells_counts_from_then(folder: Path, watcher: Watcher, clock: Clock) -> None:
    grow(folder / "a.mp3")
    watcher.look()
    grow(folder / "a.mp3")
    assert after(clock, watcher, SETTLE / 2, folder / "a.mp3") == []
    assert after(clock, watcher, SETTLE / 2) == []
    assert after(clock, watcher, SETTLE / 2) == ["a.mp3"]


def test_a_file_that_was_replaced_for_a_moment_is_the_old_one(folder: Path, watcher: Watcher, clock: Clock) -> None:
    first, second, aside = folder / "a.mp3", folder / "b.part", folder / "c.part"
    grow(first)
    watcher.look()
    assert after(clock, watcher, SETTLE) == ["a.mp3"]
    second.write_bytes(b"another")
    first.rename(aside)
    second.rename(first)
    assert after(clock, watcher, 1, first) == []
    aside.rename(first)
    assert after(clock, watcher, 1, first) == []
    assert after(clock, watcher, SETTLE) == []
    assert watcher.pause() > SETTLE, "nothing is waited for"


def test_the_same_size_at_another_time_is_another_content(folder: Path, watcher: Watcher, clock: Clock) -> None:
    (folder / "a.mp3").write_bytes(b"one")
    after(clock, watcher, 0)
    (folder / "a.mp3").write_bytes(b"two")
    os.utime(folder / "a.mp3", ns=(1, 1))
    assert after(clock, watcher, SETTLE) == []
    assert after(clock, watcher, SETTLE) == ["a.mp3"]


def test_what_it_finds_is_what_a_folder_has(folder: Path, watcher: Watcher, clock: Clock) -> None:
    for name in ("b.mp3", "A.WAV", "notes.txt", "sub/c.mp4", "sub/deep/d.ogg", ".hidden.mp3", ".cache/e.mp3",
                 "film.mp4.part", "x.crdownload", os.fsdecode(b"\xff.mp3"), "line\nbreak.mp3"):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"?")
    (folder / "no suffix").write_bytes(WAV)
    (folder / "code.ts").write_text("const x = 1;\n")
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "link.mp3").symlink_to("b.mp3")
    (folder / "broken.mp3").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.mp3")
    watcher.look()
    clock.now += SETTLE
    found = watcher.look()
    assert {item.path for item in found if isinstance(item, SettledFile)} == set(expand([str(folder)]))
    assert len(found) == 8


def test_an_event_says_where_to_look(folder: Path, watcher: Watcher, clock: Clock, tmp_path: Path) -> None:
    watcher.look()
    (tmp_path / "elsewhere").mkdir()
    (folder / "behind").symlink_to(tmp_path / "elsewhere")
    told = [folder / "a.mp3", folder / ".hidden" / "b.mp3", folder / "behind" / "c.mp3", tmp_path / "out.mp3"]
    for path in told:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"?")
    (folder / "untold.mp3").write_bytes(b"?")
    gone = folder / "gone.mp3"
    assert after(clock, watcher, 1, *told, gone, folder / "behind") == []
    assert after(clock, watcher, SETTLE) == ["a.mp3"]
    assert after(clock, watcher, RESCAN) == []
    assert after(clock, watcher, SETTLE) == ["untold.mp3"]


def test_a_new_folder_is_looked_at_twice(folder: Path, watcher: Watcher, clock: Clock) -> None:
    watcher.look()
    new = folder / "new"
    new.mkdir()
    (new / "a.mp3").write_bytes(b"?")
    assert after(clock, watcher, 1, new) == []
    (new / "b.mp3").write_bytes(b"?")  # before anybody listened there
    assert watcher.pause() == SETTLE
    assert after(clock, watcher, SETTLE) == ["a.mp3"]
    assert after(clock, watcher, SETTLE) == ["b.mp3"]


def test_a_folder_that_vanishes_is_waited_for(folder: Path, watcher: Watcher, clock: Clock, tmp_path: Path) -> None:
    (folder / "old.mp3").write_bytes(b"?")
    (folder / "a.mp3").write_bytes(b"?")
    watcher.look()
    after(clock, watcher, SETTLE)
    grow(folder / "a.mp3")
    after(clock, watcher, RESCAN)
    folder.rename(tmp_path / "away")
    assert after(clock, watcher, SETTLE) == ["gone"]
    assert watcher.pause() == LOOK_AGAIN
    assert after(clock, watcher, LOOK_AGAIN) == []
    (tmp_path / "away").rename(folder)
    assert after(clock, watcher, LOOK_AGAIN) == ["back"]
    assert after(clock, watcher, SETTLE) == ["a.mp3"]
    assert len(clock.followed) == 2
    folder.rename(tmp_path / "before")  # and another one is there in the same moment
    shutil.copytree(tmp_path / "before", folder)
    (folder / "b.mp3").write_bytes(b"?")
    assert after(clock, watcher, 1) == []
    assert after(clock, watcher, SETTLE) == ["b.mp3"], "the others have kept their sizes and times"
    assert len(clock.followed) == 3


def test_a_removed_folder_may_come_back_with_its_old_number(folder: Path, watcher: Watcher, clock: Clock) -> None:
    watcher.look()
    (folder / "a.mp3").write_bytes(b"?")
    assert watcher.look(Told(ended=frozenset({folder}))) == []
    assert clock.followed == [folder, folder]
    assert after(clock, watcher, SETTLE) == ["a.mp3"]


def test_folders_that_are_not_there_at_the_start(tmp_path: Path, clock: Clock) -> None:
    watcher = Watcher([tmp_path / "x", tmp_path], settle=SETTLE, wakeups=clock, clock=clock)
    assert [name_of(found) for found in watcher.look()] == ["gone"]
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.mp3").write_bytes(b"?")
    assert after(clock, watcher, LOOK_AGAIN) == ["back"]
    assert after(clock, watcher, SETTLE) == ["a.mp3"], "once, though both folders have it"


def test_where_nothing_tells_of_changes_it_looks_more_often(folder: Path, watcher: Watcher, clock: Clock) -> None:
    watcher.look()
    deaf = Told(failed={folder: "too many watches"})
    (news,) = watcher.look(deaf)
    assert isinstance(news, FolderNews)
    assert (news.event, "too many watches" in news.text) == ("untold", True)
    for number in range(2):
        assert watcher.pause() == POLLING
        (folder / f"{number}.mp3").write_bytes(b"?")
        assert after(clock, watcher, POLLING) == []
        assert len(clock.followed) == 2 + number, "perhaps it is told by now"
        assert watcher.look(deaf) == [], "that was said"
    assert after(clock, watcher, POLLING) == ["0.mp3"]
    assert after(clock, watcher, POLLING) == ["1.mp3"]
    assert watcher.pause() == RESCAN - POLLING, "it is told again"


def test_most_of_the_time_it_does_not_look(watcher: Watcher, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_: Path) -> list[Any]:
        clock.now += RESCAN
        return []

    monkeypatch.setattr(watch, "_files_below", slow)
    watcher.look()
    assert watcher.pause() == 10 * RESCAN


def test_an_empty_file_is_refused_once(folder: Path, watcher: Watcher, clock: Clock) -> None:
    (folder / "a.mp3").touch()
    (folder / "unknown").touch()
    watcher.look()
    clock.now += SETTLE
    (found,) = watcher.look()
    assert isinstance(found, RefusedFile)
    assert "a.mp3 is empty" in str(found.error)
    for _ in range(3):
        assert after(clock, watcher, RESCAN) == []
    (folder / "unknown").write_bytes(WAV)
    grow(folder / "a.mp3")
    after(clock, watcher, RESCAN)
    assert sorted(after(clock, watcher, SETTLE)) == ["a.mp3", "unknown"]


def test_a_closed_file_is_refused_once_and_taken_when_it_opens(
    folder: Path, watcher: Watcher, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.mp3").write_bytes(b"?")
    (folder / "unknown").write_bytes(b"words")

    def closed(path: Path) -> None:
        raise UnreadableMedia(f"There is no permission to read {path.name}.", "Change it.")

    with monkeypatch.context() as patched:
        patched.setattr(watch, "open_media", closed)
        watcher.look()
        assert after(clock, watcher, SETTLE) == ["refused a.mp3"]
        for _ in range(3):
            assert after(clock, watcher, RESCAN) == []
            assert after(clock, watcher, SETTLE) == []
    assert after(clock, watcher, RESCAN) == []
    assert after(clock, watcher, SETTLE) == ["a.mp3"]


def test_a_folder_below_that_cannot_be_read_is_left_out(folder: Path, watcher: Watcher, clock: Clock) -> None:
    here = Path.cwd()
    try:
        os.chdir(folder)
        for _ in range(20):  # deeper than a path can be long: refused to root as well
            Path("x" * 250).mkdir()
            os.chdir("x" * 250)
    finally:
        os.chdir(here)
    (folder / "y.mp3").write_bytes(b"?")
    watcher.look()
    assert after(clock, watcher, SETTLE) == ["y.mp3"]


def test_what_could_not_be_taken_is_found_again(folder: Path, watcher: Watcher, clock: Clock) -> None:
    for name in ("soon.mp3", "late.mp3"):
        (folder / name).write_bytes(b"?")
    watcher.look()
    clock.now += SETTLE
    late, soon = watcher.look()
    assert isinstance(late, SettledFile)
    assert isinstance(soon, SettledFile)
    watcher.give_back(late, soon=False)
    watcher.give_back(soon, soon=True)
    assert after(clock, watcher, SETTLE) == ["soon.mp3"]
    after(clock, watcher, RESCAN)
    assert after(clock, watcher, SETTLE) == ["late.mp3"]


def test_once_waits_for_what_is_there(folder: Path, watcher: Watcher, clock: Clock) -> None:
    (folder / "done.mp3").write_bytes(b"?")
    (folder / "growing.mp3").write_bytes(b"?")
    (folder / "film.mp4.part").write_bytes(b"?")
    clock.meanwhile = [lambda: grow(folder / "growing.mp3")] * 3
    begin = clock.now
    batches = [[name_of(found) for found in batch] for batch in watcher.batches(once=True)]
    assert batches == [["done.mp3"], ["growing.mp3"]]
    assert clock.now - begin == 4 * SETTLE


def test_once_in_an_empty_folder_ends_at_once(watcher: Watcher, clock: Clock) -> None:
    begin = clock.now
    assert list(watcher.batches(once=True)) == []
    assert clock.now == begin


def test_without_once_it_goes_on(folder: Path, watcher: Watcher, clock: Clock) -> None:
    clock.meanwhile = [lambda: grow(folder / "a.mp3"), lambda: None, lambda: grow(folder / "b.mp3")]
    batches = watcher.batches()
    assert [name_of(found) for found in next(batches)] == ["a.mp3"]
    assert [name_of(found) for found in next(batches)] == ["b.mp3"]


def test_it_is_stopped_while_it_waits(watcher: Watcher, clock: Clock) -> None:
    clock.meanwhile = [lambda: None, watcher.stop]
    begin = clock.now
    assert list(watcher.batches()) == []
    assert clock.now - begin == 2 * RESCAN
    assert (clock.is_woken, clock.is_closed) == (True, True)


@pytest.mark.parametrize("wakeups", [Silence(), FolderEvents()])
def test_a_wait_is_ended_from_another_thread(wakeups: Silence | FolderEvents) -> None:
    with ThreadPoolExecutor(1) as pool:
        waited = pool.submit(wakeups.wait, LONG)
        wakeups.wake()
        assert waited.result(LONG / 2) == Told()
    assert wakeups.wait(0) == Told()


def test_of_removed_files_not_all_are_remembered(
    folder: Path, watcher: Watcher, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FORGOTTEN", 1)
    for name in ("a.mp3", "b.mp3", "c.mp3", "d.mp3"):
        (folder / name).write_bytes(b"?")
    watcher.look()
    assert len(after(clock, watcher, SETTLE)) == 4
    for name in ("a.mp3", "b.mp3", "c.mp3"):
        (folder / name).unlink()
    assert after(clock, watcher, RESCAN) == []
    assert set(watcher._done) == {folder / "d.mp3"}
    assert after(clock, watcher, RESCAN) == []


def heard(events: FolderEvents, wanted: Callable[[Told], bool]) -> Told:
    """What is told, as soon as it has what is wanted."""
    changed: set[Path] = set()
    ended: set[Path] = set()
    while True:
        told = events.wait(LONG)
        assert told.changed or told.ended or told.failed, "nothing was told"
        changed |= told.changed
        ended |= told.ended
        everything = Told(frozenset(changed), frozenset(ended), told.failed)
        if wanted(everything):
            return everything


def test_the_kernel_tells_of_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_events, "_QUIET_MS", 50)
    events = FolderEvents()
    try:
        events.follow(folder)
        heard(events, lambda told: folder in told.changed)  # it listens
        (folder / "a.mp3").write_bytes(b"?")
        heard(events, lambda told: folder / "a.mp3" in told.changed)
        (folder / "new").mkdir()
        (folder / "new" / "b.mp3").write_bytes(b"?")
        heard(events, lambda told: folder / "new" in told.changed)
        (folder / "x.part").write_bytes(b"?")
        (folder / "x.part").rename(folder / "x.mp3")
        heard(events, lambda told: folder / "x.mp3" in told.changed)
        unnameable = folder / os.fsdecode(b"\xff.mp3")
        for change in (unnameable.touch, unnameable.unlink):
            change()
            assert heard(events, lambda told: bool(told.failed)).failed.keys() == {folder}
            events.follow(folder)
            heard(events, lambda told: folder in told.changed)
        shutil.rmtree(folder)
        heard(events, lambda told: folder in told.ended)
        events.follow(folder)
        heard(events, lambda told: folder in told.ended)
        folder.mkdir()
        events.follow(folder)
        heard(events, lambda told: folder in told.changed)
        grow(folder / "again.mp3")
        heard(events, lambda told: folder / "again.mp3" in told.changed)
    finally:
        events.close()


def test_a_folder_of_which_nothing_can_be_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("OS file watch limit reached.")

    monkeypatch.setattr(watchfiles, "watch", refused)
    events = FolderEvents()
    events.follow(folder)
    told = heard(events, lambda told: bool(told.failed))
    assert told.failed == {folder: "OS file watch limit reached"}
    events.close()


MEDIA = ("a.mp3", "b.WAV", "sub/c.ogg", "sub/deep/d.mp4", "no suffix")
OTHERS = ("e.mp3.part", ".f.mp3", ".hidden/g.mp3", "notes.txt", "words")
NAMES = st.sampled_from(MEDIA + OTHERS)
Content = tuple[int, int]


class Growing(RuleBasedStateMachine):
    """Files that come, grow, pause, shrink, are renamed and vanish, with some, all or none of the events told."""

    def __init__(self) -> None:
        super().__init__()
        self.top = Path(tempfile.mkdtemp(prefix="trax-test-"))
        self.folder, self.away = self.top / "in", self.top / "away"
        self.folder.mkdir()
        self.clock = Clock()
        self.watcher = Watcher([self.folder], settle=SETTLE, rescan=RESCAN, wakeups=self.clock, clock=self.clock)
        self.changed_at: dict[str, float] = {}
        self.taken: dict[str, Content] = {}
        self.refused: dict[str, Content] = {}
        self.told: set[Path] = set()
        self.mtime = 0

    def teardown(self) -> None:
        shutil.rmtree(self.top)

    @property
    def is_there(self) -> bool:
        return self.folder.exists()

    def changed(self, name: str, *, is_told: bool) -> None:
        path = self.folder / name
        self.changed_at[name] = self.clock.now
        if path.exists():
            self.mtime += 1
            os.utime(path, ns=(self.mtime, self.mtime))
        if is_told:
            self.told.add(path)

    @precondition(lambda self: self.is_there)
    @rule(name=NAMES, count=st.integers(0, 3), is_told=st.booleans())
    def grow(self, name: str, count: int, is_told: bool) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            if file.tell() == 0 and count:
                file.write(WAV if name in MEDIA else b"only words")
            file.write(b"x" * count)
        self.changed(name, is_told=is_told)

    @precondition(lambda self: self.is_there)
    @rule(name=NAMES, is_told=st.booleans())
    def shrink(self, name: str, is_told: bool) -> None:
        path = self.folder / name
        if path.exists():
            os.truncate(path, max(0, path.stat().st_size - 2))
            self.changed(name, is_told=is_told)

    @precondition(lambda self: self.is_there)
    @rule(name=NAMES, after=NAMES, is_told=st.booleans())
    def rename(self, name: str, after: str, is_told: bool) -> None:
        old, new = self.folder / name, self.folder / after
        if not old.exists() or name == after or "words" in (name, after):
            return
        new.parent.mkdir(parents=True, exist_ok=True)
        old.rename(new)  # its time stays what it is
        self.changed_at[after] = self.clock.now
        if is_told:
            self.told |= {old, new}

    @precondition(lambda self: self.is_there)
    @rule(name=NAMES, is_told=st.booleans())
    def remove(self, name: str, is_told: bool) -> None:
        (self.folder / name).unlink(missing_ok=True)
        if is_told:
            self.told.add(self.folder / name)

    @rule(is_told=st.booleans())
    def the_folder_goes_or_comes(self, is_told: bool) -> None:
        if self.is_there:
            self.folder.rename(self.away)
        else:
            self.away.rename(self.folder)

    @precondition(lambda self: self.is_there)
    @rule()
    def the_folder_is_emptied(self) -> None:
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    @rule(seconds=st.sampled_from([0.0, 1.0, SETTLE / 2, SETTLE - 0.5, SETTLE, RESCAN]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds
        self.look()

    @rule()
    def all_is_quiet(self) -> None:
        """After one look at everything and the time of settling, nothing that is finished is left."""
        end = self.clock.now + RESCAN + 2 * SETTLE + LOOK_AGAIN
        while self.clock.now < end:
            self.clock.now += max(self.watcher.pause(), 0.5)
            self.look()
        for name in MEDIA if self.is_there else ():
            content = self.content(name)
            if content is None or (name == "no suffix" and not self.is_wav(name)):
                continue
            if content[0]:
                assert self.taken.get(name) == content, f"{name} was left out"
            else:
                assert self.refused.get(name) == content, f"nobody heard that {name} is empty"

    def look(self) -> None:
        told, self.told = Told(frozenset(self.told)), set()
        for found in self.watcher.look(told):
            if isinstance(found, FolderNews):
                assert (found.event == "back") == self.is_there
                continue
            name = str(found.path.relative_to(self.folder))
            content = self.content(name)
            assert content is not None
            assert name in MEDIA
            assert name != "no suffix" or self.is_wav(name)
            assert self.clock.now - self.changed_at[name] >= SETTLE, f"{name} was not finished"
            known = self.taken if isinstance(found, SettledFile) else self.refused
            assert known.get(name) != content, f"{name} came twice"
            assert (content[0] > 0) == isinstance(found, SettledFile)
            known[name] = content

    def is_wav(self, name: str) -> bool:
        """Whether the beginning is still that of a media file."""
        return (self.folder / name).read_bytes()[8:12] == b"WAVE"

    def content(self, name: str) -> Content | None:
        try:
            found = (self.folder / name).stat()
        except FileNotFoundError:
            return None
        return found.st_size, found.st_mtime_ns

    @invariant()
    def it_never_waits_for_ever(self) -> None:
        assert 0 <= self.watcher.pause() <= RESCAN


Growing.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestGrowing = Growing.TestCase
