"""Which user of the system runs the server, and how that user reaches its files.

PostgreSQL refuses to run as root. A plain user runs it as itself and nothing here changes anything. Started by
root, it runs as the owner of the folder, where that is a plain user, else as a user of its own, and exactly
that user gets the right to pass through the folders on the way, by access lists.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from trax.database.embedded import acl
from trax.errors import DatabaseUnavailable

Announce = Callable[[str], None]

ACCOUNT = "embedded_postgres"
_FALLBACK_ACCOUNT = "nobody"


@dataclass(frozen=True, slots=True)
class ServerUser:
    """A user of the operating system that is not root."""

    name: str
    uid: int
    gid: int

    @property
    def groups(self) -> frozenset[int]:
        # Programs are started as this user with the primary group alone.
        return frozenset({self.gid})


def server_user(folder: Path, announce: Announce) -> ServerUser | None:
    """Who shall run the server whose files lie in `folder`; None: whoever runs this process."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat()
    if owner.st_uid != 0:
        return ServerUser(_name(owner.st_uid), owner.st_uid, owner.st_gid)
    account = _find(ACCOUNT) or _create_account(announce) or _find(_FALLBACK_ACCOUNT)
    if account is None:
        raise DatabaseUnavailable(
            "PostgreSQL does not run as root, and there is no other user to run it as.",
            f"Create one (useradd --system {ACCOUNT}), or run Trax as a plain user.",
        )
    return account


def open_way(user: ServerUser, path: Path, announce: Announce) -> None:
    """Let `user` pass through every folder above `path`, and nobody else."""
    for folder in _folders_above(path):
        if not acl.permissions_of(folder, user.uid, user.groups) & acl.EXECUTE:
            _grant(user, folder, acl.EXECUTE, announce)


def open_programs(user: ServerUser, program: Path, folders: Iterable[Path], announce: Announce) -> None:
    """Make `program`, which reads `folders`, run as `user`.

    Raises: DatabaseUnavailable: it still does not run.
    """
    open_way(user, program, announce)
    if _runs(user, program):
        return
    for folder in folders:  # installed under a strict umask: readable for root alone
        _open_tree(user, folder, announce)
    if not _runs(user, program):
        raise DatabaseUnavailable(
            f"The user {user.name}, who has to run PostgreSQL in place of root, can't execute {program}.",
            "Install Trax where other users may read it, or run Trax as a plain user.",
        )


def give(user: ServerUser | None, folder: Path) -> None:
    """Make `user` the owner of everything in `folder`."""
    if user is None or folder.stat().st_uid == user.uid:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), user.uid, user.gid, follow_symlinks=False)
    # The folder itself last: as long as it has its old owner, the work is not done.
    os.chown(folder, user.uid, user.gid)


def _find(name: str) -> ServerUser | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return ServerUser(name, entry.pw_uid, entry.pw_gid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _create_account(announce: Announce) -> ServerUser | None:
    program = shutil.which("useradd")
    if program is None:
        return None
    announce(f"Creating the system user {ACCOUNT}: PostgreSQL does not run as root.")
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    subprocess.run([program, *options, "--shell", "/usr/sbin/nologin", ACCOUNT], check=False)
    return _find(ACCOUNT)


def _folders_above(path: Path) -> list[Path]:
    """Parents of `path` as it is written and as it really lies, from the top down."""
    return sorted({*path.absolute().parents, *path.resolve().parents}, key=lambda folder: len(folder.parts))


def _open_tree(user: ServerUser, top: Path, announce: Announce) -> None:
    _grant(user, top, acl.READ | acl.EXECUTE, announce)
    for parent, folders, files in os.walk(top):
        for name in (*folders, *files):
            path = Path(parent, name)
            runnable = path.is_dir() or path.stat().st_mode & 0o100
            _grant(user, path, acl.READ | acl.EXECUTE if runnable else acl.READ, lambda _: None)


def _grant(user: ServerUser, path: Path, permissions: int, announce: Announce) -> None:
    try:
        acl.grant(path, user.uid, permissions)
    except OSError:
        _open_to_others(path, permissions, announce)


def _open_to_others(path: Path, permissions: int, announce: Announce) -> None:
    announce(f"No access lists here: opening {path} to all users, so that the database server gets through.")
    try:
        path.chmod(path.stat().st_mode & 0o7777 | permissions)
    except OSError as error:
        raise DatabaseUnavailable(
            f"The database server, which can't run as root, has no way to its files through {path}.",
            "Set TRAX_HOME to a folder that other users may pass through, or run Trax as a plain user.",
        ) from error


def _runs(user: ServerUser, program: Path) -> bool:
    try:
        finished = subprocess.run(
            [program, "--version"],
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return finished.returncode == 0
