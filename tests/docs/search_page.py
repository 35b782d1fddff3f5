"""The examples of docs/search.md; `python -m tests.docs.search_page` writes what the archive of TRAX_HOME answers."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "search.md"
_BLOCK = re.compile(r"(?<=^```console\n)\$ (trax [^\n]*)\n(.*?)(?=^```)", re.M | re.S)


def examples() -> Iterator[tuple[list[str], str]]:
    """The arguments of each command of the page, and what it prints there."""
    for command, printed in _BLOCK.findall(PAGE.read_text("utf-8")):
        yield shlex.split(command)[1:], printed


def _answered(found: re.Match[str]) -> str:
    command = [sys.executable, "-m", "trax", *shlex.split(found[1])[1:]]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return f"$ {found[1]}\n{ran.stdout}"


if __name__ == "__main__":
    PAGE.write_text(_BLOCK.sub(_answered, PAGE.read_text("utf-8")), "utf-8")
