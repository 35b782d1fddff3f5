"""Files that have come into folders and have stopped growing.

There is no event for "this file is finished". A file counts as finished when its size and its time of change have
stayed the same for a while. Events only say where to look; what they miss is found when everything is looked at again.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trax.errors import MediaNotFound, TraxError, UnreadableMedia
from trax.ingest.folder_events import Silence, Told, Wakeups
from trax.ingest.local import looks_like_media, may_be_media
from trax.media.files import display_name, open_media
from trax.timeline import Seconds

POLLING: Final = 5.0  # seconds between two looks at everything, where nothing tells of changes
LOOK_AGAIN: Final = 2.0  # seconds between two looks for a folder that is gone
LONG_LOOKS: Final = 10  # times as long as a look at everything takes, the next one waits at least
FORGOTTEN: Final = 100_000  # files that were removed and are still remembered


@dataclass(frozen=True, slots=True)
class SettledFile:
    """A file that has stopped growing."""

    path: Path
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that has stopped growing, and that can't be used as it is."""

    path: Path
    error: TraxError


@dataclass(frozen=True, slots=True)
class FolderNews:
    """What the user should know about a watched folder."""

    folder: Path
    event: str  # gone, back or untold
    text: str


Found = SettledFile | RefusedFile | FolderNews


@dataclass(frozen=True, slots=True)
class _Content:
    """What tells cheaply that a file may be another one."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    content: _Content
    since: Seconds


_Identity = tuple[int, int]  # device and inode


class Watcher:
    """Finds each finished media file below the folders once, and again when it has another content.

    What it ignores is what `ingest.local` ignores in a folder. Folders may vanish and come back.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        settle: Seconds = 10.0,
        rescan: Seconds = 300.0,
        wakeups: Wakeups | None = None,
        clock: Callable[[], Seconds] = time.monotonic,
    ) -> None:
        self._settle = settle
        self._rescan = rescan
        self._wakeups = wakeups or Silence()
        self._clock = clock
        absolute = (Path(os.path.abspath(folder)) for folder in folders)  # noqa: PTH100 - resolve() follows links
        self._folders: dict[Path, _Identity | None] = dict.fromkeys(absolute)
        self._stopping = threading.Event()
        self._is_new = True
        self._scan_at = clock()
        self._folders_at: dict[Path, Seconds] = {}  # new folders: files may have come before anybody listened
        self._deaf: dict[Path, bool] = {}  # folders of which nothing could be told, and whether that is still so
        self._waiting: dict[Path, _Waiting] = {}
        self._done: dict[Path, _Content] = {}
        self._refused: dict[Path, _Content] = {}

    def batches(self, *, once: bool = False) -> Iterator[list[Found]]:
        """What is found, in lists that are never empty, until `stop`; `once`: only what is there now."""
        told = Told()
        try:
            while not self._stopping.is_set():
                if found := self.look(told):
                    yield found
                if once and not self._waiting:
                    return
                told = self._wakeups.wait(self.pause())
        finally:
            self._wakeups.close()

    def stop(self) -> None:
        """Nothing more is found; for other threads."""
        self._stopping.set()
        self._wakeups.wake()

    def look(self, told: Told = Told()) -> list[Found]:
        """What is found now."""
        now = self._clock()
        found: list[Found] = [*self._look_at_folders(told, now), *self._mind_deafness(told, now)]
        for path in told.changed:
            self._look_at(path, now)
        for folder in [folder for folder, at in self._folders_at.items() if at <= now]:
            del self._folders_at[folder]
            self._note_all(folder, now)
        if now >= self._scan_at:
            self._scan(now)
        found += self._settled(now)
        return found

    def pause(self) -> Seconds:
        """How long there is nothing to be found, if nothing changes."""
        now = self._clock()
        next_look = min([self._scan_at, *self._folders_at.values()])
        if self._waiting:
            next_look = min(next_look, min(waiting.since for waiting in self._waiting.values()) + self._settle)
        if None in self._folders.values():
            next_look = min(next_look, now + LOOK_AGAIN)
        return max(0.0, next_look - now)

    def give_back(self, file: SettledFile, *, soon: bool) -> None:
        """It couldn't be taken: it is found once more, when it has settled anew (`soon`) or when all is looked at."""
        self._done.pop(file.path, None)
        if soon and (content := _content_of(file.path)) is not None:
            self._note(file.path, content, self._clock())

    def _look_at_folders(self, told: Told, now: Seconds) -> Iterator[FolderNews]:
        for folder, before in self._folders.items():
            identity = self._folders[folder] = _identity(folder)
            if identity is None and (before is not None or self._is_new):
                yield FolderNews(folder, "gone", "The folder is gone, or can't be read; it is waited for.")
            if identity is None or (identity == before and folder not in told.ended):
                continue
            self._wakeups.follow(folder)  # perhaps another one: mounted, unmounted, made anew
            self._scan_at = now
            if before is None and not self._is_new:
                yield FolderNews(folder, "back", "The folder is back.")
        self._is_new = False

    def _mind_deafness(self, told: Told, now: Seconds) -> Iterator[FolderNews]:
        """Where nothing tells of changes for now, look at everything soon, and listen again then."""
        for folder, reason in told.failed.items():
            self._scan_at = min(self._scan_at, now + POLLING)
            if folder not in self._deaf:
                text = f"The system doesn't tell of changes ({reason}): the folder is looked at every {POLLING:.0f} s."
                yield FolderNews(folder, "untold", text)
            self._deaf[folder] = True

    def _look_at(self, path: Path, now: Seconds) -> None:
        """A file or folder that may have changed."""
        if not self._is_inside(path):
            return
        if _is_folder(path):
            self._note_all(path, now)
            self._folders_at.setdefault(path, now + self._settle)
        elif may_be_media(path) and (content := _content_of(path)) is not None:
            self._note(path, content, now)

    def _is_inside(self, path: Path) -> bool:
        """Whether a look at everything would come there, too."""
        for folder in self._folders:
            if path.is_relative_to(folder):
                below = path.relative_to(folder)
                hidden = any(part.startswith(".") for part in below.parts)
                linked = any((folder / parent).is_symlink() for parent in list(below.parents)[:-1])
                if not hidden and not linked:
                    return True
        return False

    def _scan(self, now: Seconds) -> None:
        present = sum(self._note_all(folder, now) for folder in self._folders)
        if len(self._done) > 2 * present + FORGOTTEN:
            self._done = {path: content for path, content in self._done.items() if path.exists()}
            self._refused = {path: content for path, content in self._refused.items() if path.exists()}
        for folder in [folder for folder, is_deaf in self._deaf.items() if is_deaf]:
            self._deaf[folder] = False
            self._wakeups.follow(folder)
        ended = self._clock()
        self._scan_at = ended + max(self._rescan, LONG_LOOKS * (ended - now))

    def _note_all(self, folder: Path, now: Seconds) -> int:
        count = 0
        for path, content in _files_below(folder):
            self._note(path, content, now)
            count += 1
        return count

    def _note(self, path: Path, content: _Content, now: Seconds) -> None:
        if self._done.get(path) == content:
            self._waiting.pop(path, None)
            return
        known = self._waiting.get(path)
        if known is None or known.content != content:
            self._waiting[path] = _Waiting(content, now)

    def _settled(self, now: Seconds) -> Iterator[SettledFile | RefusedFile]:
        for path, waiting in list(self._waiting.items()):
            if now - waiting.since < self._settle:
                continue
            content = _content_of(path)
            if content == waiting.content:
                del self._waiting[path]
                if (found := self._judged(path, content)) is not None:
                    yield found
            elif content is None:
                del self._waiting[path]
            else:
                self._waiting[path] = _Waiting(content, now)

    def _judged(self, path: Path, content: _Content) -> SettledFile | RefusedFile | None:
        """What a file that has stopped growing is; None for what is no media, or was refused before."""
        try:
            with open_media(path):
                is_media = looks_like_media(path)
            if is_media and content.size_bytes == 0:
                hint = "It is taken as soon as it has some bytes."
                raise UnreadableMedia(f"{display_name(path)} is empty.", hint)
        except MediaNotFound:
            return None
        except UnreadableMedia as error:  # it may become readable without being changed
            if self._refused.get(path) == content or not looks_like_media(path):
                return None
            self._refused[path] = content
            return RefusedFile(path, error)
        self._done[path] = content
        return SettledFile(path, content.size_bytes, content.mtime_ns) if is_media else None


def _identity(folder: Path) -> _Identity | None:
    """Which folder is at that path; None where none is, or where it is closed to us."""
    try:
        with os.scandir(folder):
            found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _content_of(path: Path) -> _Content | None:
    """The content of a regular file; None for everything else."""
    try:
        found = path.stat()
    except OSError:
        return None
    return _Content(found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def _files_below(folder: Path) -> Iterator[tuple[Path, _Content]]:
    """Files that may be media by their names; folders behind links aren't entered, and closed ones hold none for us."""
    folders = [folder]
    while folders:
        for path, is_folder in _entries(folders.pop()):
            if is_folder:
                folders.append(path)
            elif may_be_media(path) and (content := _content_of(path)) is not None:
                yield path, content


def _entries(folder: Path) -> list[tuple[Path, bool]]:
    """What is in a folder and not hidden, in order of name, and whether it is a folder."""
    try:
        with os.scandir(folder) as entries:
            found = [(Path(entry.path), entry.is_dir(follow_symlinks=False)) for entry in entries]
    except OSError:
        return []
    return sorted(entry for entry in found if not entry[0].name.startswith("."))
