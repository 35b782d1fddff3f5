"""Words and segments: in order, within bounds, and divided where people would."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trax.audio import SAMPLE_RATE, Waveform, Window
from trax.timeline import Interval
from trax.transcript import Word
from trax.transcription.decoding import Hypothesis
from trax.transcription.segments import ScoredWord, ends_sentence, segments_of
from trax.transcription.transcriber import TranscribeOptions
from trax.transcription.unexplained import unexplained
from trax.transcription.words import in_order, words_of

READING = Hypothesis((1,), "text", -0.3, 0.1, 1.1, 0.0)


def a_window(seconds: float, *speech: tuple[float, float], start: float = 0.0) -> Window:
    """A window whose VAD heard speech at these times of the media."""
    samples = np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)
    return Window(Waveform(samples, round(start * SAMPLE_RATE)), tuple(Interval(*region) for region in speech))


def aligned(*words: tuple[str, float, float]) -> list[dict[str, Any]]:
    """What the aligner says, in seconds of the window."""
    return [{"word": w, "tokens": [1], "start": s, "end": e, "probability": 0.9} for w, s, e in words]


def texts(words: list[Word]) -> list[str]:
    return [word.text for word in words]


def test_punctuation_belongs_to_its_word() -> None:
    words = words_of(
        aligned((" Well", 0, 0.4), (",", 0.4, 0.5), (" he", 0.5, 0.6), (" said", 0.6, 1), (".", 1, 2)),
        a_window(3, (0, 3)),
    )
    assert texts(words) == [" Well,", " he", " said."]


def test_what_is_written_without_a_space_is_one_word() -> None:
    words = words_of(
        aligned((" C", 0, 0.2), ("'est", 0.2, 0.5), (" well", 1, 1.2), ("-known", 1.2, 1.6)), a_window(3, (0, 3))
    )
    assert texts(words) == [" C'est", " well-known"]
    assert (words[1].start, words[1].end) == (1.0, 1.6)


def test_the_first_word_of_a_window_has_its_space_too() -> None:
    assert texts(words_of(aligned(("Ah", 0, 0.2)), a_window(1, (0, 1)))) == [" Ah"]
    assert texts(words_of(aligned(("あ", 0, 0.2)), a_window(1, (0, 1)), spaced=False)) == ["あ"]


def test_a_word_does_not_reach_over_a_pause() -> None:
    """The aligner leaves no time between words: the last before a pause gets the pause."""
    words = words_of(aligned((" done", 1, 4), (" Next", 4, 4.5)), a_window(6, (0.5, 1.6), (3.9, 6)))
    assert words[0].end < 2
    assert words[1].start >= 3.7


@given(
    st.lists(st.tuples(st.floats(-1, 12), st.floats(-1, 12)), max_size=40),
    st.floats(min_value=0, max_value=5),
)
def test_words_are_brought_in_order(times: list[tuple[float, float]], start: float) -> None:
    words = [Word(begin, end, " x", 0.5) for begin, end in times]
    placed = in_order(words, start, start + 10)
    assert len(placed) == len(words)
    for word in placed:
        assert start - 1e-9 <= word.start < word.end <= start + 10 + 1e-9
    assert all(first.end <= second.start + 1e-9 for first, second in pairwise(placed))


def scored(*words: tuple[str, float, float]) -> list[ScoredWord]:
    return [ScoredWord(Word(start, end, text, 0.9), READING) for text, start, end in words]


def segment_texts(words: list[ScoredWord]) -> list[str]:
    return [segment.text for segment in segments_of(words, TranscribeOptions())]


def test_segments_end_with_sentences_and_at_pauses() -> None:
    found = segment_texts(
        scored((" It", 0, 0.2), (" works.", 0.2, 0.8), (" And", 0.9, 1), (" then", 1, 1.2), (" it", 2.5, 2.6))
    )
    assert found == ["It works.", "And then", "it"]


def test_titles_and_initials_do_not_end_a_sentence() -> None:
    assert not ends_sentence(" Mr.")
    assert not ends_sentence(" J.")
    assert ends_sentence(' over."')
    assert ends_sentence("です。")


def test_a_segment_is_never_longer_than_allowed() -> None:
    words = scored(*((" on", second * 0.5, second * 0.5 + 0.5) for second in range(200)))
    found = segments_of(words, TranscribeOptions(max_segment=12))
    assert all(segment.end - segment.start <= 12 for segment in found)
    assert sum(len(segment.words) for segment in found) == 200


def missed(window: Window, *words: tuple[float, float]) -> list[tuple[float, float]]:
    found = unexplained(window, [Word(start, end, " w", 0.9) for start, end in words], least=1.5)
    return [(round(part.start, 2), round(part.start + part.duration, 2)) for part in found]


def test_speech_with_words_needs_no_second_hearing() -> None:
    assert missed(a_window(10, (0.5, 9)), (0.5, 2), (2.8, 4), (4.5, 6), (6.9, 9)) == []


def test_speech_after_the_last_word_is_missed() -> None:
    assert missed(a_window(10, (0.5, 4), (5, 9.5)), (0.5, 2), (2, 4)) == [(4.6, 9.9)]


def test_speech_between_words_is_missed() -> None:
    assert missed(a_window(10, (0, 10)), (0, 2), (6, 8), (8, 10)) == [(2.0, 6.0)]


def test_a_pause_is_not_missed() -> None:
    assert missed(a_window(10, (0, 2), (6, 10)), (0, 2), (6, 8), (8, 10)) == []


def test_a_second_hearing_has_the_right_samples() -> None:
    window = Window(Waveform(np.arange(10 * SAMPLE_RATE, dtype=np.float32), 32_000), (Interval(2.0, 12.0),))
    (part,) = unexplained(window, [Word(2.0, 6.0, " w", 0.9)], least=1.5)
    begin = part.waveform.start_sample - 32_000
    np.testing.assert_array_equal(part.waveform.samples, window.waveform.samples[begin:])
    assert part.start == 6.0
