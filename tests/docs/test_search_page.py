"""docs/search.md: its commands on the podcasts say what the page says they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run, run
from tests.docs.search_page import examples

__all__ = ["run"]

_ID = re.compile(r"(?<= · )[0-9a-f]{8}$", re.M)


def comparable(printed: str) -> list[str]:
    """The lines in any order, for what is equally good may stand in any; IDs are new with every import."""
    return sorted(line for line in _ID.sub("(id)", printed).splitlines() if line)


@pytest.mark.shared_data
def test_the_page_shows_what_is_found(run: Run, database_url: str, shared_data: Path) -> None:
    files = sorted((shared_data / "transcripts" / "podcast").glob("*.md"))
    imported = run("import", "--without-media", "--language", "en", *map(str, files))
    assert (imported.code, len(imported.out.splitlines())) == (0, 60)
    assert run("db", "reindex").code == 0
    shown = list(examples())
    assert len(shown) >= 10
    for arguments, printed in shown:
        found = run(*arguments)
        assert comparable(found.out + found.err) == comparable(printed), arguments
