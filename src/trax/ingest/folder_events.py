"""What the operating system tells of changes below folders: reasons to look, never facts to rely on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from trax.errors import first_line
from trax.timeline import Seconds

_QUIET_MS: Final = 500  # without a change, until a new listener says that it listens


@dataclass(frozen=True, slots=True)
class Told:
    """What has been told since it was asked last."""

    changed: frozenset[Path] = frozenset()  # files, and folders with everything below
    ended: frozenset[Path] = frozenset()  # followed folders that are not there: nothing more is told of them
    failed: Mapping[Path, str] = field(default_factory=dict)  # followed folders: why nothing more is told of them


class Wakeups(Protocol):
    """Ends a wait early when there is a reason to look."""

    def follow(self, folder: Path) -> None:
        """Listen for changes below the folder, from now on."""
        ...

    def wait(self, seconds: Seconds) -> Told:
        """What was told; nothing, once so many seconds have passed."""
        ...

    def wake(self) -> None:
        """End the wait that is, or the next one; for other threads."""
        ...

    def close(self) -> None:
        """Listen no longer."""
        ...


class Silence:
    """Nothing is ever told: a wait is as long as it was meant to be."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def follow(self, folder: Path) -> None:
        pass

    def wait(self, seconds: Seconds) -> Told:
        self._woken.wait(seconds)
        self._woken.clear()
        return Told()

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        pass


class FolderEvents:
    """Changes as the kernel tells them, of local disks; of network shares it knows only what this machine does."""

    def __init__(self) -> None:
        self._told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._listeners: dict[Path, threading.Event] = {}

    def follow(self, folder: Path) -> None:
        if (before := self._listeners.get(folder)) is not None:
            before.set()
        stop = self._listeners[folder] = threading.Event()
        threading.Thread(target=self._listen, args=(folder, stop), name="trax-watch", daemon=True).start()

    def wait(self, seconds: Seconds) -> Told:
        changed: set[Path] = set()
        ended: set[Path] = set()
        failed: dict[Path, str] = {}
        try:
            told = self._told.get(timeout=seconds)
            while True:
                changed |= told.changed
                ended |= told.ended
                failed |= told.failed
                told = self._told.get_nowait()
        except queue.Empty:
            return Told(frozenset(changed), frozenset(ended), failed)

    def wake(self) -> None:
        self._told.put(Told())

    def close(self) -> None:
        for stop in self._listeners.values():
            stop.set()

    def _listen(self, folder: Path, stop: threading.Event) -> None:
        try:
            self._pass_on(folder, stop)
        except FileNotFoundError:
            self._told.put(Told(ended=frozenset({folder})))
        except Exception as error:  # too many folders, or a name that is not UTF-8
            if not stop.is_set():
                self._told.put(Told(failed={folder: first_line(error)}))

    def _pass_on(self, folder: Path, stop: threading.Event) -> None:
        from watchfiles import Change, watch

        folder.stat()  # of what is missing it would say nothing for ever
        changes_of = watch(
            folder,
            watch_filter=None,
            stop_event=stop,
            rust_timeout=_QUIET_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=False,
            ignore_permission_denied=True,
        )
        is_new = True
        for changes in changes_of:
            if stop.is_set():
                return
            changed = {Path(name) for _, name in changes}
            if is_new:  # what happened until now was not told
                changed.add(folder)
                is_new = False
            ended = frozenset({folder}) if (Change.deleted, str(folder)) in changes else frozenset()
            if changed:
                self._told.put(Told(frozenset(changed), ended))
