"""Encoder windows as long as their sound needs, narrow searches that widen, and where the time goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.scoring import errors
from hypothesis import given
from hypothesis import strategies as st

from tests.transcription.clips import Clips
from trax.audio import SAMPLE_RATE, Waveform, Window
from trax.flow import Hook, Material, Request
from trax.stages.transcribe import transcribe
from trax.stopwatch import STAGES
from trax.transcription.decoding import Decoder
from trax.transcription.engines import Engines
from trax.transcription.faster_whisper import FasterWhisperTranscriber
from trax.transcription.hearing import FRAMES, FRAMES_STEP, features, frames_for
from trax.transcription.transcriber import TranscribeOptions, WindowResult

LATER = {"ask", "edits", "judge", "diarize", "segmentation", "embedding", "clustering", "assign"}
SHORT = TranscribeOptions(relisten_after=0)
WHOLE = replace(SHORT, margin=None)


def silence(seconds: float) -> Window:
    return Window(Waveform(np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)), ())


def text_of(results: list[WindowResult]) -> str:
    return " ".join(segment.text for result in results for segment in result.segments)


@given(st.floats(0.1, 30.0), st.none() | st.floats(0.0, 30.0))
def test_the_input_is_as_long_as_the_sound_and_its_margin(seconds: float, margin: float | None) -> None:
    window = silence(seconds)
    frames = frames_for(window, margin)
    assert frames <= FRAMES
    assert frames % 2 == 0, "the encoder halves it"
    if margin is None:
        assert frames == FRAMES
    else:
        needed = (window.duration + margin) * 100
        assert frames == FRAMES or needed - 1 <= frames <= needed + FRAMES_STEP
    assert frames_for(window, margin) >= min(FRAMES, round(window.duration * 100) - 1), "no sound is cut off"


def test_short_windows_say_the_same(tiny: FasterWhisperTranscriber, clips: Clips) -> None:
    windows = clips.windows("other/en_short/jfk.wav")
    assert frames_for(windows[0], SHORT.margin) < FRAMES
    short = text_of(list(tiny.transcribe(windows, "en", SHORT)))
    whole = text_of(list(tiny.transcribe(windows, "en", WHOLE)))
    assert errors(whole, short).wer < 0.05


def test_what_looks_odd_in_a_short_window_is_read_in_the_whole_one(
    tiny: FasterWhisperTranscriber, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[int] = []
    read = Decoder.read

    def noted(self: Decoder, encoded: list[object], options: TranscribeOptions) -> object:
        lengths.append(int(np.asarray(encoded[0]).shape[1]))
        return read(self, encoded, options)

    monkeypatch.setattr(Decoder, "read", noted)
    german = clips.windows("edge/gaenswein15.mp3")  # a loop, to an English model
    assert frames_for(german[0], SHORT.margin) < FRAMES
    results = list(tiny.transcribe(german, "en", SHORT))
    assert lengths[0] < FRAMES // 2
    assert FRAMES // 2 in lengths
    assert results == list(tiny.transcribe(german, "en", SHORT)), "and can be repeated"


def test_a_narrow_search_widens_where_it_fails(
    tiny: FasterWhisperTranscriber, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    widths: list[int] = []
    generate = Decoder._generate

    def noted(self: Decoder, encoded: object, count: int, options: TranscribeOptions, search: dict[str, int]) -> object:
        widths.append(search["beam_size"])
        return generate(self, encoded, count, options, search)

    monkeypatch.setattr(Decoder, "_generate", noted)
    fast = replace(SHORT, beam_size=1)
    speech = text_of(list(tiny.transcribe(clips.windows("other/en_short/jfk.wav"), "en", fast)))
    assert "country" in speech
    assert widths == [1]
    list(tiny.transcribe(clips.windows("edge/gaenswein15.mp3"), "en", fast))
    assert set(widths) == {1, 5}


def test_features_are_padded_with_zeros(tiny: FasterWhisperTranscriber, clips: Clips) -> None:
    window = clips.windows("other/en_short/jfk.wav")[0]
    short, whole = (features(tiny._engine, window, frames) for frames in (1500, FRAMES))
    assert short.shape == (1, 80, 1500)
    assert np.array_equal(short, whole[:, :, :1500])
    assert not whole[:, :, round(window.duration * 100) :].any()


def test_every_stage_has_its_time(clips: Clips, tiny_engines: Engines) -> None:
    path = clips.folder / "other" / "en_short" / "jfk.wav"
    profile = transcribe(Material(path), Request(model="tiny.en", language="en"), tiny_engines, Hook()).profile
    assert set(profile) == set(STAGES) - LATER
    assert all(seconds >= 0 for seconds in profile.values())
    assert profile["encode"] > 0
    assert profile["generate"] > profile["features"]
