"""`trax search` as a person and a program meet it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.cli.conftest import Ran, Run
from tests.search.hostile import HOSTILE_QUERIES
from trax.archive import Archive
from trax.cli import search
from trax.errors import TraxError
from trax.jobs.imports import import_files_alone

TALK = """**Ann Lee:** Welcome to the show. We speak of machine learning today.

**Bob:** Thank you. Machines that learn are my trade. To be or not to be, that is the question of every one.

**Ann Lee:** [1:00] And what is hard about it? Nobody knows what a model was taught.

**Bob:** [2:00] The data, always the data. Kubernetes is easy against it.
"""
SECOND = "**Cleo:** I have another opinion of machine learning. Kubernetes is hard, and the weather is bad."
GERMAN = "**Dora:** Das maschinelle Lernen ist schwer. Die Häuser stehen am Fluss."


@pytest.fixture
def archive(run: Run, database_url: str, tmp_path: Path) -> Run:
    """The command on an archive with three transcripts."""
    for name, text in (("first.en.md", TALK), ("second.en.md", SECOND), ("dritte.de.md", GERMAN)):
        (tmp_path / name).write_text(text)
    with Archive() as opened:
        assert not any(done.error for done in import_files_alone(opened.database, sorted(tmp_path.glob("*.md"))))
    return run


def titles(ran: Ran) -> list[str]:
    return [hit["title"] for hit in ran.json]


def test_a_moment_is_shown_with_its_place_and_its_words_marked(archive: Run) -> None:
    found = archive("search", "nobody knows")
    assert (found.code, found.err) == (0, "")
    header, text = found.out.splitlines()
    assert header.startswith("first.en.md · ~0:01:")
    assert " · Ann Lee · " in header
    assert text.startswith("    [Nobody] [knows] what a model")


def test_every_word_has_to_be_there_in_any_form(archive: Run) -> None:
    assert sorted(titles(archive("search", "machine", "learning", "--json"))) == ["first.en.md", "second.en.md"]
    assert titles(archive("search", "machines taught", "--json")) == []
    assert titles(archive("search", "Haus", "--json")) == ["dritte.de.md"]
    assert titles(archive("search", "machine -opinion", "--json")) == ["first.en.md"]
    assert sorted(titles(archive("search", "weather OR Fluss", "--json"))) == ["dritte.de.md", "second.en.md"]


def test_a_phrase_is_found_as_it_stands(archive: Run) -> None:
    (hit,) = archive("search", '"to be or not to be"', "--json").json
    assert [hit["text"][start:end] for start, end in hit["marks"]] == ["To be or not to be"]
    assert (hit["title"], hit["speaker"], hit["estimated"]) == ("first.en.md", "Bob", True)
    assert archive("search", '"be to or not"').code == 1


def test_json_is_a_list_of_hits(archive: Run) -> None:
    (hit,) = archive("search", "weather", "--json", "--context", "1").json
    assert set(hit) == {
        "media_id", "result_id", "version", "title", "start", "end", "text", "speaker", "confidence", "score", "marks",
        "link", "source", "channel", "published", "language", "estimated", "before", "after",
    }  # fmt: skip
    assert (hit["version"], hit["language"], hit["confidence"], hit["link"]) == (1, "en", None, None)
    assert 0 < hit["start"] < hit["end"]
    assert [line["text"] for line in hit["before"]] == ["I have another opinion of machine learning."]
    assert hit["after"] == []


def test_nothing_found_is_exit_code_1_with_a_next_step(archive: Run) -> None:
    for arguments in (["giraffe"], ["giraffe", "--speaker", "Bob"], ["--unsure"], ["weather", "--page", "2"]):
        found = archive("search", *arguments)
        assert (found.code, found.out) == (1, "")
        assert found.err.strip()
    assert archive("search", "giraffe", "--json").json == []
    assert "--substring" in archive("search", "giraffe", "--no-fuzzy").err


def test_a_slip_of_the_pen_is_forgiven(archive: Run) -> None:
    found = archive("search", "wether")
    assert found.code == 0
    assert "[weather]" in found.out
    assert found.err == "Nothing was found for wether: this is for weather\n"
    assert archive("search", "wether", "--no-fuzzy").code == 1


def test_a_part_of_a_word(archive: Run) -> None:
    found = archive("search", "--substring", "UBERNET")
    assert found.out.count("K[ubernet]es") == 2
    refused = archive("search", "--substring", "ub")
    assert (refused.code, refused.out) == (2, "")


BOTH = ["first.en.md", "second.en.md"]
FILTERS = {
    "--speaker cleo": ["second.en.md"],
    "--speaker nobody": [],
    "--media first": ["first.en.md"],
    "--language English": BOTH,
    "--language fr": [],
    "--since 2020-01-01": BOTH,
    "--until 2020-01-01": [],
    "--channel none": [],
    "--min-confidence 0.5": [],
    "--all-versions": BOTH,
}


def test_filters(archive: Run) -> None:
    found = {
        options: sorted(titles(archive("search", "machine learning", *options.split(), "--json")))
        for options in FILTERS
    }
    assert found == FILTERS


def test_pages(archive: Run) -> None:
    first = archive("search", "kubernetes", "--limit", "1", "--json")
    second = archive("search", "kubernetes", "--limit", "1", "--page", "2", "--json")
    assert sorted(titles(first) + titles(second)) == ["first.en.md", "second.en.md"]
    assert ("--page 2" in first.err, second.err) == (True, "")


def test_count_prints_a_number(archive: Run) -> None:
    assert archive("search", "kubernetes", "--count").out == "2\n"
    none = archive("search", "giraffe", "--count")
    assert (none.code, none.out) == (1, "0\n")
    similar = archive("search", "wether", "--count")
    assert (similar.code, similar.out) == (0, "1\n")
    assert similar.err == "Nothing was found for wether: this is for weather\n"
    assert archive("search", "wether", "--count", "--no-fuzzy").out == "0\n"
    assert archive("search", "--unsure", "--count").out == "0\n"


SENSELESS = [
    [],
    [" "],
    ["--unsure", "words"],
    ["x", "--semantic", "--hybrid"],
    ["x", "--substring", "--semantic"],
    ["x", "--substring", "--fuzzy"],
    ["x", "--semantic", "--fuzzy"],
    ["--unsure", "--substring"],
    ["--unsure", "--semantic"],
    ["--unsure", "--hybrid"],
    ["--unsure", "--no-fuzzy"],
    ["x", "--speaker", " "],
    ["x", "--media", ""],
    ["x", "--language", "the queen's"],
    ["x", "--longer", "long"],
    ["x", "--since", "yesterday"],
    ["x", "--limit", "0"],
    ["x", "--page", "0"],
    ["x", "--min-confidence", "2"],
]


@pytest.mark.parametrize("arguments", SENSELESS, ids=repr)
def test_what_makes_no_sense_is_exit_code_2(run: Run, arguments: list[str]) -> None:
    refused = run("search", *arguments)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err


@contextmanager
def always(opened: Archive) -> Iterator[Archive]:
    yield opened


def ending(query: str, **options: Any) -> tuple[int, str]:
    """Exit code and explanation of a search, as `trax` ends with them; anything unforeseen is raised."""
    try:
        search.search([query], **options)
    except TraxError as error:
        return error.exit_code, str(error) if error.next_step else ""
    except typer.Exit as ended:
        return ended.exit_code, ""
    return 0, ""


def test_every_bad_query_ends_as_it_should(
    archive: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    modes: tuple[dict[str, bool], ...] = ({}, {"substring": True}, {"count": True}, {"fuzzy": True}, {"as_json": True})
    codes = []
    with Archive() as opened:
        monkeypatch.setattr("trax.archive.Archive", lambda **_: always(opened))
        for number, query in enumerate(HOSTILE_QUERIES):
            options = modes[number % len(modes)]
            capfd.readouterr()
            code, why = ending(query, **options)
            said = capfd.readouterr()
            assert code in (0, 1, 2), (query, options)
            assert why or said.err or said.out, (query, options)
            assert (why + said.err).replace("\n", "").isprintable(), (query, options)
            codes.append(code)
    print(f"{len(codes)} of {len(HOSTILE_QUERIES)} bad queries end as they should")
    assert set(codes) == {0, 1, 2}
