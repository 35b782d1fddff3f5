"""What `benchmarks.diarize` makes up is what it says, and it judges words and aims rightly."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from benchmarks.diarize_dialogues import Plan, conversation, made
from benchmarks.diarize_phrases import Clip, Phrase, sound_of, word_times
from benchmarks.diarize_record import Record, Run, Talk, words_right
from benchmarks.diarize_report import broken_aims, markdown
from benchmarks.diarize_run import PROTOTYPE, TRAX
from benchmarks.diarize_voices import Known, recognition
from numpy.typing import NDArray

from trax.audio import SAMPLE_RATE
from trax.diarization.likeness import Voice
from trax.diarization.spans import spans
from trax.timeline import Interval
from trax.transcript import Word

PHRASES = ((0.5, 1.5), (2.0, 4.0), (4.5, 5.5))


def a_reader(name: str, pitch: float) -> list[Clip]:
    moments = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    is_spoken = sum(((moments >= start) & (moments < end)) for start, end in PHRASES)
    sound = (0.1 * np.sin(2 * np.pi * pitch * moments) * is_spoken).astype(np.float32)
    phrases = tuple(Phrase(Interval(*time), (f"{name}{number}",)) for number, time in enumerate(PHRASES))
    return [Clip(f"{name}.flac", name, sound, phrases)]


READERS = {name: a_reader(name, pitch) for name, pitch in (("a", 220.0), ("b", 330.0), ("c", 440.0))}


@pytest.mark.parametrize("seed", range(5))
def test_never_more_than_two_speak_at_once(seed: int) -> None:
    said = conversation(Plan(3, 120, 0.6, False), READERS, seed)
    turns = sorted(turn for one in said for turn in one.turns())
    found = spans(turns)
    assert max(len(span.speakers) for span in found) == 2
    assert {turn.speaker for turn in turns} == set(READERS)
    for name in READERS:
        own = [turn for turn in turns if turn.speaker == name]
        assert all(one.end <= following.start for one, following in itertools.pairwise(own))
    one_by_one = conversation(Plan(3, 60, 0.0, False), READERS, seed)
    assert all(one.end < following.start for one, following in itertools.pairwise(one_by_one))


def test_there_is_sound_where_the_truth_says_so(tmp_path: Path) -> None:
    folders = tmp_path / "first", tmp_path / "again"
    for folder in folders:
        folder.mkdir()
    first, again = (made(Plan(2, 30, 0.0, False), READERS, 4, folder) for folder in folders)
    assert first.path.read_bytes() == again.path.read_bytes()
    assert (first.turns, first.words) == (again.turns, again.words)
    sound = np.abs(sound_of(first.path))
    is_said = np.zeros(len(sound), dtype=bool)
    for turn in first.turns:
        is_said[round(turn.start * SAMPLE_RATE) : round(turn.end * SAMPLE_RATE)] = True
    blocks = len(sound) // 800
    loud, said = (part[: blocks * 800].reshape(blocks, 800) for part in (sound, is_said))
    assert loud.max(axis=1)[said.all(axis=1)].min() > 0.02
    assert loud.max(axis=1)[~said.any(axis=1)].max() < 0.02


def test_words_that_were_not_heard_lie_between_those_that_were() -> None:
    heard = [Word(1.0, 1.2, " One", 1.0), Word(3.0, 3.2, " three.", 1.0)]
    assert word_times(["one", "two", "three", "four"], heard) == pytest.approx([1.1, 2.1, 3.1, 3.1])
    with pytest.raises(ValueError, match="nothing"):
        word_times(["one"], [])


def test_words_count_where_they_were_heard_right() -> None:
    spoken = [("yes", "a"), ("no", "b"), ("never", "b"), ("maybe", "a")]
    labels = {"yes": "X", "no": "X", "ever": "Y", "maybe": "X"}
    heard = [Word(n, n + 0.5, f" {text}", 1.0, speaker=label) for n, (text, label) in enumerate(labels.items())]
    assert words_right(spoken, heard, {"X": "a", "Y": "b"}) == (2, 3)
    assert words_right(spoken, heard, {}) == (0, 3)
    assert words_right(spoken, [], {}) == (0, 0)


def test_a_missed_aim_is_named() -> None:
    record = Record(machine={"processor": "one", "cores": 2})
    record.talks = {
        "phone call": Talk("phone call", "", 30, 2, 0.1, True),
        "made up": Talk("made up", "", 120, 2, 0.1, False),
        "long": Talk("long", "", 3600, 2, 0.1, False),
    }
    record.runs = [_run("phone call", TRAX, 2, 0.05), _run("made up", TRAX, 11, 0.05), _run("long", TRAX, 300, 0.05)]
    record.runs.append(_run("made up", PROTOTYPE, 90, 0.046))
    assert broken_aims(record) == []
    assert "| made up | 2.0 | 10 | 2 | trax | 2 | **5.0**" in markdown(record)
    record.runs = [
        _run("phone call", TRAX, 3, 0.11, right=90),
        _run("made up", TRAX, 13, 0.05),
        _run("long", TRAX, 999, 0.05),
    ]
    record.runs.append(_run("made up", PROTOTYPE, 90, 0.044))
    assert [aim.split(":")[0].split(" ")[-1] for aim in broken_aims(record)][1:3] == ["%", "call"]
    assert len(broken_aims(record)) == 4


def _run(talk: str, system: str, cpu: float, rate: float, right: int = 99) -> Run:
    return Run(talk, system, cpu, cpu, 500, 2, rate * 100, 0, 0, 100, rate, right, 100, 100, {"embedding": 1.0})


def test_a_voice_is_named_right_or_left_alone() -> None:
    chance = np.random.default_rng(1)
    centres = {name: chance.standard_normal(256) for name in "abcd"}
    known = [
        Known(name, f"{name}{number}", _unit(centre + 0.3 * chance.standard_normal(256)))
        for name, centre in centres.items()
        for number in range(5)
    ]
    found = recognition(known, known)
    assert found["people"]["same device"] == {"has prints": {"named right": 8}, "is a stranger": {"unknown": 8}}
    assert found["pairs"]["same device"]["same"]["pairs"] == 4 * 10
    assert found["pairs"]["same device"]["limits"]["0.55"] == {"misses": 0, "false_accepts": 0}


def _unit(vector: NDArray[np.float64]) -> Voice:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
