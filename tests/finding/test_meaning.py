"""Searches by meaning, and by meaning and words together."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import text

from tests.finding.archive import Said, add_transcript
from trax.database import Database, search_meaning
from trax.errors import QueryError, SearchUnavailable
from trax.finding import Finder, embed_missing
from trax.search.filters import Filters
from trax.search.hits import Answer


class Letters:
    """A model for which words mean the same that share their letters."""

    name = "letters"
    dimensions = 64
    languages = ("en",)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, said in zip(vectors, texts, strict=True):
            for pair in zip(said.lower(), said.lower()[1:], strict=False):
                row[zlib.crc32("".join(pair).encode()) % self.dimensions] += 1
        unit: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return unit


class Recorded(Letters):
    """The same, with what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return super().embed(texts)


class Nothing(Letters):
    """A model for which nothing is like anything."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.zeros((len(texts), self.dimensions), np.float32)


LINES = [
    Said("Bees dance.", "Ann"),
    Said("Many bees?", "Bob"),
    Said("Yes.", "Ann"),
    *[Said("Silence.", "Ann")] * 8,
    Said("It is what it is.", "Bob"),
    Said("The weather was bad.", "Ann"),
]


@pytest.fixture
def archive(embedded_database: Database) -> Iterator[Database]:
    """What others find in the database is as it was: the extension and its table go with the test."""
    add_transcript(embedded_database, "On bees", *LINES)
    add_transcript(embedded_database, "A song", "Bees sing.")
    add_transcript(embedded_database, "Notiz", "Viele Bienen, many bees.", language="de")
    embed_missing(embedded_database, Letters())
    yield embedded_database
    with embedded_database.transaction() as session:
        session.execute(text("DROP TABLE IF EXISTS passage_vectors"))
        session.execute(text("DROP EXTENSION IF EXISTS vector"))


def titles(answer: Answer) -> set[str]:
    return {hit.title for hit in answer.hits}


def texts(answer: Answer) -> list[str]:
    return [hit.text for hit in answer.hits]


def test_by_meaning_and_by_both(archive: Database) -> None:
    finder = Finder(archive, Letters)
    answer = finder.find("dancing beehives", mode="semantic")
    assert titles(answer) == {"On bees", "A song"}
    assert any("letters understands en" in note for note in answer.notes)
    both = finder.find("dances", mode="hybrid")
    assert (both.hits[0].text, both.hits[0].marks) == ("Bees dance.", ((5, 10),))
    assert "A song" in titles(finder.find("dance sing bees", mode="hybrid"))
    assert titles(finder.find("bees", mode="semantic", filters=Filters(media="song"))) == {"A song"}
    with pytest.raises(SearchUnavailable):
        Finder(archive).find("bees", mode="semantic")
    with pytest.raises(QueryError):
        finder.count("bees", mode="hybrid")


def test_the_moment_is_the_segment_that_means_it(archive: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    find, in_talk = Finder(archive, Letters).find, Filters(media="On bees")
    hit = find("how many beehives", mode="semantic", filters=in_talk, context=1).hits[0]
    assert (hit.text, hit.start, hit.end, hit.speaker) == ("Many bees?", 5.0, 10.0, "Bob")
    assert [line.text for line in (*hit.before, *hit.after)] == ["Bees dance.", "Yes."]
    of_ann = find("how many beehives", mode="semantic", filters=Filters(speaker="Ann")).hits[0]
    assert (of_ann.text, of_ann.speaker) == ("Bees dance.", "Ann")
    monkeypatch.setattr(search_meaning, "NARROWED", 0)
    passage = find("how many beehives", mode="semantic", filters=in_talk).hits[0]
    assert passage.text.startswith("Bees dance. Many bees? Yes. Silence.")


def test_both_find_phrases_and_stop_words_as_searches_for_words_do(archive: Database) -> None:
    finder = Finder(archive, Nothing)
    for query in ('"it is what it is"', "it is", '"many bees"', "bees -dance", '"many bees" OR weather', "bee*"):
        by_words, both = finder.find(query), finder.find(query, mode="hybrid")
        assert by_words.hits
        assert {(hit.title, hit.text, hit.marks) for hit in both.hits} == {
            (hit.title, hit.text, hit.marks) for hit in by_words.hits
        }


def test_what_has_the_phrase_and_the_meaning_is_one_hit(archive: Database) -> None:
    (first, *others) = Finder(archive, Letters).find('"many bees"', mode="hybrid").hits
    assert (first.title, first.text, first.marks) == ("On bees", "Many bees?", ((0, 9),))
    assert (first.media_id, "Many bees?") not in [(hit.media_id, hit.text) for hit in others]


EXCLUDED = {
    "bees -sing": {"On bees", "Notiz"},
    'bees -"many bees"': {"A song"},
    "bees -many -what": {"A song"},
    "bees": {"On bees", "A song", "Notiz"},
}


def test_what_is_excluded_is_not_found_by_its_meaning_either(archive: Database) -> None:
    finder = Finder(archive, Letters)
    first = {query: finder.find(query, mode="hybrid").hits for query in EXCLUDED}
    assert {query: {hit.title for hit in hits if hit.start < 30} for query, hits in first.items()} == EXCLUDED


def test_only_what_is_wanted_is_compared(archive: Database) -> None:
    model = Recorded()
    finder = Finder(archive, lambda: model)
    asked = {}
    for query in ('what is "it is" -dance -"many bees"', "wea* | bees", "tea or coffee, if you don't mind"):
        finder.find(query, mode="hybrid", fuzzy=False)
        asked[query], model.asked = model.asked[0], []
    assert list(asked.values()) == ["what is it is", "wea bees", "tea or coffee, if you don't mind"]


def test_a_sentence_needs_none_of_the_rules_for_words(archive: Database) -> None:
    model = Recorded()
    finder = Finder(archive, lambda: model)
    for sentence in ("-not -this", "bees " * 60, 'what "is this', "b*", f"{'x' * 300} bees", "the\tvery\x00 bees"):
        model.asked = []
        assert finder.find(sentence, mode="semantic").corrected is None
        assert model.asked[0] == " ".join(sentence.replace("\x00", " ").split())
    for nothing in ("", " -- ", "\N{FIRE}", "bee " * 300):
        with pytest.raises(QueryError) as refused:
            finder.find(nothing, mode="semantic")
        assert refused.value.next_step


def test_a_model_is_opened_once(archive: Database) -> None:
    opened: list[Letters] = []

    def model() -> Letters:
        opened.append(Letters())
        return opened[-1]

    finder = Finder(archive, model)
    assert not opened
    for query in ("bees", "weather"):
        assert finder.find(query, mode="hybrid", fuzzy=True).hits
    assert len(opened) == 1
