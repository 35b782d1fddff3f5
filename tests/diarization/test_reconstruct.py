"""Voices of windows become speakers, and speakers turns on the time axis of the file."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diarization.fabricated import plain_plda, taking_turns, voices, windows_of
from trax.diarization.assignment import NOBODY, assigned
from trax.diarization.labels import label, labelled, labels_of, speakers_of
from trax.diarization.local_speakers import (
    DIMENSIONS,
    FRAME_STEP,
    FRAMES,
    VOICES,
    LocalWindow,
    alone,
    clean_voices,
)
from trax.diarization.reconstruct import clean_seconds, frames_of, speakers_at_once, turns, windows_by_speaker
from trax.diarization.speakers import diarization_of
from trax.timeline import covered
from trax.turns import Diarization, SpeakerCount, SpeakerTurn

TWO_FRAMES = 2 * FRAME_STEP


def diarized(windows: list[LocalWindow], duration: float, count: SpeakerCount | None = None) -> Diarization:
    return diarization_of(windows, duration, plain_plda(), count or SpeakerCount(), engine="test", model_id="none")


def window(start: float, activity: np.ndarray) -> LocalWindow:
    return LocalWindow(start, activity, np.zeros((VOICES, DIMENSIONS), np.float32), clean_voices(activity))


def speaking(*voices: tuple[int, int, int]) -> np.ndarray:
    activity = np.zeros((FRAMES, VOICES), dtype=np.uint8)
    for begin, end, voice in voices:
        activity[begin:end, voice] = 1
    return activity


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.floats(3.0, 9.0), st.floats(0.3, 3.0)), min_size=2, max_size=8),
    st.integers(2, 4),
    st.sampled_from([0.5, 1.0, 2.0, 2.5]),
)
def test_turns_come_back_as_they_were_spoken(lengths: list[tuple[float, float]], people: int, hop: float) -> None:
    spoken, at = [], 0.0
    for index, (length, gap) in enumerate(lengths):
        spoken.append((at, at + length, index % people))
        at += length + gap
    found = diarized(windows_of(spoken, at, hop), at, SpeakerCount(exact=min(people, len(spoken)))).turns
    assert len(found) == len(spoken)
    for turn, (start, end, who) in zip(found, spoken, strict=True):
        assert turn.speaker == label(who)
        assert turn.start == pytest.approx(max(start, 0.031), abs=TWO_FRAMES)
        assert turn.end == pytest.approx(end, abs=TWO_FRAMES)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 25.0), st.floats(0.2, 8.0), st.integers(0, 3)), min_size=1, max_size=9),
    st.sampled_from([0.9, 2.0]),
)
def test_whatever_is_said_turns_are_in_order_within_the_sound_and_exclusive_ones_apart(
    spoken: list[tuple[float, float, int]], hop: float
) -> None:
    found = diarized(windows_of([(start, start + length, who) for start, length, who in spoken], 30.0, hop), 30.0)
    assert list(found.turns) == sorted(found.turns)
    assert all(0.0 <= turn.start < turn.end <= 30.0 for turn in found.turns)
    assert all(a.end <= b.start for a, b in pairwise(found.exclusive))
    assert covered(turn.interval for turn in found.exclusive) == pytest.approx(
        covered(turn.interval for turn in found.turns), abs=0.05
    )
    assert [speaker.label for speaker in found.speakers] == [label(index) for index in range(len(found.speakers))]
    for speaker in found.speakers:
        own = [turn for turn in found.turns if turn.speaker == speaker.label]
        assert (speaker.turns, speaker.first_at) == (len(own), own[0].start)
        assert speaker.seconds == pytest.approx(sum(turn.end - turn.start for turn in own), abs=0.01)
        assert all(a.end < b.start for a, b in pairwise(own))


def test_people_who_talk_at_once_both_have_a_turn_and_one_of_them_the_word() -> None:
    spoken = [(0.0, 8.0, 0), (6.0, 14.0, 1), (15.0, 20.0, 0), (21.0, 28.0, 1)]
    found = diarized(windows_of(spoken, 30.0), 30.0, SpeakerCount(exact=2))
    first, second = found.turns[:2]
    assert (first.speaker, second.speaker) == ("SPEAKER_00", "SPEAKER_01")
    assert first.end - second.start == pytest.approx(2.0, abs=TWO_FRAMES)
    assert covered(turn.interval for turn in found.exclusive) == pytest.approx(
        sum(turn.end - turn.start for turn in found.exclusive)
    )


def test_windows_without_speech_may_be_left_out() -> None:
    spoken = [(0.0, 5.0, 0), (5.5, 9.0, 1), (60.0, 66.0, 0), (66.5, 70.0, 1)]
    everything = windows_of(spoken, 80.0)
    some = [window for window in everything if window.activity.any()]
    assert len(some) < len(everything)
    count = SpeakerCount(exact=2)
    assert diarized(some, 80.0, count).turns == diarized(everything, 80.0, count).turns


def test_windows_may_lie_at_any_distance() -> None:
    spoken = taking_turns(2)
    starts = [0.0, 1.0, 1.3, 4.0, 9.0, 9.1, 14.0, 20.0, 21.0, 27.5, 33.0, 36.0]
    found = diarized(windows_of(spoken, 45.0, starts=starts), 45.0)
    assert [turn.speaker for turn in found.turns] == [label(who) for _, _, who in spoken]


def test_nobody_speaks() -> None:
    for windows in ([], windows_of([], 30.0)):
        found = diarized(windows, 30.0)
        assert (found.turns, found.exclusive, found.speakers) == ((), (), ())


def test_sound_that_ends_within_the_window_ends_the_turn() -> None:
    found = diarized(windows_of([(0.0, 10.0, 0)], 3.0), 3.0)
    assert found.turns == (SpeakerTurn(0.031, 3.0, "SPEAKER_00"),)


def test_time_that_windows_share_counts_once() -> None:
    windows = windows_of([(0.0, 12.0, 0), (8.0, 14.0, 1)], 20.0)
    speakers = assigned(windows, voices(2))
    assert clean_seconds(windows, speakers, 2) == pytest.approx([8.0, 2.0], abs=0.1)


def test_speakers_are_counted_as_most_windows_have_it() -> None:
    one, two = speaking((0, FRAMES, 0)), speaking((0, FRAMES, 0), (0, FRAMES, 2))
    assert set(speakers_at_once([window(0.0, one), window(0.0, two), window(0.0, two)])) == {2}
    assert set(speakers_at_once([window(0.0, one), window(0.0, one), window(0.0, two)])) == {1}


def test_two_voices_of_a_window_are_two_people() -> None:
    """Although both sound more like the first."""
    both = np.stack([voices(2)[0], voices(2)[0] + 0.2 * voices(2)[1], np.full(DIMENSIONS, np.nan)])
    heard = LocalWindow(0.0, speaking((0, 200, 0), (200, 500, 1)), both.astype(np.float32), np.ones(VOICES, np.bool_))
    assert assigned([heard], voices(2)).tolist() == [[0, 1, NOBODY]]
    assert assigned([heard], voices(2), apart=False).tolist() == [[0, 0, NOBODY]]
    assert assigned([heard], voices(1)).tolist() == [[0, 0, NOBODY]]


def test_a_voice_too_many_is_nobody() -> None:
    embeddings = np.stack([voices(3)[1], voices(3)[2], voices(3)[0]]).astype(np.float32)
    activity = speaking((0, 200, 0), (200, 400, 1), (400, 500, 2))
    heard = LocalWindow(0.0, activity, embeddings, np.ones(VOICES, np.bool_))
    assert assigned([heard], voices(3)[:2]).tolist() == [[1, NOBODY, 0]]


def test_a_speaker_whom_no_window_hears_has_no_turn() -> None:
    counts = np.zeros((100, 2), dtype=np.uint16)
    counts[:50, 1] = 3
    assert [who for _, _, who in turns(counts, np.full(100, 2), 10.0)] == [1]


def test_frames_of_the_file_reach_to_the_end_of_the_last_window() -> None:
    windows = [window(0.0, speaking((0, 10, 0))), window(100 * FRAME_STEP, speaking((5, 6, 1)))]
    assert frames_of(windows) == 100 + FRAMES
    counts = windows_by_speaker(windows, assigned(windows, voices(1)), 1)
    assert np.flatnonzero(counts[:, 0]).tolist() == [*range(10), 105]


def test_voices_that_talk_at_once_are_not_clean() -> None:
    activity = speaking((0, 300, 0), (100, 400, 1))
    assert alone(activity).sum(axis=0).tolist() == [100, 100, 0]
    assert clean_voices(activity).tolist() == [False, False, False]
    assert clean_voices(speaking((0, 118, 0), (200, 317, 1))).tolist() == [True, False, False]


def test_labels_follow_the_first_word() -> None:
    stretches = [(3.0, 4.0, "Zoe"), (1.0, 2.0, "Max"), (2.0, 2.0001, "Ann"), (5.0, 6.0, "Max")]
    labels = labels_of(stretches)
    assert labels == {"Max": "SPEAKER_00", "Ann": "SPEAKER_01", "Zoe": "SPEAKER_02"}
    named = labelled([*stretches, (7.0, 8.0, "Eve")], labels)
    assert [turn.speaker for turn in named] == ["SPEAKER_00", "SPEAKER_02", "SPEAKER_00"]
    assert [(one.label, one.seconds, one.turns) for one in speakers_of(named, {})] == [
        ("SPEAKER_00", 2.0, 2),
        ("SPEAKER_02", 1.0, 1),
    ]
