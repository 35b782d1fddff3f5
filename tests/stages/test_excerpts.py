"""Single stretches of sound, cut out of one pass over a file."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from trax.audio import SAMPLE_RATE
from trax.flow import Hook
from trax.media.decode import DecodeOptions, decode
from trax.stages.excerpts import excerpts
from trax.timeline import Interval

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"


def test_each_is_what_the_file_has_there() -> None:
    with decode(SAMPLE) as decoding:
        whole = np.concatenate(list(decoding))
    spans = [Interval(1.5, 4.0), Interval(3.5, 6.25), Interval(28.0, 31.5)]
    found = list(excerpts(SAMPLE, DecodeOptions(), spans, Hook()))
    for span, window in zip(spans, found, strict=True):
        assert window is not None
        assert (window.start, window.duration) == (span.start, span.duration)
        assert np.array_equal(
            window.waveform.samples, whole[round(span.start * SAMPLE_RATE) : round(span.end * SAMPLE_RATE)]
        )


def test_where_there_is_no_sound_there_is_no_window() -> None:
    length = len(np.concatenate(list(_blocks()))) / SAMPLE_RATE
    (last, beyond) = excerpts(
        SAMPLE, DecodeOptions(), [Interval(length - 1, length + 5), Interval(length, length + 9)], Hook()
    )
    assert last is not None
    assert last.duration == pytest.approx(1, abs=0.01)
    assert beyond is None
    assert list(excerpts(SAMPLE, DecodeOptions(), [], Hook())) == []
    far = [Interval(length + 100, length + 105), Interval(length + 200, length + 205)]
    assert list(excerpts(SAMPLE, DecodeOptions(), far, Hook())) == [None, None]


def test_a_stretch_is_heard_and_not_what_lies_around_it() -> None:
    (window,) = excerpts(SAMPLE, DecodeOptions(start=5.0, end=8.0), [Interval(4.0, 9.0)], Hook())
    assert window is not None
    assert (window.start, window.duration) == (5.0, 3.0)


def test_whoever_waits_can_end_it() -> None:
    class Stop(Hook):
        def check(self) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(excerpts(SAMPLE, DecodeOptions(), [Interval(0.0, 9.0)], Stop()))


def _blocks() -> list[np.ndarray[tuple[int], np.dtype[np.float32]]]:
    with decode(SAMPLE) as decoding:
        return list(decoding)
