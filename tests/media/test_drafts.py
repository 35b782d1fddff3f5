"""Drafts: whose they are, and when they go."""

from __future__ import annotations

import fcntl
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.stores import CONTENT, SHA256, aged, downloaded, drafts
from trax.media import store as module
from trax.media.drafts import Drafts, held
from trax.media.store import FolderStore


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_key_always_has_the_same_draft_and_no_other_key_has_it(first: str, second: str) -> None:
    names = Drafts(Path("/nowhere"))
    assert names.named(first) == names.named(first)
    assert (names.named(first) == names.named(second)) == (first == second)
    assert names.named(first).parent == Path("/nowhere")


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
