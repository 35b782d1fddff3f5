"""What a machine keeps of a bucket: what was used last, and what is in use."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.media.s3_server import S3Server
from tests.media.stores import BASE, LONG_AGO, SHA256, Machine
from trax.media.store import open_store
from trax.media.store_cache import StoreCache, is_in_use
from trax.settings import load_settings


def test_a_lower_limit_holds_from_the_next_sweep_on(
    on_s3: Machine, server: S3Server, source: Path, tmp_path: Path
) -> None:
    stored = on_s3("one").take(source)
    path = on_s3("one").locate(stored.location, SHA256)
    os.utime(path, (LONG_AGO, LONG_AGO))
    on_s3("one").sweep(3600)
    assert path.exists()
    open_store(load_settings(home=tmp_path / "one", store=BASE, store_cache=1_000)).sweep(3600)
    assert not path.exists()


@pytest.fixture
def cache(tmp_path: Path) -> StoreCache:
    return StoreCache(tmp_path / "cache", 3_500)


def cached(cache: StoreCache, number: int) -> tuple[str, Path]:
    """A file of a thousand bytes that was last used so many seconds after it all began."""
    content = bytes([number]) * 1_000
    digest = hashlib.sha256(content).hexdigest()
    draft = cache.folder.draft(digest)
    draft.write_bytes(content)
    path = Path(cache.folder.keep(draft, digest, 1_000).location)
    os.utime(path, (LONG_AGO + number, LONG_AGO + number))
    return digest, path


def test_what_was_not_used_for_longest_goes_first(cache: StoreCache) -> None:
    digests, paths = zip(*(cached(cache, number) for number in range(3)), strict=True)
    cache.make_room(500)
    assert all(path.exists() for path in paths)
    assert cache.find(digests[0]) == paths[0]  # used again
    cache.make_room(1_000)
    assert [path.exists() for path in paths] == [True, False, True]
    cache.make_room(10_000)
    assert [path.exists() for path in paths] == [True, False, False]  # the first may be about to be opened
    assert cache.find(digests[1]) is None


def test_files_in_use_are_spared(cache: StoreCache, tmp_path: Path) -> None:
    _, opened = cached(cache, 0)
    _, locked = cached(cache, 1)
    _, elsewhere = cached(cache, 2)
    _, free = cached(cache, 3)
    sleeper = "import sys; file = open(sys.argv[1], 'rb'); print(flush=True); sys.stdin.read()"
    with (
        opened.open("rb"),
        locked.open("rb") as file,
        subprocess.Popen(
            [sys.executable, "-c", sleeper, str(elsewhere)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        fcntl.flock(file, fcntl.LOCK_SH)
        assert [is_in_use(path) for path in (opened, locked, elsewhere, free)] == [True, True, True, False]
        cache.make_room(10_000)
        assert [path.exists() for path in (opened, locked, elsewhere, free)] == [True, True, True, False]
        process.communicate()
    assert not is_in_use(opened)
    assert not is_in_use(tmp_path / "gone")


OPENED_MEANWHILE = """
import fcntl, os, signal, sys, threading, time
from pathlib import Path
from trax.media.store_cache import is_in_use

told = threading.Event()
signal.signal(signal.SIGURG, lambda *_: told.set())
reader = threading.Thread(target=Path(sys.argv[1]).read_bytes)
real = fcntl.fcntl

def call(descriptor, command, value):
    real(descriptor, command, value)
    if (command, value) == (fcntl.F_SETLEASE, fcntl.F_WRLCK):
        reader.start()
        while not told.is_set():
            time.sleep(0.001)

fcntl.fcntl = call
print(is_in_use(Path(sys.argv[1])))
reader.join()
"""


def test_a_file_that_is_opened_while_it_is_looked_at(cache: StoreCache) -> None:
    _, path = cached(cache, 1)
    looked = subprocess.run(
        [sys.executable, "-c", OPENED_MEANWHILE, str(path)], capture_output=True, text=True, check=False
    )
    assert (looked.returncode, looked.stdout) == (0, "False\n")


def test_a_file_that_was_in_use_is_spared_for_a_while(tmp_path: Path) -> None:
    cache = StoreCache(tmp_path / "cache", 0)
    _, path = cached(cache, 1)
    with path.open("rb"):
        cache.make_room(0)
    cache.make_room(0)  # whoever has closed it may open it again
    assert path.exists()
    os.utime(path, (LONG_AGO, LONG_AGO))
    cache.make_room(0)
    assert not path.exists()


def test_where_there_are_no_leases_a_lock_still_counts(cache: StoreCache, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EINVAL, "not on this file system")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    _, path = cached(cache, 1)
    with path.open("rb") as file:
        assert not is_in_use(path)
        fcntl.flock(file, fcntl.LOCK_SH)
        assert is_in_use(path)


def test_what_comes_makes_what_was_not_used_go(on_s3: Machine, server: S3Server, source: Path, tmp_path: Path) -> None:
    one = open_store(load_settings(home=tmp_path / "one", store=BASE, store_cache=1_000_000))
    others = [bytes([number]) * 900_000 for number in range(3)]

    def aged_path(content: bytes) -> Path:
        digest = hashlib.sha256(content).hexdigest()
        key = f"{digest[:2]}/{digest[2:4]}/{digest}"
        server.put(f"bucket/my media/{key}", content)
        path = one.locate(f"{BASE}/{key}", digest)
        os.utime(path, (LONG_AGO, LONG_AGO))
        return path

    first = aged_path(others[0])
    second = aged_path(others[1])
    assert [first.exists(), second.exists()] == [False, True]
    one.take(source)
    assert not second.exists()


def test_a_full_disk_makes_what_was_not_used_go(
    on_s3: Machine, server: S3Server, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = on_s3("one").locate(on_s3("one").take(source).location, SHA256)
    os.utime(path, (LONG_AGO, LONG_AGO))
    monkeypatch.setattr(
        os, "statvfs", lambda _: os.statvfs_result((1, 1, 9, 500, 10**9 * (not path.exists()), 9, 9, 9, 0, 255))
    )
    (tmp_path / "other.wav").write_bytes(b"other")
    on_s3("one").take(tmp_path / "other.wav")
    assert not path.exists()


def test_room_is_made_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = StoreCache(tmp_path / "cache", 1 << 40)
    _, first = cached(cache, 1)
    _, second = cached(cache, 2)
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((1, 1, 9, 500, 500, 9, 9, 9, 0, 255)))
    cache.free_disk(400)
    assert first.exists()
    cache.free_disk(1_400)
    assert [first.exists(), second.exists()] == [False, True]


def test_drafts_are_no_files_of_the_cache(cache: StoreCache) -> None:
    folder = cache.folder.draft("row").with_name("0" * 32 + ".part.d")
    (folder / "a").mkdir(parents=True)
    (folder / "b").write_bytes(b"x" * 10_000)
    _, path = cached(cache, 1)
    cache.make_room(1_000)
    assert path.exists()
    assert (folder / "b").exists()
