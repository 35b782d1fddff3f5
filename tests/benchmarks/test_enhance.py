"""What `benchmarks.enhance` breaks can be mended by what it proposes, and it judges edits and aims rightly."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from benchmarks.enhance_cases import MISHEARD, kind_at, mixed, runaway
from benchmarks.enhance_errors import ERRORS, HARMS, Change, Vocabulary, changed, changes, wild
from benchmarks.enhance_llm import Adversary
from benchmarks.enhance_report import TEXTS, Judged, Record, Verdict, broken_aims, markdown, share, single
from benchmarks.scoring import Errors
from hypothesis import given, settings
from hypothesis import strategies as st

from trax.enhancement.chunks import chunks_of
from trax.enhancement.edits import edits_between
from trax.enhancement.prompts import messages_for
from trax.enhancement.values import Correction, Hints
from trax.enhancement.words import letters
from trax.transcript import Segment, Transcript, Word

SAID = (
    "Then the old captain turned to Benjamin, and told him that two ships were waiting in the harbour.",
    "She knew that a great treasure was hidden there, but nobody had ever found the entrance.",
    "The soldiers walked through the village in the morning, and their horses were not tired.",
)
KNOWN = Vocabulary(tuple(sorted({letters(word) for text in SAID for word in text.split()} | {"herbour", "hoarse"})))
HINTS = Hints("", "", "", ())


def transcript(*texts: str) -> Transcript:
    segments = []
    for number, text in enumerate(texts):
        words = tuple(
            Word(10.0 * number + n / 3, 10.0 * number + (n + 1) / 3, f" {w}", 0.9) for n, w in enumerate(text.split())
        )
        segments.append(Segment(words[0].start, words[-1].end, text, words))
    return Transcript("en", 10.0 * len(texts), tuple(segments))


def spoken(*texts: str) -> str:
    """As a reference has it: no capitals to tell by, and no signs."""
    return " ".join("".join(sign for sign in text if sign.isalnum() or sign in " '") for text in texts).upper()


@settings(max_examples=25)
@given(st.integers())
def test_what_is_broken_can_be_mended(seed: int) -> None:
    heard = transcript(*SAID)
    case = mixed(heard, spoken(*SAID), KNOWN, Random(seed))
    for number, text in enumerate(SAID):
        damaged = case.transcript.segments[number]
        words = [word.text.strip() for word in damaged.words]
        assert " ".join(words) == damaged.text
        undone = [change for change in case.changes[number] if _mends(change, number, case.transcript)]
        assert changed(words, undone) == text.split()
        assert case.answers[number] == " ".join(changed(words, case.changes[number]))
        assert {word.start for word in damaged.words} <= {word.start for word in heard.segments[number].words}


def _mends(change: Change, number: int, broken: Transcript) -> bool:
    """Whether it brings back what was said there; a harm takes it away."""
    said = SAID[number].split()
    words = [word.text.strip() for word in broken.segments[number].words]
    without = changed(words, [change])
    return _distance(without, said) < _distance(words, said)


def _distance(words: list[str], said: list[str]) -> int:
    above = list(range(len(said) + 1))
    for row, word in enumerate(words, 1):
        here = [row]
        for column, other in enumerate(said, 1):
            here.append(min(above[column] + 1, here[-1] + 1, above[column - 1] + (word != other)))
        above = here
    return above[-1]


@given(st.integers())
def test_changes_stand_apart(seed: int) -> None:
    words = SAID[0].split()
    for makers in (ERRORS, HARMS):
        made = changes(words, range(len(words)), makers, 5, KNOWN, Random(seed))
        assert made == changes(words, range(len(words)), makers, 5, KNOWN, Random(seed)), "the same at every run"
        assert all(one.end < other.start for one, other in itertools.pairwise(made))
        assert all(change.after != tuple(words[change.start : change.end]) for change in made)


def test_each_kind_of_change_comes_up() -> None:
    made = [
        change.kind
        for seed in range(60)
        for text in SAID
        for makers in (ERRORS, HARMS)
        for change in changes(text.split(), range(len(text.split())), makers, 4, KNOWN, Random(seed))
    ]
    assert set(made) == {
        "homophone", "synonym", "tense", "word alike", "article dropped", "article added", "term misspelt", "ending",
        "name misspelt", "other name", "word added", "word dropped", "number", "negation",
    }  # fmt: skip


def test_what_the_recogniser_got_wrong_is_mended_too() -> None:
    heard = transcript("She new that treasure was hidden.", "Nobody had ever ever found it.")
    case = mixed(heard, "SHE KNEW THAT A TREASURE WAS HIDDEN NOBODY HAD EVER FOUND IT", KNOWN, Random(1))
    misheard = [change for made in case.changes.values() for change in made if change.kind == MISHEARD]
    assert [change.after for change in misheard] == [("knew",), ("a",), ()]


def test_an_edit_is_known_by_its_place() -> None:
    case = mixed(transcript(*SAID), spoken(*SAID), KNOWN, Random(3))
    corrections = [Correction(number, text) for number, text in case.answers.items()]
    edits = edits_between(case.transcript, corrections)
    kinds = {kind_at(case, edit.segment, edit.start, edit.end) for edit in edits}
    assert kinds == {change.kind for made in case.changes.values() for change in made}


def test_the_stand_in_answers_what_it_was_told_to() -> None:
    case = mixed(transcript(*SAID), spoken(*SAID), KNOWN, Random(2))
    llm = Adversary({1: case.answers[1]}, len)
    [chunk] = chunks_of(case.transcript)
    messages = messages_for(chunk, HINTS, "en")
    completion = llm.complete(messages)
    assert json.loads(completion.text) == {"segments": [{"id": 1, "text": case.answers[1]}]}
    assert llm.sent == sum(len(message["content"]) for message in messages)
    assert llm.received == len(completion.text)


def test_answers_that_are_no_corrections() -> None:
    case = mixed(transcript(*SAID), spoken(*SAID), KNOWN, Random(2))
    found = [runaway(case, number, Random(number)) for number in range(7)]
    assert [one.kind for one in found if one is not None] == [kind for kind, _ in wild(SAID, 0, Random(0))]
    assert runaway(replace(case, transcript=transcript()), 0, Random(0)) is None


def judged(verdict: Verdict, accepted: bool, *, by: str = "audio", is_runaway: bool = False) -> Judged:
    return Judged(
        "read",
        "one",
        "tense",
        is_runaway,
        "word",
        "is",
        "was",
        verdict,
        accepted,
        by,
        "The sound agrees.",
        {"gain": 1.0},
    )


def a_record(good: tuple[int, int], bad: tuple[int, int]) -> Record:
    """accepted and refused of each"""
    counted: tuple[tuple[Verdict, bool, int], ...] = (
        ("good", True, good[0]),
        ("good", False, good[1]),
        ("bad", True, bad[0]),
        ("bad", False, bad[1]),
    )
    found = [judged(verdict, accepted) for verdict, accepted, count in counted for _ in range(count)]
    return Record({}, found, [Errors(100, wrong, 0, 0) for wrong in (4, 9, 5, 12)], 600, 60, 36.0)


def test_aims() -> None:
    assert broken_aims(a_record((90, 10), (5, 95))) == []
    missed = broken_aims(a_record((89, 11), (6, 94)))
    assert [text[:40] for text in missed if "by the sound" not in text] == [
        "89.0 % of the good edits are accepted, n",
        "94.0 % of the bad edits are refused, not",
    ]
    assert len(missed) == 4, "those by the sound alone, too"
    assert broken_aims(Record()) == []


def test_answers_that_are_no_corrections_flatter_nothing() -> None:
    record = a_record((9, 1), (1, 1))
    record.judged += [judged("bad", False, is_runaway=True) for _ in range(50)]
    assert share(single(record), "bad") == 0.5
    assert share([one for one in record.judged if one.verdict == "neither"], "neither") is None
    assert share(single(record), "good") == pytest.approx(0.9)


def test_what_was_found_is_kept_and_told(tmp_path: Path) -> None:
    record = a_record((9, 1), (1, 9))
    record.save(tmp_path / "found.json")
    assert Record.load(tmp_path / "found.json") == record
    assert Record.load(tmp_path / "none.json").judged == []
    told = markdown(record)
    assert "| **all corrections** | 10 | 90.0 | 10 | 90.0 |" in told
    record.judged.append(replace(judged("good", False), error=MISHEARD))
    assert "| **all corrections** | 11 | 81.8 | 10 | 90.0 |" in markdown(record)
    assert "| **of errors that were put in** | 10 | 90.0 | 10 | 90.0 |" in markdown(record)
    assert f"| {TEXTS[2]} | 5.00 |" in told
    assert "60,000 tokens sent and 6,000 back for an hour of speech" in told
    assert "0.019 US dollars" in told
