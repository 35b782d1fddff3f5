"""Scripts without spaces become pairs of characters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.search.scripts import bigrams, has_hangul, has_unspaced, is_unspaced, search_text, spread, units

RUNS = st.text("機械学習のアプーがぱ々ที่นี่ກາမြន်ភាសា", min_size=1, max_size=12)


def test_pairs_and_the_last_character_alone() -> None:
    assert bigrams("機械学習") == "機械 械学 学習 習"
    assert bigrams("学") == "学"
    assert bigrams("") == ""


def test_vowels_and_tones_stay_with_their_character() -> None:
    assert units("ที่นี่") == ["ที่", "นี่"]
    assert bigrams("ที่นี่") == "ที่นี่ นี่"


@pytest.mark.parametrize("char", "機学のアーぱ々〇ไกລမក\U00020000")
def test_scripts_without_spaces(char: str) -> None:
    assert is_unspaced(char)
    assert has_unspaced(f"a {char}")


@pytest.mark.parametrize("char", "aé9дα한हع。、「・ ฿\N{FIRE}")
def test_other_scripts_and_punctuation(char: str) -> None:
    assert not is_unspaced(char)
    assert not has_unspaced(char)


def test_every_character_of_a_run_is_part_of_a_word() -> None:
    unspaced = [chr(code) for code in range(0x30000) if is_unspaced(chr(code))]
    kinds = {unicodedata.category(char)[0] for char in unspaced if unicodedata.category(char) != "Cn"}
    assert kinds <= {"L", "M", "N", "P", "S"}
    other = [char for char in unspaced if unicodedata.category(char)[0] in "PS"]
    assert len(other) < 30  # signs of abbreviation and the like inside Lao, Thai and Myanmar


def test_korean() -> None:
    assert has_hangul("I say 학교")
    assert not has_hangul("機械 abc")


def test_what_is_indexed_for_texts_that_follow_each_other() -> None:
    assert search_text(["Nothing of it.", "At all."]) is None
    assert search_text(["שָׁלוֹם,", "עולם and more"]) == "שלום, עולם and more"
    assert search_text(["שלום", "كتاب"]) is None
    assert search_text(["機械", "学習です。", "AI技術", "", "end"]) == ("機械 械学 学習 習で です す 。 AI 技術 術 end")


@given(RUNS)
def test_each_part_of_a_run_is_in_the_index(run: str) -> None:
    written = units(run)
    tokens = spread(run).split()
    assert len(tokens) == len(written)
    for place, character in enumerate(written):
        assert tokens[place].startswith(character)
