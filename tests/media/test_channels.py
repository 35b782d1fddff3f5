"""Channels that are heard by themselves: how many, what they share, and who speaks."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from tests.media.recordings import record, tone
from trax.errors import UsageError
from trax.media.channels import combined, repeated, speaker_info, speakers_of, split_count
from trax.media.decode import DecodeOptions, DecodeReport, decode
from trax.media.probe import probe
from trax.transcript import Segment, Word


def report_of(path: Path, channel: int | None = None) -> DecodeReport:
    with decode(path, DecodeOptions(channel=channel)) as decoding:
        list(decoding)
    return decoding.report


def test_the_report_of_all_channels(tmp_path: Path) -> None:
    path = record(tmp_path / "call.wav", np.stack([tone(1.0, level=0.5), np.zeros(16_000)]))
    reports = [report_of(path, channel) for channel in (0, 1)]
    both = combined(reports)
    assert both.duration == 1.0
    assert both.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert both.rms_dbfs == pytest.approx(-9.03 - 3.01, abs=0.01), "half of all samples are silent"
    assert combined(reports[1:]).peak_dbfs is None
    assert combined(reports[:1]) == reports[0]


def test_a_mono_recording_on_both_channels_is_noticed(tmp_path: Path) -> None:
    voice = np.random.default_rng(1).standard_normal(40_000) * 0.1
    other = np.random.default_rng(2).standard_normal(40_000) * 0.1
    told: list[str] = []
    for channels, same in (([voice, voice], {1}), ([voice, other], set()), ([voice * 0, voice * 0], set())):
        path = record(tmp_path / "sides.wav", np.stack(channels))
        assert repeated([report_of(path, 0), report_of(path, 1)], told.append) == same
    assert told == ["1 of 2 channels hold the same sound as another one: their words are kept once."]


def test_how_many_channels_can_be_split(tmp_path: Path) -> None:
    told: list[str] = []
    film = record(tmp_path / "film.wav", np.zeros((6, 1_600)), layout="5.1")
    assert split_count(probe(film), told.append) == 6
    assert told == []
    assert split_count(probe(record(tmp_path / "mono.wav", tone(0.1))), told.append) == 1
    assert "nothing was split" in told[0]
    with wave.open(str(tmp_path / "many.wav"), "wb") as file:
        file.setparams((9, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(18 * 1_600))
    with pytest.raises(UsageError, match="9 channels, and at most 8"):
        split_count(probe(tmp_path / "many.wav"), told.append)


def test_speakers_are_ordered_by_time() -> None:
    def said(start: float, text: str) -> Segment:
        return Segment(start, start + 1, text, (Word(start, start + 1, f" {text}", 1.0),))

    heard = [(0, said(0.0, "Hello?")), (0, said(4.0, "Who is it?")), (2, said(2.0, "Good morning."))]
    spoken = speakers_of(heard)
    assert [(segment.speaker, segment.text) for segment in spoken] == [
        ("1", "Hello?"),
        ("3", "Good morning."),
        ("1", "Who is it?"),
    ]
    assert all(word.speaker == segment.speaker for segment in spoken for word in segment.words)
    assert speaker_info(spoken, 3) == {
        "method": "channels",
        "channels": 3,
        "num_speakers": 2,
        "speakers": [
            {"label": "1", "channel": 0, "words": 4, "seconds": 2.0, "first_at": 0.0},
            {"label": "3", "channel": 2, "words": 2, "seconds": 1.0, "first_at": 2.0},
        ],
    }
