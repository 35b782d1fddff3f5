"""The folder store: every file once, as a whole or not at all, whatever goes wrong."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.media.stores import CONTENT, SHA256, downloaded, drafts, kept
from trax.errors import MediaAway, MediaChanged, MediaNotFound, StoreError, StoreFull, UnreadableMedia, UsageError
from trax.media import store as module
from trax.media.files import identify
from trax.media.store import FolderStore, is_remote, open_store
from trax.settings import Settings, load_settings


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


def test_the_same_bytes_are_kept_once(store: FolderStore, source: Path) -> None:
    first = store.take(source)
    before = Path(first.location).stat()
    assert store.keep(downloaded(store), SHA256, len(CONTENT)) == first
    after = Path(first.location).stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_nlink) == (before.st_ino, before.st_mtime_ns, 1)
    assert drafts(store) == []


def test_a_file_that_has_rotted_is_made_whole(store: FolderStore, source: Path) -> None:
    place = Path(store.take(source).location)
    place.write_bytes(bytes(len(CONTENT)))
    store.take(source)
    assert place.read_bytes() == CONTENT


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
