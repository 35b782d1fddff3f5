"""The voice activity detector: the same answer however the sound arrives, and the same as its reference."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.transcription.clips import Clips
from trax.audio import SAMPLE_RATE, Samples
from trax.vad import silero
from trax.vad.silero import FRAME_SAMPLES, speech_probabilities


def in_blocks(samples: Samples, size: int) -> list[Samples]:
    return [samples[start : start + size] for start in range(0, len(samples), size)]


def probabilities(blocks: list[Samples]) -> np.ndarray:
    return np.concatenate([found for _, found in speech_probabilities(blocks)])


@pytest.fixture(scope="module")
def speech(clips: Clips) -> Samples:
    return clips.read("7859-102519-0048.flac")


@pytest.mark.parametrize("size", [FRAME_SAMPLES, 1000, 16_384, 100_003])
def test_blocks_do_not_matter(speech: Samples, size: int) -> None:
    whole = probabilities([speech])
    np.testing.assert_allclose(probabilities(in_blocks(speech, size)), whole, atol=1e-5)


def test_it_agrees_with_faster_whisper(speech: Samples) -> None:
    from faster_whisper.vad import get_vad_model

    padded = np.pad(speech, (0, FRAME_SAMPLES - len(speech) % FRAME_SAMPLES))
    reference = get_vad_model()(padded).reshape(-1)
    ours = probabilities([speech])
    # its last frame is left out: the reference blanks that frame's end
    np.testing.assert_allclose(ours[:-1], reference[: len(ours) - 1], atol=1e-5)


def test_no_sample_is_lost(speech: Samples) -> None:
    pieces = [samples for samples, _ in speech_probabilities(in_blocks(speech, 7001))]
    np.testing.assert_array_equal(np.concatenate(pieces), speech)


def test_speech_is_told_from_silence_and_noise(speech: Samples) -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, 4 * SAMPLE_RATE).astype(np.float32)
    assert probabilities([speech]).max() > 0.9
    assert probabilities([np.zeros(4 * SAMPLE_RATE, dtype=np.float32)]).max() < 0.2
    assert probabilities([noise]).max() < 0.5


def test_no_sound_has_no_frames() -> None:
    assert list(speech_probabilities([])) == []


def test_both_libraries_find_the_same_speech(speech: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    on_openvino = probabilities(in_blocks(speech, 16_384))
    assert silero.runtime() == "openvino"
    monkeypatch.setattr(silero, "runtime", lambda: "onnxruntime")
    on_onnx = probabilities(in_blocks(speech, 16_384))
    np.testing.assert_allclose(on_openvino, on_onnx, atol=1e-4)
    assert on_openvino.max() > 0.9, "there is speech in it"


def test_an_openvino_that_does_not_work_is_done_without(speech: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(silero, "_compiled", broken)
    silero.runtime.cache_clear()
    try:
        assert silero.runtime() == "onnxruntime"
        assert probabilities([speech]).max() > 0.9
    finally:
        silero.runtime.cache_clear()


def test_detectors_in_several_threads_do_not_disturb_each_other(speech: Samples) -> None:
    whole = probabilities(in_blocks(speech, 5_000))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(probabilities, [in_blocks(speech, 5_000)] * 8))
    assert all(np.array_equal(one, whole) for one in found)
