"""What happens to processes that keep media happens to real ones here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.media.stores import CONTENT, SHA256, downloaded, drafts, kept
from trax.media.store import FolderStore

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
