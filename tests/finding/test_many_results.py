"""A filter that leaves many transcripts is answered by another form of each statement, and by the same hits."""

from __future__ import annotations

import pytest

from tests.finding.test_finding import FILTERED, archive  # noqa: F401 - the fixture
from trax.database import Database, search_filters
from trax.database.search_filters import Chosen, scope
from trax.database.search_session import reading
from trax.finding import Finder, Mode

QUERIES: list[tuple[str, Mode]] = [
    ("bees", "words"),
    ('bees OR "many bees" -sing', "words"),
    ('"many bees"', "words"),
    ('"bees"', "words"),
    ("ees", "substring"),
    ("yes many", "words"),
]


def test_many_transcripts_give_the_same_hits(
    archive: Database,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finder = Finder(archive)
    named = [finder.find(query, mode=mode, filters=filters) for filters, _ in FILTERED for query, mode in QUERIES]
    monkeypatch.setattr(search_filters, "FEW_RESULTS", 0)
    with reading(archive) as session:
        found = [scope(session, filters).results for filters, _ in FILTERED]
    assert sum(isinstance(results, Chosen) for results in found) >= 6  # of which some is there
    chosen = [finder.find(query, mode=mode, filters=filters) for filters, _ in FILTERED for query, mode in QUERIES]
    assert [answer.hits for answer in chosen] == [answer.hits for answer in named]
    assert sum(bool(answer.hits) for answer in chosen) >= len(FILTERED)
