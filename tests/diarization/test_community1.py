"""The real networks on real sound: who speaks in a phone call, a meeting, a monologue, silence and music."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from trax.audio import SAMPLE_RATE, Samples
from trax.diarization.community1 import Community1
from trax.diarization.der import der
from trax.diarization.weights import resolve
from trax.ingest.rttm import read_rttm_file
from trax.media.decode import DecodeOptions, decode
from trax.turns import Diarization, SpeakerCount


@pytest.fixture(scope="module")
def diarizer(tmp_path_factory: pytest.TempPathFactory) -> Community1:
    return Community1(resolve(None, models_folder=tmp_path_factory.mktemp("models"), offline=True), 2)


def heard(diarizer: Community1, sound: Samples, count: SpeakerCount = SpeakerCount()) -> Diarization:
    return diarizer.diarize(iter(np.array_split(sound, 7)), count, lambda: None, lambda _: None)


def sound_of(path: Path) -> Samples:
    with decode(path, DecodeOptions()) as decoding:
        return np.concatenate(list(decoding))


def test_a_phone_call_has_its_two_speakers(diarizer: Community1, shared_data: Path) -> None:
    told: list[float] = []
    with decode(shared_data / "speech/dialogue/sample.wav", DecodeOptions()) as decoding:
        found = diarizer.diarize(decoding, SpeakerCount(), lambda: None, told.append)
    reference = read_rttm_file(shared_data / "speech/dialogue/sample.rttm")["sample"]
    assert len(found.speakers) == 2
    assert der(reference, found.turns).rate <= 0.07  # 0.056 with every voice of every window heard anew
    assert told == sorted(told)
    assert told[-1] == pytest.approx(30, abs=0.1)
    assert set(found.profile) == {"segmentation", "embedding", "clustering"}


def test_one_reader_stays_one(diarizer: Community1, shared_data: Path) -> None:
    clips = sorted((shared_data / "speech/read").rglob("*.flac"))
    speaker = clips[0].name.split("-")[0]
    sound = np.concatenate([sound_of(clip) for clip in clips if clip.name.startswith(speaker)])[: 30 * SAMPLE_RATE]
    assert len(heard(diarizer, sound).speakers) == 1
    twenty = heard(diarizer, sound, SpeakerCount(exact=20))
    assert 1 <= len(twenty.speakers) < 20  # there are no twenty voices in it
    spoken = {
        name: sum(turn.end - turn.start for turn in twenty.turns if turn.speaker == name) for name in _names(twenty)
    }
    assert min(spoken.values()) >= 0.5
    assert twenty.params["speakers_asked"] == {"exact": 20}


def _names(found: Diarization) -> set[str]:
    return {turn.speaker for turn in found.turns}


def _seconds(found: Diarization, name: str) -> float:
    return sum(turn.end - turn.start for turn in found.turns if turn.speaker == name)


def test_less_than_a_frame_of_speech_has_no_speaker(diarizer: Community1, shared_data: Path) -> None:
    sound = sound_of(shared_data / "speech/dialogue/sample.wav")
    for length in (1, 160, 399, 400, 700):
        assert heard(diarizer, sound[8 * SAMPLE_RATE :][:length]).turns == ()


def test_turns_of_200_ms_belong_to_few(diarizer: Community1, shared_data: Path) -> None:
    clips = sorted((shared_data / "speech/read").rglob("*.flac"))
    voices = [sound_of(clips[0]), sound_of(clips[-1])]
    turn = SAMPLE_RATE // 5
    sound = np.concatenate([voices[number % 2][number * turn :][:turn] for number in range(50)])
    found = heard(diarizer, sound)
    assert 1 <= len(_names(found)) <= 2
    assert all(0 <= one.start < one.end <= 10.1 for one in found.turns)


def test_the_sample_that_comes_with_trax(diarizer: Community1) -> None:
    samples = REPOSITORY / "samples"
    [reference] = read_rttm_file(samples / "conversation.rttm").values()
    assert der(reference, heard(diarizer, sound_of(samples / "conversation.ogg")).turns).rate < 0.5


def _silence() -> Samples:
    return np.zeros(12 * SAMPLE_RATE, np.float32)


def _music() -> Samples:
    moments = np.arange(12 * SAMPLE_RATE) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * hertz * moments) for hertz in (220, 277.2, 329.6))
    return np.asarray(tones * 0.1 * (1 + np.sin(2 * np.pi * moments)), dtype=np.float32)


@pytest.mark.parametrize("sound", [_silence(), _music(), np.zeros(0, np.float32), np.zeros(100, np.float32)])
def test_where_nobody_speaks_there_are_no_speakers(diarizer: Community1, sound: Samples) -> None:
    assert heard(diarizer, sound).turns == ()


def test_a_second_of_speech_has_one_speaker(diarizer: Community1, shared_data: Path) -> None:
    sound = sound_of(shared_data / "speech/dialogue/sample.wav")
    one = heard(diarizer, sound[12 * SAMPLE_RATE : 13 * SAMPLE_RATE])
    assert [speaker.label for speaker in one.speakers] == ["SPEAKER_00"]
    assert one.turns[-1].end <= 1.0


def test_whoever_stops_it_is_heard(diarizer: Community1) -> None:
    class Enough(Exception):
        pass

    def enough() -> None:
        raise Enough

    def blocks() -> Iterator[Samples]:
        while True:
            yield np.random.default_rng(1).standard_normal(SAMPLE_RATE).astype(np.float32)

    with pytest.raises(Enough):
        diarizer.diarize(blocks(), SpeakerCount(), enough, lambda _: None)
