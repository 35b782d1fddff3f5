"""Words in the form in which they are compared, and the first words of what follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.database.search_models import SEPARATORS
from trax.search.scripts import has_unspaced
from trax.search.words import TRANSLATED, folded, head, plain, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don\u2019t STOP\u2014it's \u2018rock 'n' roll\u2019", ["don't", "stop", "it's", "rock", "n", "roll"]),
        ("state-of-the-art, e-mail@x.org", ["state", "of", "the", "art", "e", "mail", "x", "org"]),
        ("C++ and 3.14 and snake_case", ["c", "and", "3", "14", "and", "snake", "case"]),
        ("हिन्दी भाषा।", ["हिन्दी", "भाषा"]),
        ("cafe\u0301 \uff21\uff29 \ufb01ne co\u00adop", ["caf\u00e9", "ai", "fine", "coop"]),
        ("ΟΔΟΣ İstanbul", ["οδοσ", "istanbul"]),
        ("'' \u0301 ♪ - \N{FIRE}", []),
        ("שָׁלוֹם־עוֹלָם كِتَابٌ كتــاب ـ ܫܠܳܡܳܐ", ["שלום", "עולם", "كتاب", "كتاب", "ܫܠܡܐ"]),
    ],
)
def test_words_as_they_are_compared(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text(max_size=60))
def test_words_of_words_are_the_same(text: str) -> None:
    found = words(text)
    assert words(" ".join(found)) == found
    assert all(word == word.strip("'") and not word.isspace() for word in found)


@given(st.text(max_size=60))
def test_folding_is_done_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def test_folding_leaves_what_means_something_else() -> None:
    assert folded("m\u00b2 10\u00bd \u2122 \u2026 \uff01") == "m\u00b2 10\u00bd \u2122 \u2026 \uff01"


@given(st.text(st.sampled_from(TRANSLATED + "ab é"), max_size=40))
def test_plain_text_has_the_same_length_and_no_separator(text: str) -> None:
    made = plain(text)
    assert len(made) == len(text)
    assert all(new == (" " if old in TRANSLATED else old) for old, new in zip(text, made, strict=True))


def test_the_tables_take_the_same_characters_for_separators() -> None:
    assert sorted(SEPARATORS) == sorted(TRANSLATED)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], ""),
        (["", "One.", "Two three", "four five"], "One. Two three four"),
        (["a \u2013 b", "c d e"], "a \u2013 b c d"),  # what is no word costs nothing
        (["機械学習です機械学習"], "機械学習です機械"),
        (["AI技術", "one two three"], "AI技術 one two three"),
        (["ที่นี่"], "ที่นี่"),
        (["\u266a"] * 1000, " ".join(["\u266a"] * 16)),
        (["x" * 1000], "x" * 200),
    ],
)
def test_a_head_is_four_words_or_eight_characters(texts: list[str], expected: str) -> None:
    assert head(texts, 4) == expected


@given(st.lists(st.text("ab \u2013機é", max_size=12), max_size=8), st.integers(1, 5))
def test_a_head_begins_what_follows(texts: list[str], most: int) -> None:
    following = " ".join(" ".join(texts).split())
    found = head(texts, most)
    assert following.startswith(found)
    if found != following and not has_unspaced(following) and "\u2013" not in following:
        assert len(words(found)) == most
