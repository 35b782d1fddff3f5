"""Whisper's guards: when a reading is rejected, what is tried next, and what is cut away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transcription.clips import Clips
from trax.audio import SAMPLE_RATE, Waveform, Window
from trax.loops import without_loops
from trax.timeline import Interval
from trax.transcript import Segment
from trax.transcription.decoding import Hypothesis, compression_ratio
from trax.transcription.faster_whisper import FasterWhisperTranscriber
from trax.transcription.guards import is_too_dense
from trax.transcription.transcriber import TranscribeOptions, WindowResult

OPTIONS = TranscribeOptions()
SOUND = Hypothesis((1, 2), "all is well", -0.3, 0.1, 1.1, 0.0)


@pytest.mark.parametrize(
    ("hypothesis", "failed", "silent"),
    [
        (SOUND, False, False),
        (replace(SOUND, compression_ratio=2.5), True, False),
        (replace(SOUND, avg_logprob=-1.2), True, False),
        (replace(SOUND, avg_logprob=-1.2, no_speech_prob=0.7), False, True),
        (replace(SOUND, avg_logprob=-0.9, no_speech_prob=0.7), False, False),
    ],
)
def test_a_reading_is_judged_by_whispers_limits(hypothesis: Hypothesis, failed: bool, silent: bool) -> None:
    assert hypothesis.has_failed(OPTIONS) is failed
    assert hypothesis.is_silent(OPTIONS) is silent


def test_loops_compress_and_speech_does_not() -> None:
    assert compression_ratio("so it goes on and " * 30) > OPTIONS.compression_ratio_limit
    assert compression_ratio("The old woman pushed back her bonnet as he waded through the water.") < 1.5
    assert compression_ratio("") == 0


def segments_of(results: Iterable[WindowResult]) -> list[Segment]:
    return [segment for result in results for segment in result.segments]


@pytest.fixture(scope="module")
def german(clips: Clips) -> list[Window]:
    """What an English model doesn't understand: its first reading of it is a loop."""
    return clips.windows("edge/gaenswein15.mp3")


def test_a_failed_reading_is_searched_again_without_loops(tiny: FasterWhisperTranscriber, german: list[Window]) -> None:
    once = segments_of(tiny.transcribe(german, "en", TranscribeOptions(no_repeat_tokens=0, relisten_after=0)))
    assert not once, "a loop is more than anyone can say in that time"
    again = segments_of(tiny.transcribe(german, "en", TranscribeOptions(relisten_after=0)))
    assert again
    assert all(segment.compression_ratio <= OPTIONS.compression_ratio_limit for segment in again)


def test_a_run_can_be_repeated_where_readings_fail(tiny: FasterWhisperTranscriber, german: list[Window]) -> None:
    """To the last digit: drawing at random, as Whisper does, gives other words each time."""
    first = list(tiny.transcribe(german, "en"))
    assert list(tiny.transcribe(german, "en")) == first


def test_who_asks_for_it_gets_whispers_temperatures(tiny: FasterWhisperTranscriber, german: list[Window]) -> None:
    options = TranscribeOptions(no_repeat_tokens=0, temperatures=(0.0, 1.0), best_of=2, relisten_after=0)
    segments = segments_of(tiny.transcribe(german, "en", options))
    assert {segment.temperature for segment in segments} == {1.0}


def test_good_speech_is_decoded_once(tiny: FasterWhisperTranscriber, clips: Clips) -> None:
    results = tiny.transcribe(clips.windows("other/en_short/jfk.wav"), "en")
    assert {segment.temperature for result in results for segment in result.segments} == {0.0}


def test_more_text_than_speech_is_too_dense() -> None:
    window = Window(Waveform(np.zeros(2 * SAMPLE_RATE, dtype=np.float32)), (Interval(0.5, 0.9),))
    assert is_too_dense("Thank you very much for watching this.", window)
    assert not is_too_dense("Thank you.", window)


def test_a_loop_is_cut_to_two() -> None:
    assert without_loops(["a", "b", "a", "b", "a", "b", "a", "b", "c"], str) == ["a", "b", "a", "b", "c"]
    assert without_loops(["no", "no", "no", "no", "no"], str) == ["no", "no"]
    assert without_loops(["very", "very", "good"], str) == ["very", "very", "good"]


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_cutting_loops_keeps_order_and_invents_nothing(words: list[str]) -> None:
    kept = without_loops(words, str)
    rest = iter(words)
    assert all(word in rest for word in kept), "not a part of the words in their order"
    assert without_loops(list("abcabc"), str) == list("abcabc")


def test_what_the_model_has_no_doubt_of_may_fill_the_window() -> None:
    window = Window(Waveform(np.zeros(10 * SAMPLE_RATE, np.float32)), (Interval(1.0, 3.0),))
    text = "As over the telephone, where the detector hears a part of what is said, and not all of it, by far."
    assert is_too_dense(text, window)
    assert not is_too_dense(text, window, is_sure=True)
    assert is_too_dense(4 * text, window, is_sure=True)
