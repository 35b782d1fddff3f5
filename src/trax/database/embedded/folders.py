"""Where the embedded server keeps its things: one private folder below the data folder of Trax."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

# O_NOFOLLOW: root may work in a folder of another user, who could plant links there.
_OPEN_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True)
class Folders:
    """Paths of one embedded server, derived from the home."""

    home: Path

    @property
    def root(self) -> Path:
        return self.home / "postgres"

    @property
    def keeper_lock(self) -> Path:
        """Held by the keeper for as long as it lives."""
        return self.root / "keeper.lock"

    @property
    def server_lock(self) -> Path:
        """Held by every process of the server, through an inherited descriptor."""
        return self.root / "server.lock"

    @property
    def start_lock(self) -> Path:
        """Held by who starts or stops a keeper, so that only one does."""
        return self.root / "start.lock"

    @property
    def attach_lock(self) -> Path:
        """Shared by clients that connect, exclusive for the keeper that decides to stop."""
        return self.root / "attach.lock"

    @property
    def last_used(self) -> Path:
        """Rewritten at every use; holds the idle seconds that this user wants."""
        return self.root / "last-used"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def password(self) -> Path:
        return self.root / "password"

    @property
    def port(self) -> Path:
        return self.root / "port"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    def data(self, major: int) -> Path:
        return self.root / str(major) / "data"


def make_private_folder(folder: Path) -> None:
    """Make `folder` (0700) where it is missing; it belongs to the owner of its parent."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        parent = folder.parent.stat()
        os.chown(folder, parent.st_uid, parent.st_gid)


def open_private(path: Path, extra_flags: int = 0) -> int:
    """A descriptor of `path`, made 0600 where it is missing; it belongs to the owner of its folder."""
    descriptor = os.open(path, _OPEN_FLAGS | extra_flags, 0o600)
    if os.geteuid() == 0:
        folder = path.parent.stat()
        if os.fstat(descriptor).st_uid != folder.st_uid:
            os.fchown(descriptor, folder.st_uid, folder.st_gid)
    return descriptor


def write_private(path: Path, text: str) -> None:
    """Replace the content of `path` in one step: a reader sees the old text or the new one."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with os.fdopen(open_private(part, os.O_TRUNC), "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)
