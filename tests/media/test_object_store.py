"""The store in a bucket: against obstore's own stores, and over HTTP against a server that speaks S3."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore

from tests.media.s3_server import Fault, S3Server
from tests.media.stores import BASE, CONTENT, KEY, LONG_AGO, NAME, SHA256, Machine, downloaded, local
from trax.errors import MediaAway, MediaChanged, StoreError, StoreFull
from trax.media.bucket import Bucket
from trax.media.object_store import ObjectStore
from trax.media.store import open_store
from trax.media.store_cache import StoreCache
from trax.settings import load_settings

pytestmark = pytest.mark.usefixtures("no_credentials")


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
