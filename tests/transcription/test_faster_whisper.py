"""The engine on real speech: the words, their times, and what it refuses."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from benchmarks.scoring import errors

from tests.transcription.clips import Clips
from trax.audio import SAMPLE_RATE, Samples, Waveform, Window
from trax.errors import LanguageUnsupported, ModelUnavailable, UsageError
from trax.timeline import Interval
from trax.transcript import Word
from trax.transcription.faster_whisper import FasterWhisperTranscriber, load
from trax.transcription.models import ResolvedModel, resolve
from trax.transcription.transcriber import TranscribeOptions, WindowResult
from trax.vad.windows import windows

FEW_CLIPS = ("1898-145715-0002.flac", "2136-5147-0011.flac", "7859-102519-0048.flac", "3526-176653-0049.flac")


def words_of(results: list[WindowResult]) -> list[Word]:
    return [word for result in results for segment in result.segments for word in segment.words]


def text_of(results: list[WindowResult]) -> str:
    return " ".join(segment.text for result in results for segment in result.segments)


@pytest.fixture(scope="module")
def few(clips: Clips) -> Samples:
    """Four clips in a row, five seconds of silence between them."""
    silence = np.zeros(5 * SAMPLE_RATE, dtype=np.float32)
    return np.concatenate([part for name in FEW_CLIPS for part in (clips.read(name), silence)])


@pytest.fixture(scope="module")
def few_windows(few: Samples) -> list[Window]:
    return list(windows([few]))


@pytest.fixture(scope="module")
def heard(tiny: FasterWhisperTranscriber, few_windows: list[Window]) -> list[WindowResult]:
    return list(tiny.transcribe(few_windows, "en"))


def test_the_words_are_right(clips: Clips, heard: list[WindowResult]) -> None:
    reference = " ".join(clips.references()[name] for name in FEW_CLIPS)
    assert errors(reference, text_of(heard)).wer < 0.08


def test_one_result_per_window_in_order(heard: list[WindowResult], few_windows: list[Window]) -> None:
    assert [result.start for result in heard] == [window.start for window in few_windows]
    assert len(heard) >= len(FEW_CLIPS)


def test_words_are_in_order_and_within_their_window(heard: list[WindowResult]) -> None:
    for result in heard:
        for segment in result.segments:
            assert segment.words
            assert segment.text == "".join(word.text for word in segment.words).strip()
            assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
            for word in segment.words:
                assert result.start <= word.start < word.end <= result.end + 1e-9
                assert word.text.startswith(" ")
                assert word.text.strip()
                assert 0 <= word.probability <= 1
    words = words_of(heard)
    assert all(first.end <= second.start + 1e-9 for first, second in pairwise(words))


def test_times_refer_to_the_media(tiny: FasterWhisperTranscriber, clips: Clips) -> None:
    """The same sound an odd number of samples later has its words exactly that much later."""
    sound = clips.read("7859-102519-0048.flac")
    region = (Interval(0.0, len(sound) / SAMPLE_RATE),)
    late = 1_234_567
    moved = (Interval(late / SAMPLE_RATE, (late + len(sound)) / SAMPLE_RATE),)
    (first,) = tiny.transcribe([Window(Waveform(sound), region)], "en")
    (second,) = tiny.transcribe([Window(Waveform(sound, late), moved)], "en")
    assert text_of([first]) == text_of([second])
    for early, later in zip(words_of([first]), words_of([second]), strict=True):
        assert later.start - early.start == pytest.approx(late / SAMPLE_RATE, abs=1e-6)


def test_known_words_are_near_their_times(tiny: FasterWhisperTranscriber, clips: Clips) -> None:
    """openai/whisper's own example: "... ask not what your country can do for you, ask what you can do ..."."""
    words = words_of(list(tiny.transcribe(clips.windows("other/en_short/jfk.wav"), "en")))
    found = {word.text.strip(" ,.").lower(): word for word in words}
    assert found["americans"].start == pytest.approx(1.8, abs=0.5)
    assert found["americans"].end == pytest.approx(2.6, abs=0.5)
    assert words[-1].text.strip(" .").lower() == "country"
    assert words[-1].end == pytest.approx(10.6, abs=0.5)


def test_windows_do_not_depend_on_their_neighbours(
    tiny: FasterWhisperTranscriber, few_windows: list[Window], heard: list[WindowResult]
) -> None:
    alone = [result for window in few_windows for result in tiny.transcribe([window], "en")]
    # a batch adds up in another order, which may tip a word
    assert errors(text_of(heard), text_of(alone)).wer < 0.03


def test_speech_that_was_left_out_is_listened_to_again(tiny: FasterWhisperTranscriber, clips: Clips) -> None:
    """tiny.en ends this clip's text after its first sentence, with four seconds of speech to come."""
    found = clips.windows("read/3526-176653-0049.flac")
    once = text_of(list(tiny.transcribe(found, "en", TranscribeOptions(relisten_after=0))))
    again = text_of(list(tiny.transcribe(found, "en")))
    assert "shaking his head" in again
    assert again.startswith(once.rstrip(".")), "what was heard at first stays"


def test_silence_and_noise_are_empty(tiny: FasterWhisperTranscriber) -> None:
    noise = np.random.default_rng(2).normal(0, 0.05, 20 * SAMPLE_RATE).astype(np.float32)
    for sound in (np.zeros(20 * SAMPLE_RATE, dtype=np.float32), noise):
        assert text_of(list(tiny.transcribe(windows([sound]), "en"))) == ""


@pytest.mark.parametrize("name", ["empty.wav", "empty.mp3", "laugh1.mp3"])
def test_recordings_without_speech_are_empty(tiny: FasterWhisperTranscriber, clips: Clips, name: str) -> None:
    assert text_of(list(tiny.transcribe(clips.windows(f"edge/{name}"), "en"))) == ""


def test_a_window_of_silence_gets_no_words(tiny: FasterWhisperTranscriber) -> None:
    """Even where a VAD was wrong."""
    window = Window(Waveform(np.zeros(10 * SAMPLE_RATE, dtype=np.float32)), (Interval(4.0, 4.2),))
    assert text_of(list(tiny.transcribe([window], "en"))) == ""


def test_an_english_model_gets_no_other_language(tiny: FasterWhisperTranscriber) -> None:
    assert tiny.english_only
    assert tiny.detect_language([]).language == "en"
    with pytest.raises(LanguageUnsupported, match="only English") as raised:
        list(tiny.transcribe([], "fr"))
    assert "multilingual" in raised.value.next_step


def test_the_language_is_detected(base: FasterWhisperTranscriber, clips: Clips) -> None:
    assert not base.english_only
    for path, language in (
        ("other/azure/fr-FR/training/audio1.wav", "fr"),
        ("edge/japanese.mp3", "ja"),
        ("other/en_short/jfk.wav", "en"),
    ):
        guess = base.detect_language(clips.windows(path))
        assert guess.language == language
        assert 0.4 < guess.probability <= 1


def test_another_language_is_transcribed(base: FasterWhisperTranscriber, clips: Clips) -> None:
    french = list(base.transcribe(clips.windows("edge/smartphone.mp3")[:1], "fr"))
    assert "smartphone" in text_of(french)
    assert all(word.text.startswith(" ") for word in words_of(french)), "c'est is one word"
    japanese = words_of(list(base.transcribe(clips.windows("edge/japanese.mp3")[:1], "ja")))
    assert len(japanese) > 20
    assert not any(word.text.startswith(" ") for word in japanese), "Japanese has no spaces between words"


def test_an_unknown_language_is_refused(base: FasterWhisperTranscriber) -> None:
    with pytest.raises(LanguageUnsupported, match="xx"):
        list(base.transcribe([], "xx"))


def test_the_description_is_enough_to_run_it_again(tiny: FasterWhisperTranscriber) -> None:
    facts = tiny.description()
    assert facts["model"] == "tiny.en"
    assert len(facts["revision"]) == 40
    assert facts["device"] == "cpu"
    assert facts["compute_type"] == "int8"
    assert {"ctranslate2", "faster-whisper", "onnxruntime", "av"} <= set(facts["versions"])


def test_a_listener_that_leaves_stops_the_engine(tiny: FasterWhisperTranscriber, few_windows: list[Window]) -> None:
    results = tiny.transcribe(few_windows, "en")
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert list(results) == []


def test_wrong_devices_and_arithmetic_are_explained(tiny_model: str, tmp_path: Path) -> None:
    model = resolve(tiny_model, models_folder=tmp_path, offline=True)
    with pytest.raises(UsageError, match="int3") as raised:
        load(model, device="cpu", compute_type="int3")
    assert "int8" in raised.value.next_step
    with pytest.raises(UsageError, match="toaster"):
        load(model, device="toaster")


@pytest.mark.parametrize("broken", ["model.bin", "tokenizer.json", "config.json"])
def test_a_broken_model_is_explained(tiny_model: str, tmp_path: Path, broken: str) -> None:
    good = resolve(tiny_model, models_folder=tmp_path, offline=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin"):
        (tmp_path / name).symlink_to(good.path / name)
    (tmp_path / broken).unlink()
    (tmp_path / broken).write_bytes(b"not what it should be")
    with pytest.raises(ModelUnavailable, match="can't be loaded"):
        load(ResolvedModel("broken", tmp_path, None, "path", english_only=True), device="cpu")
