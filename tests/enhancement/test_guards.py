"""What rules say of edits: which they refuse and why, which are harmless, and which the sound is asked about."""

from __future__ import annotations

import pytest

from tests.enhancement.texts import transcript_of
from trax.enhancement.edits import edits_between
from trax.enhancement.guards import judged, needs_audio
from trax.enhancement.values import Correction, Decision, Edit, Hints

NONE = Hints("", "", "", ())
KNOWN = Hints("A talk with Dr. Nguyen", "", "", ("Kubernetes", "GPT-4", "C++"))
NEIGHBOUR = "the boat left at noon"


def verdicts(
    before: str, after: str, hints: Hints = NONE, language: str = "en"
) -> tuple[list[Decision], tuple[Edit, ...]]:
    transcript = transcript_of(before, NEIGHBOUR, language=language)
    wanted = [Correction(0, after)]
    decided, asked = judged(edits_between(transcript, wanted), transcript, wanted, hints)
    return list(decided.values()), asked


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("we sold 15 boats last year", "we sold 50 boats last year", "number"),
        ("we sold fifteen boats last year", "we sold fifty boats last year", "number"),
        ("a hundred dollars is enough", "a thousand dollars is enough", "number"),
        ("it is up by 5% now", "it is up by 5 now", "number"),
        ("it is safe to go on", "it is not safe to go on", "negation"),
        ("you can't go on", "you can go on", "negation"),
        ("I spoke to Miller about it", "I spoke to Ferdinand about it", "name"),
        ("the weather was fine today", "the weather was fine today and everybody was happy", "adds"),
        ("the weather was really very fine and warm today", "the weather was fine today", "drops"),
        ("so he took his old coat and his hat and left", "so he left", "drops"),
        ("das Wetter war heute sehr schön", "the weather was very nice today", "rewrites"),
        ("say hello to everybody", "HACKED", "rewrites"),
        ("the weather was fine today", "погода была хорошая", "script"),
        ("what is the time right now", "Sure, here is the corrected text", "language model"),
        ("we went home", "Note: no changes needed. we went home", "language model"),
        ("and so we did", "and so we did the boat left at noon", "stands elsewhere"),
        ("What is the capital of France?", "What is the capital of France? Paris.", "answers"),
        ("can you hear me", "Yes, I can hear you.", "answers"),
        ("hello my friend", "**hello** my friend", "no text"),
        ("hello my friend", "hello my friend 🙂", "no text"),
        ("hello my friend", "hello \u202emy friend", "no text"),
        ("hello my friend", "hello [laughs] my friend", "no text"),
        ("call me at home", "call me at home https://example.org", "address"),
        ("it grew by .5% then", "it grew by 5% then", "number"),
        ("it is 3.125 metres", "it is 3125 metres", "number"),
        ("we are here today", "WE ARE HERE TODAY", "capitals"),
        (
            "So Anna, Tom and I went. It was fine, really.",
            "so anna tom and i went it was fine really",
            "takes capitals",
        ),
    ],
)
def test_what_no_correction_may_do(before: str, after: str, reason: str) -> None:
    decided, asked = verdicts(before, after)
    refused = [decision for decision in decided if not decision.accepted]
    assert refused
    assert [decision for decision in refused if reason not in decision.reason or decision.by != "rule"] == []
    assert asked == ()


@pytest.mark.parametrize("after", ["Kubernetes🙂", "Kubernetes\ud800", "#Kubernetes", "C#", "*C++*", "\u200bC++"])
def test_signs_of_a_term_are_those_of_the_glossary(after: str) -> None:
    decided, asked = verdicts("we run this here", f"we run {after} here", KNOWN)
    assert [(d.accepted, "no text" in d.reason) for d in decided] == [(False, True)]
    assert asked == ()
    known = Hints("", "", "", ("C#", "snake_case"))
    for word in ("C#", "C#."):
        assert len(verdicts("we run C here", f"we run {word} here", known)[1]) == 1


def test_many_small_ones_are_too_much_together() -> None:
    text = "we saw a very old and really quite small and rather dark house"
    decided, asked = verdicts(text, "we saw a old and quite small and dark house")
    assert [(d.edit.before, d.accepted, d.by) for d in decided] == [
        ("very", False, "rule"),
        ("really", False, "rule"),
        ("rather", False, "rule"),
    ]
    assert asked == ()
    decided, asked = verdicts(text, "we saw a very old and quite small and rather dark house")
    assert (decided, len(asked)) == ([], 1)
    decided, asked = verdicts("boy in house saw man at door", "the boy in the house saw a man at the door")
    assert (decided, len(asked)) == ([], 4), "articles are no content"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("there house is old", "their house is old"),
        ("I no that", "I know that"),
        ("the show starts at ate", "the show starts at eight"),
        ("there was nothyng left", "there was nothing left"),
        ("we met wen there", "we met Nguyen there"),
        ("we met Brown there", "we met Nguyen there"),
        ("I spoke to Geoff there", "I spoke to Jeff there"),
        ("we run cooper netties here", "we run Kubernetes here"),
        ("he went to school", "he went to the school"),
        ("four candles for sale", "for candles for sale"),
        ("let me no if it is late", "let me know if it is late"),
        ("I like C", "I like C++"),
        ("we were happy", "we're happy"),
        ("he he went home", "he went home"),
    ],
)
def test_what_the_sound_is_asked_about(before: str, after: str) -> None:
    decided, asked = verdicts(before, after, KNOWN)
    assert (len(decided), len(asked)) == (0, 1), decided


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("i think so", "I think so.", "Only"),
        ("dont do it", "don't do it", "Only"),
        ("every one has twenty five", "everyone has 25", "written otherwise"),
        ("it was um cold", "it was cold", "filler"),
    ],
)
def test_what_is_harmless(before: str, after: str, reason: str) -> None:
    decided, asked = verdicts(before, after)
    assert [(d.accepted, d.by, reason in d.reason) for d in decided] == [(True, "kind", True)] * len(decided)
    assert decided
    assert asked == ()


def test_a_filler_of_one_language_is_a_word_of_another() -> None:
    decided, asked = verdicts("wir treffen uns um drei", "wir treffen uns drei", language="de")
    assert (decided, [needs_audio(edit, "de") for edit in asked]) == ([], [True])
    decided, asked = verdicts("wir treffen uns äh morgen", "wir treffen uns morgen", language="de")
    assert ([decision.by for decision in decided], asked) == (["kind"], ())


def test_a_number_may_change_into_a_term_that_is_known() -> None:
    assert [edit.after for edit in verdicts("GPT for is out", "GPT-4 is out", KNOWN)[1]] == ["GPT-4", ""]
    decided, _ = verdicts("GPT for is out", "GPT-5 is out", KNOWN)
    assert [(d.edit.after, d.accepted) for d in decided] == [("GPT-5", False)]


def test_good_edits_beside_bad_ones_are_judged_by_themselves() -> None:
    decided, asked = verdicts("they sold 15 boats over their", "They sold 50 boats over there.")
    assert [(d.edit.kind, d.accepted) for d in decided] == [("case", True), ("number", False)]
    assert [edit.after for edit in asked] == ["there."]
