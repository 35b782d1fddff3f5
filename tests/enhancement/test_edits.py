"""Corrections in the smallest edits, what sort each is, and what rules say of them."""

from __future__ import annotations

import pytest

from trax.enhancement.apply import with_words
from trax.enhancement.edits import edits_between
from trax.enhancement.guards import judged
from trax.enhancement.numbers import numbers_in
from trax.enhancement.sentences import improvements
from trax.enhancement.values import Correction, Decision, Hints
from trax.transcript import Segment, Transcript

NONE = Hints("", "", "", ())
KNOWN = Hints("A talk with Dr. Nguyen", "", "", ("Kubernetes",))


def transcript_of(*texts: str) -> Transcript:
    found = tuple(Segment(n * 10, n * 10 + 9, text) for n, text in enumerate(texts))
    return with_words(Transcript("en", 100, found))


def changed(before: str, after: str) -> list[tuple[str, str, str]]:
    edits = edits_between(transcript_of(before), [Correction(0, after)])
    return [(edit.before, edit.after, edit.kind) for edit in edits]


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        ("i think so", "I think so.", [("i", "I", "case"), ("so", "so.", "punctuation")]),
        ("every one knows", "Everyone knows", [("every one", "Everyone", "spelling")]),
        ("on my web-site now", "on my website now", [("web-site", "website", "punctuation")]),
        ("I have twenty five cats", "I have 25 cats", [("twenty five", "25", "spelling")]),
        ("I have 25 cats", "I have 26 cats", [("25", "26", "number")]),
        ("I do like it", "I do not like it", [("", "not", "negation")]),
        ("I can do it", "I can't do it", [("can", "can't", "negation")]),
        ("we met Anna there", "we met Hannah there", [("Anna", "Hannah", "name")]),
        ("he go to school", "he goes to the school", [("go", "goes", "word"), ("", "the", "insertion")]),
        ("he he went", "he went", [("he", "", "deletion")]),
        ("their going", "they're going", [("their", "they're", "word")]),
        ("nothing to see", "nothing to see", []),
    ],
)
def test_the_smallest_edits(before: str, after: str, edits: list[tuple[str, str, str]]) -> None:
    assert changed(before, after) == edits


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("twenty five", ("25",)),
        ("one hundred and five thousand", ("105000",)),
        ("1,000 and 2nd", ("1000", "2")),
        ("two three", ("2", "3")),
        ("nothing here", ()),
    ],
)
def test_numbers_are_known_by_their_value(text: str, numbers: tuple[str, ...]) -> None:
    assert numbers_in(text.split()) == numbers


@pytest.mark.parametrize(
    ("before", "after", "hints", "reason"),
    [
        ("we sold 15 boats last year", "we sold 50 boats last year", NONE, "number"),
        ("it is safe to go on", "it is not safe to go on", NONE, "negation"),
        ("I spoke to Miller about it", "I spoke to Ferdinand about it", NONE, "name"),
        ("the weather was fine today", "the weather was fine today and everybody was happy", NONE, "adds"),
        ("the weather was really very fine and warm today", "the weather was fine today", NONE, "drops"),
        ("das Wetter war heute sehr schön", "the weather was very nice today", NONE, "rewrites"),
        ("the weather was fine today", "погода была хорошая", NONE, "script"),
        ("what is the time right now", "Sure, here is the corrected text", NONE, "language model"),
        ("and so we did", "and so we did the boat left at noon", NONE, "stands elsewhere"),
    ],
)
def test_what_no_correction_may_do(before: str, after: str, hints: Hints, reason: str) -> None:
    transcript = transcript_of(before, "the boat left at noon")
    wanted = [Correction(0, after)]
    decided, asked = judged(edits_between(transcript, wanted), transcript, wanted, hints)
    refused = [decision for decision in decided.values() if not decision.accepted]
    assert [reason in decision.reason for decision in refused] == [True] * len(refused), refused
    assert refused
    assert asked == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("there house is old", "their house is old"),
        ("I no that", "I know that"),
        ("we met wen there", "we met Nguyen there"),
        ("we run cooper netties here", "we run Kubernetes here"),
        ("he went to school", "he went to the school"),
    ],
)
def test_what_the_sound_is_asked_about(before: str, after: str) -> None:
    transcript, wanted = transcript_of(before), [Correction(0, after)]
    decided, asked = judged(edits_between(transcript, wanted), transcript, wanted, KNOWN)
    assert (len(decided), len(asked)) == (0, 1), decided


def test_sentences_say_what_was_improved() -> None:
    transcript = transcript_of("Good morning. he go to school", "we use cuber netties")
    wanted = [Correction(0, "Good morning. He goes to the school."), Correction(1, "we use Kubernetes")]
    edits = edits_between(transcript, wanted)
    decisions = [Decision(edit, True, "", "kind") for edit in edits]
    assert improvements(transcript, decisions, ("Kubernetes",)) == (
        "Fixed grammar, a term, capitalisation and punctuation in sentence 2",
    )
