"""Corrections in the smallest edits, what sort each is, and the numbers that texts name."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.enhancement.texts import transcript_of
from trax.enhancement.alignment import MOST_AT_ONCE, pieces
from trax.enhancement.edits import edits_between
from trax.enhancement.numbers import changes_number, numbers_in
from trax.enhancement.values import Correction
from trax.enhancement.words import ONES, TENS, alike
from trax.transcript import Segment, Transcript, Word

SAID = ("the", "a", "cat", "sat", "on", "mat,", "uh", "Then", "it.", "25", "twenty", "five", "not", "every", "one", "–")
spoken = st.lists(st.sampled_from(SAID), max_size=10)


def changed(before: str, after: str, language: str = "en") -> list[tuple[str, str, str]]:
    edits = edits_between(transcript_of(before, language=language), [Correction(0, after)])
    return [(edit.before, edit.after, edit.kind) for edit in edits]


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        ("i think so", "I think so.", [("i", "I", "case"), ("so", "so.", "punctuation")]),
        ("every one knows", "Everyone knows", [("every one", "Everyone", "spelling")]),
        ("i did it my self", "I did it myself", [("i", "I", "case"), ("my self", "myself", "spelling")]),
        ("on my web-site now", "on my website now", [("web-site", "website", "punctuation")]),
        ("I have twenty five cats", "I have 25 cats", [("twenty five", "25", "spelling")]),
        ("in nineteen eighty four", "in 1984", [("nineteen eighty four", "1984", "spelling")]),
        ("it costs five dollars", "it costs $5", [("five dollars", "$5", "spelling")]),
        ("it costs $5", "it costs €5", [("$5", "€5", "number")]),
        ("I have 25 cats", "I have 26 cats", [("25", "26", "number")]),
        ("version 3.5 is out", "version 35 is out", [("3.5", "35", "number")]),
        ("I do like it", "I do not like it", [("", "not", "negation")]),
        ("I can do it", "I can't do it", [("can", "can't", "negation")]),
        ("dont do it", "don't do it", [("dont", "don't", "punctuation")]),
        ("we do not know", "we don't know", [("do not", "don't", "word")]),
        ("we were happy", "we're happy", [("we were", "we're", "word")]),
        ("were happy", "we're happy", [("were", "we're", "word")]),
        ("its cold", "it's cold", [("its", "it's", "punctuation")]),
        ("now here to go", "nowhere to go", [("now here", "nowhere", "negation")]),
        ("I like C", "I like C++", [("C", "C++", "word")]),
        ("we met Anna there", "we met Hannah there", [("Anna", "Hannah", "name")]),
        ("to New York again", "to San Francisco again", [("New York", "San Francisco", "name")]),
        ("so. Anna left", "so. Hannah left", [("Anna", "Hannah", "word")]),
        ("he go to school", "he goes to the school", [("go", "goes", "word"), ("", "the", "insertion")]),
        ("he he went", "he went", [("he", "", "deletion")]),
        ("I uh sink so", "I think so", [("uh", "", "deletion"), ("sink", "think", "word")]),
        ("the big dog", "a dog", [("the big", "a", "word")]),
        ("their going", "they're going", [("their", "they're", "word")]),
        ("in cooper netties", "in Kubernetes", [("cooper netties", "Kubernetes", "word")]),
        ("in 1984 we", "in 1984, and we", [("1984", "1984,", "punctuation"), ("", "and", "insertion")]),
        ("one hundred and five men", "105 men", [("one hundred and five", "105", "spelling")]),
        ("nothing to see", "nothing to see", []),
    ],
)
def test_the_smallest_edits(before: str, after: str, edits: list[tuple[str, str, str]]) -> None:
    assert changed(before, after) == edits


def test_words_mean_what_they_mean_in_their_language() -> None:
    assert changed("kein Hund", "ein Hund", "de") == [("kein", "ein", "negation")]
    assert changed("that is no sin", "that is no sing") == [("sin", "sing", "word")]
    assert changed("cosas sin nombre", "cosas con nombre", "es") == [("sin", "con", "negation")]
    assert changed("er sah den Hund", "er sah den Bund", "de") == [("Hund", "Bund", "word")], (
        "German nouns are no names"
    )
    assert changed("es sind fünfundzwanzig", "es sind 25", "de") == [("fünfundzwanzig", "25", "spelling")]


def test_a_sentence_may_begin_before_its_segment() -> None:
    transcript = transcript_of("and then we met", "Anna in Paris. Tom came, too")
    edits = edits_between(transcript, [Correction(1, "Hannah in Paris. Tim came, too")])
    assert [(edit.id, edit.before, edit.kind) for edit in edits] == [("s1e1", "Anna", "name"), ("s1e2", "Tom", "word")]


def test_a_word_that_was_heard_in_parts_is_one() -> None:
    words = tuple(Word(n, n + 1, text, 0.9) for n, text in enumerate((" well", "-known", " man")))
    transcript = Transcript("en", 5, (Segment(0, 3, "well-known man", words),))
    assert edits_between(transcript, [Correction(0, "well-known man")]) == ()
    (edit,) = edits_between(transcript, [Correction(0, "well-grown man")])
    assert (edit.start, edit.end, edit.before, edit.after) == (0, 2, "well-known", "well-grown")


@given(spoken, spoken)
def test_pieces_lead_from_one_text_to_the_other(old: list[str], new: list[str]) -> None:
    at = made_at = 0
    for piece in pieces(old, new):
        assert old[at : piece.start] == new[made_at : piece.made_start]
        assert old[piece.start : piece.end] != new[piece.made_start : piece.made_end]
        at, made_at = piece.end, piece.made_end
    assert old[at:] == new[made_at:]


def test_long_segments_are_compared_in_parts() -> None:
    old = [f"{SAID[n % 7]}{n % 900}" for n in range(3000)]
    assert len(old) ** 2 > MOST_AT_ONCE
    new = [*old[:10], "new", *old[11:1000], *old[1001:2000], "more", *old[2000:]]
    began = time.process_time()
    assert [(p.start, p.end, p.made_end - p.made_start) for p in pieces(old, new)] == [
        (10, 11, 1),
        (1000, 1001, 0),
        (2000, 2000, 1),
    ]
    assert pieces(["no"] * 3000, ["no"] * 2999), "nothing to hold on to"
    assert time.process_time() - began < 5


def spelt(number: int) -> list[str]:
    """As one says it."""
    if number < 20:
        return [ONES[number]]
    if number < 100:
        rest = [ONES[number % 10]] if number % 10 else []
        return [TENS[number // 10 - 2], *rest]
    scale, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    return [*spelt(number // scale), name, *(spelt(number % scale) if number % scale else [])]


@given(st.integers(0, 999_999), st.integers(0, 999_999))
def test_numbers_in_words_and_figures_are_the_same(number: int, other: int) -> None:
    assert numbers_in(spelt(number)) == (str(number),)
    assert numbers_in(["about", f"{number:,}.", "men"]) == (str(number),)
    assert not changes_number(spelt(number), [str(number)])
    assert changes_number([str(other)], [str(number)]) == (other != number)
    assert changes_number(spelt(other), spelt(number)) == (other != number)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("twenty-five", ("25",)),
        ("one hundred and five thousand", ("105000",)),
        ("1,000 and 2nd", ("1000", "2")),
        ("two three", ("2", "3")),
        ("5 and 6", ("5", "6")),
        ("a hundred", ("100",)),
        ("3.5 million", ("3500000",)),
        ("one point two five", ("1.25",)),
        ("minus five", ("-5",)),
        ("-5 B52", ("-5", "b52")),
        ("twenty-first", ("21",)),
        ("nothing here", ()),
        ("$1,234.50 and .5%", ("1234.5", "0.5")),
        ("3.125 and -.25...", ("3.125", "-0.25")),
    ],
)
def test_numbers_are_known_by_their_value(text: str, numbers: tuple[str, ...]) -> None:
    assert numbers_in(text.split()) == numbers


@pytest.mark.parametrize(
    ("before", "after", "is_changed"),
    [
        ("two thirty", "2:30", False),
        ("five percent", "5%", False),
        ("5%", "5", True),
        ("hundred", "thousand", True),
        ("three five", "3.5", True),
        ("1 2 3", "123", True),
        ("five", "-5", True),
        ("some one", "someone", False),
        (".5%", "5%", True),
        (".5", "0.5", False),
        ("3.125", "3,125", True),
        ("3.125", "3125", True),
        ("3,125", "3125", False),
    ],
)
def test_a_number_changes_or_is_written_otherwise(before: str, after: str, is_changed: bool) -> None:
    assert changes_number(before.split(), after.split()) is is_changed


def test_names_that_sound_alike_are_alike() -> None:
    for one, other in (("jeff", "geoff"), ("kathy", "cathy"), ("stephen", "steven"), ("phoenix", "fenix")):
        assert alike(one, other) > 0.8
    for one, other in itertools.combinations(("miller", "jones", "ferdinand", "kubernetes"), 2):
        assert alike(one, other) < 0.5
