"""The content of a v2 result: the contract's keys, its edits and back, and sentences on what was improved."""

from __future__ import annotations

import json

import pytest

from tests.enhancement.texts import transcript_of
from trax.enhancement.content import content_of, decisions_of, enhanced_from, moment_of, without
from trax.enhancement.edits import edits_between
from trax.enhancement.sentences import improvements
from trax.enhancement.values import Correction, Decision
from trax.errors import UsageError
from trax.transcript import Transcript


def decided(transcript: Transcript, *texts: str) -> list[Decision]:
    """All edits that lead to these texts, accepted."""
    wanted = [Correction(number, text) for number, text in enumerate(texts)]
    return [Decision(edit, True, "Yes.", "audio", {"gain": 1.23456}) for edit in edits_between(transcript, wanted)]


def test_content_is_that_of_the_contract_and_more() -> None:
    transcript = transcript_of("he go home", "we no that")
    decisions = decided(transcript, "He goes home.", "we know that")
    refused = Decision(decisions[-1].edit, False, "No.", "rule")
    content = content_of(transcript, enhanced_from(transcript, [*decisions[:-1], refused]), {"model": "deepseek-chat"})
    assert json.loads(json.dumps(content)) == content
    assert content["original_text"] == "he go home we no that"
    assert content["enhanced_text"] == "He goes home. we no that"
    assert content["improvements"] == ["Fixed grammar, capitalisation and punctuation in sentence 1"]
    assert content["enhancement_metadata"] == {
        "model": "deepseek-chat",
        "confidence": None,
        "accepted": 3,
        "refused": 1,
    }
    assert content["edits"][1] == {
        "id": "s0e2",
        "segment": 0,
        "start": 1,
        "end": 2,
        "before": "go",
        "after": "goes",
        "kind": "word",
        "accepted": True,
        "by": "audio",
        "reason": "Yes.",
        "scores": {"gain": 1.2346},
    }
    assert [(d.edit, d.accepted, d.by) for d in decisions_of(content)] == [
        (d.edit, d.accepted, d.by) for d in (*decisions[:-1], refused)
    ]
    assert decisions_of({"text": "of v1"}) == ()


def test_one_edit_is_taken_back_and_no_other() -> None:
    transcript = transcript_of("we no that there late")
    decisions = decided(transcript, "We know that they're late")
    left = without(decisions, "s0e2")
    assert enhanced_from(transcript, left).transcript.text == "We no that they're late"
    assert [(d.edit.id, d.accepted, d.by) for d in left] == [
        ("s0e1", True, "audio"),
        ("s0e2", False, "person"),
        ("s0e3", True, "audio"),
    ]
    for name, what in (("s0e2", "not in force"), ("s9e9", "none of its edits")):
        with pytest.raises(UsageError, match=what):
            without(left, name)


def test_an_edit_has_its_moment() -> None:
    transcript = transcript_of("aa bb cc")
    first, last = decided(transcript, "aa bx cc dd")
    assert moment_of(transcript, first.edit) == transcript.segments[0].words[1].start == 3
    assert moment_of(transcript, last.edit) == 0, "after the last word: the segment's"


@pytest.mark.parametrize(
    ("texts", "wanted", "sentences"),
    [
        (("Good morning. he go to school",), ("Good morning. He goes to the school.",), ["grammar, capitalisation and "
                                                                                     "punctuation in sentence 2"]),
        (("i came i saw they came",), ("I came. I saw. They came",), [
            "capitalisation and punctuation in sentence 1",
            "capitalisation and punctuation in sentence 2",
            "capitalisation in sentence 3",
        ]),
        (("Dr. Brown saw J. Smith at 3 p.m. today. we left",), ("Dr. Brown saw J. Smith at 3 p.m. today. We left",), [
            "capitalisation in sentence 2"
        ]),
        (("we use cuber netties", "every one does"), ("we use Kubernetes", "everyone does"), [
            "a term and spelling in sentence 1"
        ]),
        (("uh yes. I met Ana",), ("yes. I met Anna",), ["grammar in sentence 1", "a name in sentence 2"]),
        (("right",), ("right",), []),
    ],
)  # fmt: skip
def test_sentences_say_what_was_improved(texts: list[str], wanted: list[str], sentences: list[str]) -> None:
    transcript = transcript_of(*texts)
    found = improvements(transcript, decided(transcript, *wanted), ("Kubernetes",))
    assert list(found) == [f"Fixed {sentence}" for sentence in sentences]


def test_what_was_refused_improves_nothing() -> None:
    transcript = transcript_of("he go home")
    refused = [Decision(d.edit, False, "No.", "rule") for d in decided(transcript, "he goes home")]
    assert improvements(transcript, refused) == ()
