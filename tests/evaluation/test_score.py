"""Word and character errors: those of jiwer, shared out among the utterances, and intervals that cover."""

from __future__ import annotations

import json
from pathlib import Path

import jiwer
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trax.errors import UsageError
from trax.evaluation import alignment
from trax.evaluation.alignment import aligned_characters, aligned_words, counted
from trax.evaluation.bootstrap import Bounds, bounds
from trax.evaluation.errors import Errors, total
from trax.evaluation.normalise import NORMALISERS, named, normalise, variant
from trax.evaluation.score import Score, score, together

WORDS = st.sampled_from(["twenty", "five", "one", "hundred", "colour", "color", "don't", "do", "not", "Mr.", "uh", "a"])
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)


def rate(reference: str, text: str, language: str = "en") -> float:
    found = score([reference], text, "whisper", language)
    assert found is not None
    return found.words.rate


@given(st.lists(TEXTS, min_size=1, max_size=5), TEXTS, st.sampled_from(NORMALISERS))
@settings(max_examples=150, deadline=None)
def test_the_rates_are_those_of_jiwer_however_the_reference_is_cut(
    reference: list[str], text: str, normaliser: str
) -> None:
    true, made = (normalise(one, named(normaliser), "en") for one in (" ".join(reference), text))
    found = score(reference, text, named(normaliser), "en")
    if not true:
        assert found is None
        return
    assert found is not None
    words, letters = jiwer.process_words(true, made), jiwer.process_characters(true, made)
    assert found.words.rate == pytest.approx(words.wer)
    assert found.characters.rate == pytest.approx(letters.cer)
    for counts, theirs in ((found.words, words), (found.characters, letters)):
        assert (counts.substitutions, counts.deletions, counts.insertions, counts.hits) == (
            theirs.substitutions,
            theirs.deletions,
            theirs.insertions,
            theirs.hits,
        )
    assert len(found.words_by_utterance) == len(found.characters_by_utterance) == len(reference)
    assert total(found.words_by_utterance) == found.words


def test_errors_belong_to_the_utterance_that_they_are_in() -> None:
    found = score(["the cat sat", "on the mat", "and slept"], "the cat sad on a mat and um slept", "plain", "en")
    assert found is not None
    assert found.words_by_utterance == (Errors(3, 1, 0, 0), Errors(3, 1, 0, 0), Errors(2, 0, 0, 1))


def test_a_number_across_the_end_of_an_utterance_keeps_every_other_error_in_its_place() -> None:
    found = score(["he was twenty", "five years old", "they said"], "he was 25 years old they sat", "whisper", "en")
    assert found is not None
    assert (found.words.count, found.words.total) == (7, 1)
    assert [errors.total for errors in found.words_by_utterance] == [0, 0, 1]


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("Mr. Smith paid twenty five dollars.", "mister smith paid $25"),
        ("The colour isn't grey", "the color is not gray"),
        ("He's gonna [laughter] come, uh, soon (coughs)", "He is going to come soon"),
    ],
)
def test_whispers_normaliser_for_english(reference: str, text: str) -> None:
    assert rate(reference, text) == 0.0
    assert rate(reference, text, "de") > 0.0


def test_other_languages_have_no_rules_of_english() -> None:
    assert normalise("Die Tür, ein-mal: 2 Hüte!", "whisper", "de") == "die tür ein mal 2 hüte"
    assert variant("whisper", "de") == variant("whisper", None) == "whisper-basic"
    assert (variant("whisper", "en"), variant("plain", "en")) == ("whisper-english", "plain")


def test_the_plain_normaliser_changes_no_words() -> None:
    assert normalise("It\u2019s  ‘twenty-five’ — O.K., Straße! [laughs]", "plain", "en") == (
        "it's twenty five o k strasse laughs"
    )
    assert normalise("e\u0301te\u0301", "plain", "fr") == "\u00e9t\u00e9"


def test_scripts_without_spaces_are_compared_by_characters() -> None:
    for normaliser in NORMALISERS:
        found = score(["今天天气很好。", "我们走吧！"], "今天天汽很好我们走", normaliser, "zh")
        assert found is not None
        assert found.words == Errors(10, 1, 1, 0)
    assert normalise("GPT-4は便利です", "plain", "ja").split() == ["gpt", "4", *"は便利です"]


def test_nothing_heard_and_nothing_said() -> None:
    nothing = score(["alpha beta", "gamma"], "  ", "whisper", "en")
    assert nothing is not None
    assert (nothing.words, nothing.accuracy) == (Errors(3, 0, 3, 0), 0.0)
    assert score(["[music]", "..."], "one two", "whisper", "en") is None
    assert together([]) is None
    with pytest.raises(UsageError, match="plain"):
        named("fancy")


def test_more_words_than_were_said_are_no_negative_accuracy() -> None:
    found = score(["one"], "one two three four", "plain", "en")
    assert found is not None
    assert (found.words.rate, found.accuracy) == (3.0, 0.0)


def test_long_texts_are_cut_where_they_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    reference = [f"w{number}" for number in generator.integers(0, 900, 1500)]
    made = [word if generator.random() > 0.1 else "uhm" for word in reference if generator.random() > 0.03]
    words = aligned_words(reference, made)
    whole = aligned_characters(reference, made, words)
    monkeypatch.setattr(alignment, "MOST_CELLS", 0)
    pieces = list(alignment._pieces(words))
    assert len(pieces) > 20
    in_pieces = aligned_characters(reference, made, words)
    owners = [0] * len(" ".join(reference))
    (one,), (other,) = counted(whole, owners, 1), counted(in_pieces, owners, 1)
    assert one.count == other.count == in_pieces[-1].end
    assert other.total == pytest.approx(one.total, rel=0.01)
    assert in_pieces[-1].made_end == len(" ".join(made))


@given(st.lists(st.builds(Errors, st.integers(1, 30), st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=30))
@settings(max_examples=30, deadline=None)
def test_an_interval_holds_the_rate_and_is_always_the_same(units: list[Errors]) -> None:
    found = bounds(units)
    assert found is not None
    rates = [unit.rate for unit in units]
    assert min(rates) <= found.low <= found.high <= max(rates) + 1e-12
    assert found.low <= total(units).rate + 0.02
    assert found.high >= total(units).rate - 0.02
    assert bounds(units) == found
    twice = bounds([*units, *units])
    assert twice is not None
    assert twice.high - twice.low <= found.high - found.low + 0.02


def test_intervals_cover_the_true_rate() -> None:
    """Speakers who differ, utterances of any length: 95 % of intervals of such samples hold what is true."""
    generator = np.random.default_rng(5)
    covered, trials = 0, 200
    for _ in range(trials):
        words = generator.integers(3, 40, 60)
        errors = generator.binomial(words, generator.beta(2, 18, 60))  # 10 % on average, whatever the length
        found = bounds([Errors(int(n), int(wrong)) for n, wrong in zip(words, errors, strict=True)])
        assert found is not None
        covered += found.low <= 0.1 <= found.high
    assert 0.90 <= covered / trials <= 0.985


def test_one_utterance_has_no_interval() -> None:
    assert bounds([Errors(5, 1)]) is None
    assert bounds([Errors(5, 1), Errors()]) is None
    assert bounds([Errors(5, 0), Errors(5, 0)]) == Bounds(0.0, 0.0)
    assert bounds([Errors(0, 0, 0, 2), Errors(0, 0, 0, 1)]) is None


@pytest.mark.shared_data
def test_real_references_against_themselves_with_known_errors(shared_data: Path) -> None:
    lines = (shared_data / "speech/read/manifest.jsonl").read_text().splitlines()
    reference = [json.loads(line)["text"] for line in lines]
    heard = " ".join(text.replace(" THE ", " ", 1).lower() for text in reference)
    dropped = sum(" THE " in text for text in reference)
    found = score(reference, heard, "whisper", "en")
    assert isinstance(found, Score)
    assert (found.words.deletions, found.words.insertions, found.words.substitutions) == (dropped, 0, 0)
    assert sum(errors.deletions for errors in found.words_by_utterance) == dropped
    # the normaliser counts some words as one (numbers), so that an utterance may have its neighbour's
    exact = sum(
        errors.deletions == (" THE " in text) for errors, text in zip(found.words_by_utterance, reference, strict=True)
    )
    assert exact >= 0.97 * len(reference)
    interval = found.word_bounds
    assert interval is not None
    assert 0 < interval.low < found.words.rate < interval.high < 0.1
