"""The folder store: every file once, as a whole or not at all, whatever goes wrong."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.errors import MediaAway, MediaChanged, MediaNotFound, StoreError, StoreFull, UnreadableMedia, UsageError
from trax.media import store as module
from trax.media.drafts import Drafts, held
from trax.media.files import identify
from trax.media.store import FolderStore, is_remote, open_store
from trax.settings import Settings, load_settings

CONTENT = bytes(range(256)) * 9_000  # more than two blocks
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LONG_AGO = 1_700_000_000


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(CONTENT)
    return path


def downloaded(store: FolderStore, key: str = "row", content: bytes = CONTENT) -> Path:
    draft = store.draft(key)
    draft.write_bytes(content)
    return draft


def kept(store: FolderStore) -> list[Path]:
    """What is in the store; drafts don't count."""
    return [path for path in store.root.rglob("*") if path.is_file() and module.INCOMING not in path.parts]


def drafts(store: FolderStore) -> list[str]:
    return sorted(path.name for path in (store.root / module.INCOMING).iterdir())


def fail(number: int, *, where: Callable[[Any], bool] = lambda _: True, real: Any = None) -> Callable[..., Any]:
    """A system call that fails where the first argument is such a one."""

    def call(first: Any, *others: Any, **named: Any) -> Any:
        if where(first):
            raise OSError(number, os.strerror(number))
        return real(first, *others, **named)

    return call


def is_folder(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def test_a_file_is_copied_in_under_its_hash(store: FolderStore, source: Path) -> None:
    stored = store.take(source)
    place = store.root / SHA256[:2] / SHA256[2:4] / SHA256
    assert (stored.sha256, stored.size_bytes, stored.location) == (SHA256, len(CONTENT), str(place))
    assert place.read_bytes() == CONTENT
    assert stored.mtime_ns == place.stat().st_mtime_ns
    assert store.locate(stored.location, SHA256) == place
    assert source.read_bytes() == CONTENT
    assert drafts(store) == []


@pytest.mark.shared_data
def test_a_recording_keeps_its_identity(store: FolderStore, shared_data: Path) -> None:
    recording = min((shared_data / "speech").rglob("*.wav"), key=lambda path: path.stat().st_size)
    stored = store.take(recording)
    identity = identify(recording)
    assert (stored.sha256, stored.size_bytes) == (identity.sha256, identity.size_bytes)
    assert identify(Path(stored.location)).sha256 == identity.sha256


def test_a_draft_is_moved_in_with_all_that_lies_beside_it(store: FolderStore) -> None:
    draft = downloaded(store)
    draft.with_name(f"{draft.name}.json").write_text("{}")
    stored = store.keep(draft, SHA256, len(CONTENT))
    assert Path(stored.location).read_bytes() == CONTENT
    assert drafts(store) == []


def test_a_draft_in_a_folder_of_drafts_is_moved_in(store: FolderStore) -> None:
    folder = store.draft("video").with_name(f"{store.draft('video').name}.d")
    folder.mkdir()
    (folder / "sound.m4a").write_bytes(CONTENT)
    store.keep(folder / "sound.m4a", SHA256, len(CONTENT))
    assert list(folder.iterdir()) == []
    assert len(kept(store)) == 1


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_key_always_has_the_same_draft_and_no_other_key_has_it(first: str, second: str) -> None:
    names = Drafts(Path("/nowhere"))
    assert names.named(first) == names.named(first)
    assert (names.named(first) == names.named(second)) == (first == second)
    assert names.named(first).parent == Path("/nowhere")


def test_the_same_bytes_are_kept_once(store: FolderStore, source: Path) -> None:
    first = store.take(source)
    before = Path(first.location).stat()
    assert store.keep(downloaded(store), SHA256, len(CONTENT)) == first
    after = Path(first.location).stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_nlink) == (before.st_ino, before.st_mtime_ns, 1)
    assert drafts(store) == []


def test_a_file_that_a_disk_has_cut_short_is_made_whole(store: FolderStore, source: Path) -> None:
    place = Path(store.take(source).location)
    os.truncate(place, 100)
    store.take(source)
    assert place.read_bytes() == CONTENT
    assert drafts(store) == []


def test_where_links_are_not_allowed_the_draft_is_renamed(
    store: FolderStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", fail(errno.EPERM))
    place = Path(store.take(source).location)
    inode = place.stat().st_ino
    store.take(source)
    assert (place.read_bytes(), place.stat().st_ino) == (CONTENT, inode)
    assert drafts(store) == []


def test_bytes_are_on_the_disk_before_they_have_a_name(
    store: FolderStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def note_sync(descriptor: int) -> None:
        steps.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    def note_link(draft: Path, place: Path) -> None:
        steps.append(f"link {place.name}")
        link(draft, place)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "link", note_link)
    store.take(source)
    assert steps[0].endswith(".part")
    assert steps[1:] == [f"link {SHA256}", f"sync {SHA256[2:4]}", f"sync {SHA256[:2]}", "sync store"]


@pytest.mark.parametrize(("umask", "file", "folder"), [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700), (0, 0o644, 0o755)])
def test_permissions_follow_the_umask(store: FolderStore, source: Path, umask: int, file: int, folder: int) -> None:
    before = os.umask(umask)
    try:
        draft = downloaded(store, content=b"other")
        draft.chmod(0o600)  # as tools make their files
        places = [store.take(source), store.keep(draft, hashlib.sha256(b"other").hexdigest(), 5)]
    finally:
        os.umask(before)
    for place in (Path(stored.location) for stored in places):
        assert stat.S_IMODE(place.stat().st_mode) == file
        assert [stat.S_IMODE(above.stat().st_mode) for above in (place.parent, place.parent.parent)] == [folder] * 2


def test_what_is_no_file_is_not_taken(store: FolderStore, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableMedia, match="a pipe"):
        store.take(tmp_path / "pipe")
    with pytest.raises(MediaNotFound):
        store.take(tmp_path / "gone")


def test_a_file_that_grows_meanwhile_is_not_taken(
    store: FolderStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all = module.write_all

    def write(descriptor: int, block: bytes) -> None:
        with source.open("ab") as file:
            file.write(b"more" * (len(block) == module._BLOCK))  # until the last block
        write_all(descriptor, block)

    monkeypatch.setattr(module, "write_all", write)
    with pytest.raises(MediaChanged, match=r"talk\.wav changed"):
        store.take(source)
    assert (kept(store), drafts(store)) == ([], [])


def test_a_draft_of_another_length_is_not_kept(store: FolderStore) -> None:
    draft = downloaded(store)
    with pytest.raises(MediaChanged):
        store.keep(draft, SHA256, len(CONTENT) + 1)
    assert kept(store) == []
    assert draft.exists()


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOSPC, StoreFull, "No space"),
        (errno.EDQUOT, StoreFull, "No space"),
        (errno.EIO, StoreError, "Input/output error"),
        (errno.EROFS, StoreError, "can't be written"),
        (errno.ESTALE, StoreError, "isn't there"),
    ],
)
@pytest.mark.parametrize("call", ["write", "fsync", "link"])
def test_a_failing_disk_leaves_nothing_behind(
    store: FolderStore,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    kind: type[StoreError],
    words: str,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail(number))
        with pytest.raises(kind, match=words) as caught:
            store.take(source)
    assert caught.value.retryable
    assert "TRAX_STORE" in caught.value.next_step
    assert (kept(store), drafts(store)) == ([], [])
    assert store.take(source).sha256 == SHA256


def test_a_draft_outlives_a_full_disk_so_that_it_need_not_be_fetched_again(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = downloaded(store)
    with monkeypatch.context() as patched:
        patched.setattr(os, "link", fail(errno.ENOSPC))
        with pytest.raises(StoreFull):
            store.keep(draft, SHA256, len(CONTENT))
    assert kept(store) == []
    store.keep(store.draft("row"), SHA256, len(CONTENT))
    assert len(kept(store)) == 1


def test_a_draft_that_the_disk_could_not_write_is_given_up(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = downloaded(store)
    monkeypatch.setattr(os, "fsync", fail(errno.EIO))
    with pytest.raises(StoreError, match="Input/output error"):
        store.keep(draft, SHA256, len(CONTENT))
    assert (kept(store), drafts(store)) == ([], [])


@pytest.mark.parametrize(("number", "fails"), [(errno.EIO, True), (errno.EINVAL, False)])
def test_a_folder_that_cant_be_forced_to_the_disk(
    store: FolderStore, source: Path, monkeypatch: pytest.MonkeyPatch, number: int, fails: bool
) -> None:
    monkeypatch.setattr(os, "fsync", fail(number, where=is_folder, real=os.fsync))  # EINVAL: not on this share
    if fails:
        with pytest.raises(StoreError):
            store.take(source)
    else:
        store.take(source)
    assert [path.read_bytes() for path in kept(store)] == [CONTENT]  # whole in any case
    assert drafts(store) == []


def test_a_file_for_which_there_is_no_space_is_not_begun(
    store: FolderStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((4096, 4096, 9, 9, 9, 9, 9, 9, 0, 255)))
    monkeypatch.setattr(os, "write", fail(errno.EIO))
    with pytest.raises(StoreFull):
        store.take(source)
    assert drafts(store) == []


def test_a_folder_that_vanishes_meanwhile(store: FolderStore, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all = module.write_all

    def write(descriptor: int, block: bytes) -> None:
        shutil.rmtree(store.root, ignore_errors=True)
        write_all(descriptor, block)

    with monkeypatch.context() as patched:
        patched.setattr(module, "write_all", write)
        with pytest.raises(StoreError, match="isn't there"):
            store.take(source)
    assert not store.root.exists()
    assert store.take(source).sha256 == SHA256


def test_a_folder_on_a_share_that_is_not_mounted_is_not_made_up(tmp_path: Path, source: Path) -> None:
    store = FolderStore(tmp_path / "share" / "trax" / "store")
    for attempt in (lambda: store.draft("row"), lambda: store.take(source)):
        with pytest.raises(StoreError, match="isn't there"):
            attempt()
    assert not (tmp_path / "share").exists()


def test_a_folder_that_is_read_only(source: Path) -> None:
    store = FolderStore(Path("/sys/trax-store"))  # where nobody may make a folder, root included
    with pytest.raises(StoreError, match="can't be written to /sys/trax-store") as caught:
        store.take(source)
    assert caught.value.next_step == "Change the folder's permissions, or name another folder in TRAX_STORE."


def test_a_store_on_another_file_system(tmp_path: Path, source: Path) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system here")
    store = FolderStore(memory / f"trax-test-{os.getpid()}")
    try:
        assert Path(store.take(source).location).read_bytes() == CONTENT
        assert drafts(store) == []
    finally:
        shutil.rmtree(store.root)


def test_a_store_that_has_moved_is_still_known(store: FolderStore, source: Path, tmp_path: Path) -> None:
    stored = store.take(source)
    store.root.rename(tmp_path / "new")
    moved = FolderStore(tmp_path / "new")
    assert moved.locate(stored.location, SHA256).read_bytes() == CONTENT
    assert moved.holds(stored.location)
    assert not FolderStore(tmp_path / "other").holds(stored.location)
    with pytest.raises(MediaAway, match="There is no file"):
        FolderStore(tmp_path / "other").locate(stored.location, SHA256)


def test_only_files_of_the_store_are_forgotten(store: FolderStore, source: Path, tmp_path: Path) -> None:
    stored = store.take(source)
    own = tmp_path / SHA256[:2] / SHA256[2:4] / SHA256
    own.parent.mkdir(parents=True)
    shutil.copy(source, own)
    for path in (source, own, tmp_path / "gone", store.root / "note"):
        store.forget(str(path))
    assert all(path.exists() for path in (source, own, Path(stored.location)))
    (tmp_path / "alias").symlink_to(store.root)
    FolderStore(tmp_path / "alias").forget(stored.location)
    assert kept(store) == []
    store.forget(stored.location)


def aged(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (LONG_AGO, LONG_AGO))


def test_drafts_that_were_given_up_are_swept_away(store: FolderStore) -> None:
    old = downloaded(store, "old")
    notes, folder = old.with_name(f"{old.name}.json"), old.with_name(f"{old.name}.d")
    notes.write_text("{}")
    folder.mkdir()
    (folder / "a.m4a.part").write_bytes(b"x")
    young = downloaded(store, "young")
    foreign = store.root / module.INCOMING / "note.txt"
    foreign.touch()
    aged(foreign, old, notes, folder / "a.m4a.part", folder)
    assert store.sweep(3600) == 1
    assert drafts(store) == sorted([young.name, "note.txt"])


def test_a_draft_that_somebody_is_at_is_not_swept_away(store: FolderStore) -> None:
    draft, working = downloaded(store, "draft"), downloaded(store, "working")
    folder = working.with_name(f"{working.name}.d")
    folder.mkdir()
    (folder / "sound").write_bytes(b"x")
    aged(draft, working, folder)
    with held(draft):
        assert store.sweep(3600) == 0  # the one is held, and the other's folder has something new in it
        aged(folder / "sound", folder)
        with (folder / "sound").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            assert store.sweep(3600) == 0
    assert store.sweep(3600) == 2
    assert drafts(store) == []


def test_whoever_waited_for_a_draft_never_gets_the_file_that_it_became(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = downloaded(store)
    waits = threading.Event()
    flock = fcntl.flock

    def tell_and_lock(descriptor: int, operation: int) -> None:
        waits.set()
        flock(descriptor, operation)

    def wait() -> int:
        monkeypatch.setattr(fcntl, "flock", tell_and_lock)
        with held(draft) as descriptor:
            return os.write(descriptor, b"the next download")

    with ThreadPoolExecutor(1) as pool:
        with held(draft):
            written = pool.submit(wait)
            assert waits.wait(10)
            place = Path(store.keep(draft, SHA256, len(CONTENT)).location)
        written.result()
    assert place.read_bytes() == CONTENT
    assert draft.read_bytes() == b"the next download"


def test_a_store_that_is_not_there_yet_has_nothing_to_sweep(store: FolderStore) -> None:
    assert store.sweep(0) == 0
    assert not store.root.exists()


def test_a_draft_is_discarded_with_what_lies_beside_it(store: FolderStore) -> None:
    draft = downloaded(store)
    folder = draft.with_name(f"{draft.name}.d")
    folder.mkdir()
    (folder / "sound").touch()
    store.discard(draft)
    store.discard(draft)
    assert drafts(store) == []


# What happens to processes happens to real ones.

CHILD = """
import os, sys
from pathlib import Path
from trax.errors import TraxError
from trax.media import store as module
from trax.media.store import FolderStore

store = FolderStore(Path(sys.argv[1]))

def stop():
    print("there", flush=True)
    sys.stdin.readline()

def stop_after(owner, name):
    real = getattr(owner, name)
    def call(*arguments):
        real(*arguments)
        stop()
    setattr(owner, name, call)

def take(path):
    try:
        print(store.take(Path(path)).location, flush=True)
    except TraxError as error:
        print(type(error).__name__, error, flush=True)
"""


@contextmanager
def child(script: str, store: FolderStore, *before: str) -> Iterator[subprocess.Popen[str]]:
    command = [*before, sys.executable, "-c", CHILD + script, str(store.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_two_processes_keep_the_same_bytes_at_once(store: FolderStore, tmp_path: Path) -> None:
    names = [tmp_path / f"file-{number}" for number in range(20)]
    for name in names:
        name.write_bytes(name.name.encode() * 10_000)
    script = f"stop()\nfor number in range(20): take({str(tmp_path)!r} + f'/file-{{number}}')\n"
    with child(script, store) as one, child(script, store) as other:
        for process in (one, other):
            assert said(process) == "there"
        for process in (one, other):
            tell(process)
        locations = [[said(process) for _ in names] for process in (one, other)]
    assert locations[0] == locations[1]
    assert [Path(location).read_bytes() for location in locations[0]] == [name.read_bytes() for name in names]
    assert (len(kept(store)), drafts(store)) == (20, [])


@pytest.mark.parametrize(
    ("step", "whole"), [("module, 'write_all'", False), ("os, 'fsync'", False), ("os, 'link'", True)]
)
def test_kill_9_leaves_nothing_half(store: FolderStore, source: Path, step: str, whole: bool) -> None:
    with child(f"stop_after({step})\ntake({str(source)!r})", store) as process:
        assert said(process) == "there"
        assert len(drafts(store)) == 1
        assert store.sweep(-60) == 0  # it is alive
        process.kill()
        process.wait()
    assert [path.read_bytes() for path in kept(store)] == [CONTENT] * whole
    assert store.sweep(-60) == 1
    assert drafts(store) == []
    assert Path(store.take(source).location).read_bytes() == CONTENT


def test_a_download_that_was_killed_on_its_last_step_is_not_written_to(store: FolderStore) -> None:
    draft = downloaded(store)
    place = store.place(SHA256)
    place.parent.mkdir(parents=True)
    place.hardlink_to(draft)  # killed here
    downloaded(store, content=b"the next attempt")
    assert place.read_bytes() == CONTENT


def test_a_limit_of_the_process_on_the_length_of_files(store: FolderStore, source: Path) -> None:
    limit = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\ntake({str(source)!r})"
    with child(limit, store) as process:
        assert said(process).startswith("StoreError The file is larger than")
    assert (kept(store), drafts(store)) == ([], [])


def test_a_disk_that_is_really_full(tmp_path: Path, source: Path) -> None:
    store = FolderStore(tmp_path / "small" / "store")
    store.root.parent.mkdir()
    shell = f'mount -t tmpfs -o size=1m none {store.root.parent} && exec "$@"'
    namespace = ["unshare", "-rm", "sh", "-c", shell, "sh"]
    unlimited = "module.FolderStore._check_space = lambda *_: None\n"
    look = "print(sorted(str(path) for path in store.root.rglob('*') if path.is_file()))"
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("nobody may mount a file system here")
    with child(f"take({str(source)!r})\n{unlimited}take({str(source)!r})\n{look}", store, *namespace) as process:
        for _ in range(2):  # as foreseen, and in the middle of the file
            assert said(process).startswith("StoreFull No space is left")
        assert said(process) == "[]"


def settings(tmp_path: Path, store: str | None) -> Settings:
    return load_settings(home=tmp_path / "home", store=store)


def test_the_store_that_the_settings_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for named, root in (
        (None, tmp_path / "home" / "store"),
        (str(tmp_path / "media"), tmp_path / "media"),
        ("media", tmp_path / "media"),
        ("~/media", tmp_path / "media"),
        ((tmp_path / "my media").as_uri(), tmp_path / "my media"),
    ):
        opened = open_store(settings(tmp_path, named))
        assert isinstance(opened, FolderStore)
        assert opened.root == root
        assert not root.exists()
        opened.draft("row")
        assert root.is_dir()
        shutil.rmtree(root)


@pytest.mark.parametrize("named", ["ftp://host/x", "https://key:secret@host/x", "~nobody-of-that-name/x"])
def test_what_can_be_no_store(tmp_path: Path, named: str) -> None:
    with pytest.raises(UsageError, match="TRAX_STORE") as caught:
        open_store(settings(tmp_path, named))
    assert "secret" not in str(caught.value)


def test_locations_of_object_stores_are_told_from_paths() -> None:
    assert all(map(is_remote, ("s3://bucket/a", "gs://b", "az://c/d", "S3://bucket")))
    assert not any(map(is_remote, ("/s3://x", "s3/x", "file:///home/x", "s3:/x", "", "https://x/y.mp3")))
