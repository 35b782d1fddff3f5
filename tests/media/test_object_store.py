"""The store in a bucket: against obstore's own stores, and over HTTP against a server that speaks S3."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore

from tests.media.s3_server import KEY_ID, SECRET, Fault, S3Server, s3_server
from trax.errors import MediaAway, MediaChanged, StoreError, StoreFull, ToolMissing, UsageError
from trax.media import bucket as buckets
from trax.media.bucket import Bucket
from trax.media.object_store import ObjectStore
from trax.media.store import Store, open_store
from trax.media.store_cache import StoreCache, is_in_use
from trax.settings import load_settings

CONTENT = bytes(range(256)) * 9_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
KEY = f"{SHA256[:2]}/{SHA256[2:4]}/{SHA256}"
BASE = "s3://bucket/my media"
NAME = f"bucket/my media/{KEY}"
LONG_AGO = 1_700_000_000

Machine = Callable[[str], Store]  # by its name: a cache of its own, and the same bucket


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "AZURE_", "GOOGLE_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(buckets, "RETRIES", 2)
    monkeypatch.setattr(buckets, "FIRST_PAUSE", 0.01)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    with s3_server(tmp_path / "server") as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        yield running


@pytest.fixture
def on_s3(tmp_path: Path, server: S3Server) -> Machine:
    return lambda name: open_store(load_settings(home=tmp_path / name, store=BASE))


@pytest.fixture(params=["s3", "folder", "memory"])
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    if request.param == "s3":
        made: Machine = request.getfixturevalue("on_s3")
        return made
    (tmp_path / "bucket").mkdir()
    client = MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "bucket")
    bucket = Bucket("test://bucket", client, client)
    return lambda name: ObjectStore(
        "test://bucket", StoreCache(tmp_path / name / "cache" / "store", 1 << 30), lambda _: bucket
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(CONTENT)
    return path


def local(tmp_path: Path, name: str) -> list[Path]:
    """What a machine has on its disk."""
    return [path for path in (tmp_path / name).rglob("*") if path.is_file()]


def downloaded(store: Store, content: bytes = CONTENT) -> Path:
    draft = store.draft("row")
    draft.write_bytes(content)
    return draft


# With every kind of bucket.


def test_what_one_machine_takes_in_another_one_finds(machine: Machine, source: Path, tmp_path: Path) -> None:
    stored = machine("one").take(source)
    assert (stored.sha256, stored.size_bytes) == (SHA256, len(CONTENT))
    assert stored.location.endswith(f"/{KEY}")
    for name in ("one", "other"):
        path = machine(name).locate(stored.location, SHA256)
        assert path.read_bytes() == CONTENT
        assert local(tmp_path, name) == [path]


def test_a_draft_is_kept_and_gone(machine: Machine, tmp_path: Path) -> None:
    one = machine("one")
    draft = downloaded(one)
    stored = one.keep(draft, SHA256, len(CONTENT))
    assert not draft.exists()
    assert machine("other").locate(stored.location, SHA256).read_bytes() == CONTENT
    with pytest.raises(MediaChanged):
        one.keep(downloaded(one), SHA256, len(CONTENT) - 1)
    assert machine("one").keep(downloaded(one), SHA256, len(CONTENT)).location == stored.location


def test_what_is_forgotten_is_nowhere(machine: Machine, source: Path, tmp_path: Path) -> None:
    one = machine("one")
    stored = one.take(source)
    one.forget(str(source))
    assert [one.holds(stored.location), one.holds(str(source)), one.holds("/nowhere")] == [True, True, False]
    one.forget(stored.location)
    one.forget(stored.location)
    assert not one.holds(stored.location)
    assert local(tmp_path, "one") == []
    assert source.exists()
    for name in ("one", "other"):
        with pytest.raises(MediaAway, match="any more"):
            machine(name).locate(stored.location, SHA256)
        assert local(tmp_path, name) == []


def test_drafts_are_swept_and_discarded_on_this_machine(machine: Machine, tmp_path: Path) -> None:
    one = machine("one")
    os.utime(downloaded(one), (LONG_AGO, LONG_AGO))
    assert one.sweep(3600) == 1
    one.discard(downloaded(one))
    assert local(tmp_path, "one") == []


def test_a_path_is_found_on_this_machine(machine: Machine, source: Path) -> None:
    assert machine("one").locate(str(source), SHA256) == source
    with pytest.raises(MediaAway):
        machine("one").locate("/nowhere/at/all", SHA256)


# Over HTTP.


def test_bytes_go_up_once(on_s3: Machine, server: S3Server, source: Path) -> None:
    stored = on_s3("one").take(source)
    assert stored.location == f"{BASE}/{KEY}"
    assert list(server.objects) == [NAME]
    assert len(server.of("PUT")) == 1
    assert on_s3("other").take(source).location == stored.location
    assert len(server.of("PUT")) == 1
    on_s3("one").locate(stored.location, SHA256)
    assert server.of("GET") == []  # whoever put it there has it


def test_an_object_that_is_too_short_is_replaced(on_s3: Machine, server: S3Server, source: Path) -> None:
    server.put(NAME, CONTENT[:100])
    on_s3("one").take(source)
    assert server.objects[NAME].read_bytes() == CONTENT


def test_a_large_file_goes_up_in_parts(on_s3: Machine, server: S3Server, tmp_path: Path) -> None:
    content = os.urandom(1 << 20) * 20
    (tmp_path / "large").write_bytes(content)
    stored = on_s3("one").take(tmp_path / "large")
    assert len(server.of("PUT")) == 3
    assert server.largest_body == 8 << 20
    assert on_s3("other").locate(stored.location, stored.sha256).read_bytes() == content


def test_an_upload_that_fails_leaves_no_parts(on_s3: Machine, server: S3Server, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(20 << 20)
    server.faults.append(Fault("PUT", 500, "InternalError", times=99))
    with pytest.raises(StoreError, match="answers InternalError") as caught:
        on_s3("one").take(tmp_path / "large")
    assert caught.value.retryable
    assert (server.uploads, server.objects) == ({}, {})
    assert local(tmp_path, "one") == []


def test_a_draft_outlives_a_store_that_is_away(
    on_s3: Machine, server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = downloaded(on_s3("one"))
    with monkeypatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        with pytest.raises(StoreError, match="doesn't answer") as caught:
            on_s3("one").keep(draft, SHA256, len(CONTENT))
    assert caught.value.retryable
    assert on_s3("one").keep(draft, SHA256, len(CONTENT)).location == f"{BASE}/{KEY}"


def test_a_busy_server_is_asked_again(on_s3: Machine, server: S3Server, source: Path) -> None:
    server.faults += [Fault("PUT", times=2), Fault("HEAD", times=1), Fault("GET", times=2)]
    stored = on_s3("one").take(source)
    assert on_s3("other").locate(stored.location, SHA256).read_bytes() == CONTENT


def test_a_download_goes_on_where_it_broke_off(on_s3: Machine, server: S3Server, tmp_path: Path) -> None:
    server.put(NAME, CONTENT)
    fault = Fault("GET", cut_after=700_000, times=99)
    server.faults.append(fault)
    small = CONTENT * 4  # so that it isn't there after a few attempts
    digest = hashlib.sha256(small).hexdigest()
    key = f"{digest[:2]}/{digest[2:4]}/{digest}"
    server.put(f"bucket/my media/{key}", small)
    with pytest.raises(StoreError, match="doesn't answer"):
        on_s3("one").locate(f"{BASE}/{key}", digest)
    (part,) = local(tmp_path, "one")
    assert 0 < part.stat().st_size < len(small)
    came = part.stat().st_size
    fault.times = 0
    server.ranges.clear()
    assert on_s3("one").locate(f"{BASE}/{key}", digest).read_bytes() == small
    assert server.ranges == [f"bytes={came}-"]
    assert len(local(tmp_path, "one")) == 1


@pytest.mark.parametrize("part", [b"something else", CONTENT + b"and more", CONTENT[:-1] + b"x"])
def test_a_part_that_is_something_else_is_fetched_afresh(
    on_s3: Machine, server: S3Server, tmp_path: Path, part: bytes
) -> None:
    server.put(NAME, CONTENT)
    one = on_s3("one")
    one.draft(f"{BASE}/{KEY}").write_bytes(part)
    assert one.locate(f"{BASE}/{KEY}", SHA256).read_bytes() == CONTENT


def test_a_part_that_is_the_whole_is_not_fetched(on_s3: Machine, server: S3Server) -> None:
    server.put(NAME, CONTENT)
    one = on_s3("one")
    one.draft(f"{BASE}/{KEY}").write_bytes(CONTENT)
    assert one.locate(f"{BASE}/{KEY}", SHA256).read_bytes() == CONTENT
    assert server.of("GET") == []


@pytest.mark.parametrize("wrong", [CONTENT[:-1] + b"x", CONTENT[:-1], b""])
def test_a_wrong_object_is_refused(on_s3: Machine, server: S3Server, tmp_path: Path, wrong: bytes) -> None:
    server.put(NAME, wrong)
    with pytest.raises(MediaChanged, match="not the file that was stored"):
        on_s3("one").locate(f"{BASE}/{KEY}", SHA256)
    assert local(tmp_path, "one") == []


def test_one_of_several_fetches_it(on_s3: Machine, server: S3Server) -> None:
    server.put(NAME, CONTENT)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: on_s3("one").locate(f"{BASE}/{KEY}", SHA256), range(4)))
    assert found[0].read_bytes() == CONTENT
    assert len(set(found)) == len(server.of("GET")) == 1


def test_a_disk_that_is_full_while_a_file_comes(
    on_s3: Machine, server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(NAME, CONTENT)
    one = on_s3("one")
    write = os.write

    def full(descriptor: int, block: bytes) -> int:
        if len(block) < 1 << 19:
            return write(descriptor, block)
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(StoreFull, match="No space is left"):
            one.locate(f"{BASE}/{KEY}", SHA256)
    assert local(tmp_path, "one") == []
    assert one.locate(f"{BASE}/{KEY}", SHA256).read_bytes() == CONTENT


def test_that_this_machine_has_no_room_is_no_reason_not_to_keep_it(
    on_s3: Machine, server: S3Server, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "link", full)
    on_s3("one").take(source)
    assert list(server.objects) == [NAME]
    assert local(tmp_path, "one") == []


def test_a_machine_without_the_setting_finds_it_all_the_same(on_s3: Machine, server: S3Server, tmp_path: Path) -> None:
    server.put(NAME, CONTENT)
    for name, store in (("folder", None), ("bucket", "s3://bucket/another/folder")):
        opened = open_store(load_settings(home=tmp_path / name, store=store))
        assert opened.holds(f"{BASE}/{KEY}")
        assert server.of("GET") == []
        assert opened.locate(f"{BASE}/{KEY}", SHA256).read_bytes() == CONTENT
        opened.forget(f"{BASE}/{KEY}")
        assert server.objects == {}
        assert not opened.holds(f"{BASE}/{KEY}")
        server.requests.clear()
        server.put(NAME, CONTENT)


def test_whoever_may_not_list_the_bucket_may_write(on_s3: Machine, server: S3Server, source: Path) -> None:
    server.faults.append(Fault("HEAD", 403, "AccessDenied", times=1))
    on_s3("one").take(source)
    assert list(server.objects) == [NAME]


SCRIPT = """
import os, resource, sys
from pathlib import Path
from trax.media import bucket
from trax.media.store import open_store
from trax.settings import load_settings

bucket._PART = 1 << 20

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def take(name, size_bytes):
    with open(name, "wb") as file:
        file.truncate(size_bytes)
    store.take(Path(name))

os.chdir(sys.argv[1])
store = open_store(load_settings(home=Path("home"), store="s3://bucket"))
take("small", 5 << 20)
before = peak()
take("large", 45 << 20)
print(peak() - before)
"""


def test_memory_does_not_grow_with_the_file(server: S3Server, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    grown = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # KiB
    assert grown < 15 << 10
    assert max(path.stat().st_size for path in server.objects.values()) == 45 << 20


# What is said when it doesn't work.


def problem(attempt: Callable[[], object]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        attempt()
    shown = "".join(traceback.format_exception(caught.value)) + str(caught.value)
    for secret in (SECRET, KEY_ID, "AKIAWRONG", "not-the-secret", "AWS4-HMAC", "StringToSign"):
        assert secret not in shown
    assert caught.value.retryable
    return caught.value


@pytest.mark.parametrize(
    ("variables", "words", "hint"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "not-the-secret"}, "doesn't let us in (SignatureDoesNotMatch)", "credentials"),
        ({"AWS_ACCESS_KEY_ID": "AKIAWRONG"}, "doesn't let us in (InvalidAccessKeyId)", "credentials"),
        ({"AWS_ALLOW_HTTP": "no"}, "without encryption", "AWS_ALLOW_HTTP"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "doesn't answer", "network"),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_METADATA_ENDPOINT": "http://127.0.0.1:9"},
            "no credentials",
            "AWS_ACCESS_KEY_ID",
        ),
    ],
)
def test_settings_that_dont_fit(
    on_s3: Machine,
    server: S3Server,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    words: str,
    hint: str,
) -> None:
    server.put(NAME, CONTENT)
    for name, value in variables.items():
        monkeypatch.delenv(name, raising=False)
        if value:
            monkeypatch.setenv(name, value)
    for attempt in (
        lambda: on_s3("one").take(source),
        lambda: on_s3("two").locate(f"{BASE}/{KEY}", SHA256),
        lambda: on_s3("three").forget(f"{BASE}/{KEY}"),
    ):
        error = problem(attempt)
        assert words in error.message
        assert hint in error.next_step


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault("PUT", 507, "XMinioStorageFull", times=9), StoreFull, "No space is left in s3://bucket"),
        (Fault("PUT", 403, "QuotaExceeded", times=9), StoreFull, "No space is left in s3://bucket"),
        (Fault("PUT", 403, "AccessDenied", times=9), StoreError, "AccessDenied"),
        (Fault("PUT", 301, "PermanentRedirect", times=9), StoreError, "another region"),
        (Fault("PUT", 503, "SlowDown", times=9), StoreError, "answers SlowDown"),
        (Fault("PUT", 400, "Not A Code <b>", times=9), StoreError, "answers 400"),
    ],
)
def test_servers_that_refuse(
    on_s3: Machine, server: S3Server, source: Path, tmp_path: Path, fault: Fault, kind: type[StoreError], words: str
) -> None:
    server.faults.append(fault)
    error = problem(lambda: on_s3("one").take(source))
    assert type(error) is kind
    assert words in error.message
    assert error.next_step
    assert local(tmp_path, "one") == []


def test_a_bucket_that_is_not_there(on_s3: Machine, server: S3Server, source: Path) -> None:
    server.buckets.clear()
    for attempt in (
        lambda: on_s3("one").take(source),
        lambda: on_s3("one").locate(f"{BASE}/{KEY}", SHA256),
    ):
        assert "no such bucket" in problem(attempt).message


def test_stores_of_other_makers_say_what_they_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="no credentials for az://") as caught:
        open_store(load_settings(home=tmp_path, store="az://container"))
    assert "AZURE_STORAGE_ACCOUNT_NAME" in caught.value.next_step
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    for store in ("az://container/folder", "gs://bucket/folder"):
        opened = open_store(load_settings(home=tmp_path, store=store))
        assert isinstance(opened, ObjectStore)
        assert opened.base == store


@pytest.mark.parametrize(
    "store", ["s3://", "s3:///folder", "s3://key:secret@bucket", "gs://bucket?sig=secret", "s3://a\tb"]
)
def test_addresses_that_are_none(tmp_path: Path, store: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(load_settings(home=tmp_path, store=store))
    assert "secret" not in str(caught.value)
    assert "\t" not in str(caught.value)


@pytest.mark.parametrize("address", ["nonsense", "host:9000", "ftp://host", "http://"])
def test_a_server_that_is_no_web_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL is no web address"):
        open_store(load_settings(home=tmp_path, store=BASE))


def test_obstore_is_asked_for_only_where_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("obstore", "obstore.store"):
        monkeypatch.setitem(sys.modules, name, None)
    open_store(load_settings(home=tmp_path)).draft("row")
    with pytest.raises(ToolMissing) as caught:
        open_store(load_settings(home=tmp_path, store="s3://bucket"))
    assert "pip install 'trax-transcripts[object-store]'" in caught.value.next_step


# The cache.


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
