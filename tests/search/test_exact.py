"""Exact words: found whatever stands between them, and marked where they are in the text as it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from trax.errors import QueryError
from trax.search.exact import joined, matches
from trax.search.query import parse
from trax.search.words import folded, words


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        (
            '"machine learning"',
            "The Machine-Learning, or machine  learning.",
            ["Machine-Learning", "machine  learning"],
        ),
        ('"machine learning"', "machine learnings, a machine's learning", []),
        ('"to be or not"', "To be, or not to be", ["To be, or not"]),
        ("don't", "I Don\u2019t.", ["Don\u2019t"]),
        ("learn*", "Learning to unlearn", ["Learning"]),
        ('"machine lear*"', "machine learning", ["machine learning"]),
        ("a OR b -c", "A c b", ["A", "b"]),
        ("機械学習", "これは機械 学習です", ["機械 学習"]),
        ('"機械 学習"', "機械、学習", ["機械、学習"]),
        ("学", "学習の学", ["学", "学"]),
        ("AI", "生成AI技術 AIR", ["AI"]),
        ("AI技術", "生成AI技術", ["AI技術"]),
        ("2024", "2024年 12024", ["2024"]),
        ('"기계 학습"', "기계 학습을", ["기계 학습을"]),
        ("हिन", "हिन्दी हिन।", ["हिन"]),
        ("ΣΑΣ", "σας", ["σας"]),
        ("caf\u00e9", "Cafe\u0301 cafe", ["Cafe\u0301"]),
        ("fine AI", "a \ufb01ne \uff21\uff29!", ["\ufb01ne", "\uff21\uff29"]),
        ("cooperate", "co\u00adoperate", ["co\u00adoperate"]),
        ("가", "\u1100\u1161\ub098 \u1100\u1161", ["\u1100\u1161\ub098", "\u1100\u1161"]),
        ("one", "none on One", ["One"]),
        ('"שלום עולם"', "שָׁלוֹם, עוֹלָם!", ["שָׁלוֹם, עוֹלָם"]),
        ('"שָׁלוֹם עולם"', "שלום עוֹלָם", ["שלום עוֹלָם"]),
        ("שלום", "שלומות וְשָׁלוֹם \ufb2aלום", ["\ufb2aלום"]),
        ("כתב", "כָּתַב־יָד", ["כָּתַב"]),
        ('"كتاب جديد"', "كِتَابٌ جَدِيدٌ كتــاب جديد كتابي جديد", ["كِتَابٌ جَدِيدٌ", "كتــاب جديد"]),
        ("هذا", "هٰذَا", ["هٰذَا"]),
        ("ܫܠܡܐ", "ܫܠܳܡܳܐ", ["ܫܠܳܡܳܐ"]),
        ("ދިވެހ", "ދިވެހި ދިވެހ", ["ދިވެހ"]),
    ],
)
def test_what_is_marked(query: str, text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in matches(parse(query), text)] == expected


@given(st.text("ab' -\u2013.\u2019éÉ\u0301ñд", max_size=40), st.data())
@example("e\u0301 a", None)
def test_each_phrase_of_a_text_is_found_in_it(text: str, data: st.DataObject | None) -> None:
    said = words(text)
    assume(said)
    first = 0 if data is None else data.draw(st.integers(0, len(said) - 1))
    last = len(said) if data is None else data.draw(st.integers(first + 1, len(said)))
    phrase = said[first:last]
    found = matches(parse(f'"{" ".join(phrase)}"'), text)
    assert phrase in [words(text[start:end]) for start, end in found]


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_marks_are_in_the_text_and_apart(before: str, said: str, after: str) -> None:
    try:
        query = parse(said)
    except QueryError:
        assume(False)
    text = unicodedata.normalize("NFD", before + said + after)
    place = 0
    for start, end in matches(query, text):
        assert place <= start < end <= len(text)
        place = end


@given(st.text(max_size=40), st.sampled_from(["word", "caf\u00e9", "機械", "학교"]), st.sampled_from(["NFC", "NFD"]))
def test_a_mark_is_of_the_text_as_it_is(around: str, word: str, form: str) -> None:
    text = f"{around} {unicodedata.normalize(form, word)} {around}"  # type: ignore[arg-type]
    marked = [folded(text[start:end]) for start, end in matches(parse(word), text)]
    assert word in [one.replace(" ", "") for one in marked]


def test_spans_that_overlap_are_one() -> None:
    assert joined([(5, 9), (0, 3), (2, 4), (4, 5), (6, 7)]) == [(0, 4), (4, 5), (5, 9)]
