"""The main job, whole: real media, the real small model, a real database."""

from __future__ import annotations

import shutil
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from sqlalchemy import select

import trax
from tests.conftest import REPOSITORY
from trax.archive import Archive, Outcome
from trax.database import MediaFile, TranscriptionJob, TranscriptionResult
from trax.errors import (
    JobFailed,
    LanguageUnsupported,
    MediaChanged,
    MediaNotFound,
    ModelUnavailable,
    RecordNotFound,
    UnknownModel,
    UnreadableMedia,
    UsageError,
)
from trax.flow import Hook, Made, Material, Progress, Request
from trax.pipeline import PIPELINES, TRANSCRIBE, Stage
from trax.transcription.engines import Engines

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"


@pytest.fixture
def archive(database_url: str, tiny_engines: Engines) -> Iterator[Archive]:
    with Archive(engines=tiny_engines) as opened:
        yield opened


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Three seconds of the sample: fast to transcribe, yet real speech."""
    from trax.media.decode import decode

    with decode(SAMPLE) as decoding:
        sound = np.concatenate(list(decoding))
    return write_wav(tmp_path / "clip.wav", sound[: 16_000 * 4])


def write_wav(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def write_flac(path: Path, samples: np.ndarray) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = 16_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return path


def rows(archive: Archive, model: type) -> list:  # type: ignore[type-arg]
    with archive.database.transaction() as session:
        return list(session.scalars(select(model).order_by(model.created_at)))  # type: ignore[attr-defined]


def test_a_file_becomes_a_versioned_transcript(archive: Archive) -> None:
    result = archive.transcribe(SAMPLE, model="tiny.en")

    spoken = result.transcript.text.lower()
    for words in ("recording of the old radio station", "story about the river and the bridge", "start the machine"):
        assert words in spoken
    (stored,) = rows(archive, TranscriptionResult)
    assert set(stored.content) == {"text", "language", "segments", "coverage"}
    assert set(stored.content["segments"][0]) == {"id", "start", "end", "text", "confidence"}
    assert stored.content["text"] == " ".join(segment["text"] for segment in stored.content["segments"])
    assert set(stored.segments[0]["words"][0]) == {"start", "end", "word", "probability"}
    assert stored.version == 1
    assert stored.parent_result_id is None
    assert stored.pipeline_version == "v1"
    assert stored.model_used == "tiny.en"
    assert 0.5 < stored.accuracy <= 1
    assert stored.word_count == len(stored.content["text"].split())
    assert stored.processing_time > 0
    assert 0 < stored.confidence_scores["overall"] <= 1
    for key in ("model", "revision", "compute_type", "device", "versions", "request"):
        assert key in stored.model_config
    assert stored.model_config["request"]["vad"]
    assert result.transcript == archive.result(str(result.id)).transcript


def test_media_and_job_walk_to_their_ends(archive: Archive) -> None:
    archive.transcribe(SAMPLE, model="tiny.en")
    (media,), (job,) = rows(archive, MediaFile), rows(archive, TranscriptionJob)
    assert (media.status, job.status) == ("ready", "completed")
    assert media.filename == "conversation.ogg"
    assert media.source_path == media.local_path == str(SAMPLE)
    assert media.mime_type == "audio/ogg"
    assert media.file_size == SAMPLE.stat().st_size
    assert media.duration == pytest.approx(33, abs=2)
    for key in ("format", "codec", "bitrate", "sample_rate", "channels", "ffmpeg_info"):
        assert media.file_metadata[key] is not None
    assert media.file_metadata["decoding"]["truncated"] is False
    assert job.started_at <= job.completed_at
    assert job.model_config["model"] == "tiny.en"
    assert job.error_message is None


def test_the_same_request_is_answered_from_the_archive(archive: Archive, clip: Path) -> None:
    first = archive.transcribe(clip, model="tiny.en")
    again = archive.transcribe(clip, model="tiny.en")
    forced = archive.transcribe(clip, model="tiny.en", force=True)
    assert (first.existed, again.existed, forced.existed) == (False, True, False)
    assert again.id == first.id
    assert forced.version == 2
    assert [result.version for result in archive.versions(str(first.media_id)[:6])] == [1, 2]
    assert forced.transcript.text == first.transcript.text


def test_other_options_make_another_version(archive: Archive, clip: Path) -> None:
    from trax.transcription.transcriber import TranscribeOptions

    archive.transcribe(clip, model="tiny.en")
    other = archive.transcribe(clip, model="tiny.en", transcribe=TranscribeOptions(beam_size=1))
    assert (other.version, other.existed) == (2, False)
    assert archive.result(str(other.media_id), version=1).id != other.id


def test_the_same_bytes_are_the_same_media_under_any_name(archive: Archive, clip: Path, tmp_path: Path) -> None:
    first = archive.transcribe(clip, model="tiny.en")
    copy = shutil.copy(clip, tmp_path / "another name.bin")
    again = archive.transcribe(copy, model="tiny.en")
    assert again.media_id == first.media_id
    assert again.existed
    assert [Path(media.local_path) for media in rows(archive, MediaFile)] == [copy]
    write_wav(clip, np.zeros(16_000, dtype=np.float32))  # the first path now holds something else
    assert archive.transcribe(copy, model="tiny.en", force=True).media_id == first.media_id


def test_changed_bytes_at_the_same_path_are_new_media(archive: Archive, clip: Path) -> None:
    first = archive.transcribe(clip, model="tiny.en")
    write_wav(clip, np.zeros(16_000, dtype=np.float32))
    second = archive.transcribe(clip, model="tiny.en")
    assert second.media_id != first.media_id
    assert second.version == 1
    gone, here = rows(archive, MediaFile)
    assert (gone.local_path, here.local_path) == (None, str(clip))
    assert archive.result(str(first.media_id)).transcript == first.transcript


def test_bytes_that_change_behind_our_back_are_noticed(archive: Archive, clip: Path) -> None:
    from trax.jobs.prepare import local_file

    archive.transcribe(clip, model="tiny.en")
    (media,) = rows(archive, MediaFile)
    assert local_file(media, archive.settings) == clip
    clip.touch()
    assert local_file(media, archive.settings) == clip
    write_wav(clip, np.zeros(16_000, dtype=np.float32))
    with pytest.raises(MediaChanged, match="has changed"):
        local_file(media, archive.settings)


def test_silence_is_a_valid_empty_transcript(archive: Archive, tmp_path: Path) -> None:
    silence = write_wav(tmp_path / "silence.wav", np.zeros(16_000 * 5, dtype=np.float32))
    told = Notices()
    result = archive.transcribe(silence, model="tiny.en", hook=told)
    assert told.texts == ["No speech was found: the recording is silent."]
    assert result.transcript.segments == ()
    assert result.word_count == 0
    assert result.accuracy is None
    assert result.transcript.duration == pytest.approx(5)
    for format in ("txt", "srt", "vtt", "json", "md"):
        result.export(format)


def test_damage_is_said_and_stored(archive: Archive, tmp_path: Path) -> None:
    noise = np.random.default_rng(7).normal(0, 0.01, 16_000 * 10).astype(np.float32)
    whole = write_flac(tmp_path / "whole.flac", noise)
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 5])
    told = Notices()
    result = archive.transcribe(cut, model="tiny.en", hook=told)
    assert any("of the 10 s that it declares" in text for text in told.texts)
    assert result.transcript.duration == pytest.approx(4, abs=0.5)
    (media,) = rows(archive, MediaFile)
    assert media.file_metadata["decoding"]["truncated"] is True


def test_one_bad_file_does_not_harm_the_others(archive: Archive, clip: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_bytes(b"not sound at all" * 100)
    empty = tmp_path / "empty.wav"
    empty.touch()
    outcomes = list(archive.transcribe_all([str(bad), str(clip), str(empty)], model="tiny.en"))
    assert [outcome.result is not None for outcome in outcomes] == [False, True, False]
    assert isinstance(outcomes[0].error, UnreadableMedia)
    by_name = {media.filename: media for media in rows(archive, MediaFile)}
    assert {name: media.status for name, media in by_name.items()} == {
        "bad.mp3": "failed",
        "clip.wav": "ready",
        "empty.wav": "failed",
    }
    failed = [job for job in rows(archive, TranscriptionJob) if job.status == "failed"]
    assert len(failed) == 2
    assert all(job.error_message and job.completed_at for job in failed)
    assert by_name["bad.mp3"].file_metadata["error"] == failed[0].error_message


def test_requests_that_are_wrong_are_refused_before_any_work(archive: Archive, clip: Path) -> None:
    with pytest.raises(UnknownModel, match=r"tiny\.en"):
        archive.transcribe(clip, model="tiny.n")
    with pytest.raises(UsageError, match="pipeline"):
        archive.transcribe(clip, pipeline="v9")
    with pytest.raises(UsageError, match="colour"):
        archive.transcribe(clip, colour="blue")
    with pytest.raises(MediaNotFound):
        archive.transcribe(clip.with_name("no such file.mp3"))
    assert rows(archive, TranscriptionJob) == []


def test_a_source_that_is_wrong_does_not_hold_up_the_others(archive: Archive, clip: Path) -> None:
    missing = str(clip.with_name("no such file.mp3"))
    first, second = archive.transcribe_all([missing, str(clip)], model="tiny.en")
    assert isinstance(first.error, MediaNotFound)
    assert second.result is not None


def test_what_nobody_foresaw_is_one_failed_job(archive: Archive, clip: Path) -> None:
    class Breaks(Hook):
        def progress(self, progress: Progress) -> None:
            if progress.stage == "transcribe":
                raise RuntimeError("something unforeseen\nand its details")

    with pytest.raises(JobFailed, match=r"Unexpected RuntimeError: something unforeseen\. .*fault in Trax"):
        archive.transcribe(clip, model="tiny.en", hook=Breaks())
    (job,) = rows(archive, TranscriptionJob)
    assert job.status == "failed"
    assert "details" not in job.error_message


def test_a_second_stage_makes_a_child(archive: Archive, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shout(material: Material, request: Request, engines: Engines, hook: Hook) -> Made:
        assert material.parent is not None
        heard = material.parent.transcript
        loud = tuple(replace(segment, text=segment.text.upper()) for segment in heard.segments)
        return Made(replace(heard, segments=loud), None, "shout", {"request": request.as_json()})

    monkeypatch.setitem(PIPELINES, "loud", (TRANSCRIBE, Stage("loud", shout)))
    result = archive.transcribe(clip, model="tiny.en", pipeline="loud")
    parent, child = rows(archive, TranscriptionResult)
    assert [(row.pipeline_version, row.version) for row in (parent, child)] == [("v1", 1), ("loud", 2)]
    assert child.parent_result_id == parent.id
    assert result.transcript.text == parent.content["text"].upper()
    assert result.transcript.language == "en"
    (job,) = rows(archive, TranscriptionJob)
    assert job.status == "completed"
    assert archive.transcribe(clip, model="tiny.en", pipeline="loud").existed
    assert archive.transcribe(clip, model="tiny.en").version == 1


def test_a_second_stage_that_fails_discards_nothing(
    archive: Archive, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(material: Material, request: Request, engines: Engines, hook: Hook) -> Made:
        raise ModelUnavailable("No such thing here.", "Try another.")

    monkeypatch.setitem(PIPELINES, "broken", (TRANSCRIBE, Stage("broken", break_down)))
    with pytest.raises(ModelUnavailable):
        archive.transcribe(clip, model="tiny.en", pipeline="broken")
    (kept,) = rows(archive, TranscriptionResult)
    assert kept.pipeline_version == "v1"
    (job,) = rows(archive, TranscriptionJob)
    assert job.status == "failed"
    assert archive.transcribe(clip, model="tiny.en").existed


def test_an_english_model_never_gets_another_language(archive: Archive, clip: Path) -> None:
    with pytest.raises(LanguageUnsupported, match="only English"):
        archive.transcribe(clip, model="tiny.en", language="de")
    (job,) = rows(archive, TranscriptionJob)
    assert job.status == "failed"
    assert "only English" in job.error_message


class Notices(Hook):
    """Remembers what the user is told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def notice(self, text: str) -> None:
        self.texts.append(text)


def test_the_language_is_told_first(database_url: str, base_model: Path, shared_data: Path) -> None:
    (found,) = (shared_data / "speech" / "other").rglob("common_voice_ja_24511055.mp3")
    japanese = str(found)
    told = Notices()
    with Archive() as archive:
        models = archive.settings.home / "models"
        models.mkdir(parents=True)
        (models / "base").symlink_to(base_model)  # a multilingual model is on this machine ...
        (outcome,) = archive.transcribe_all([japanese], model="tiny.en")
        assert isinstance(outcome.error, LanguageUnsupported)
        assert "'ja'" in str(outcome.error)

        (models / "large-v3-turbo").symlink_to(base_model)  # ... and now, as it were, the one for other languages too
        result = archive.transcribe(japanese, model="tiny.en", hook=told)
    assert result.transcript.language == "ja"
    assert any("\u3040" <= letter <= "\u30ff" for letter in result.transcript.text)  # kana
    assert any("large-v3-turbo instead" in text for text in told.texts)
    assert result.transcript.language_probability is not None


def test_an_unchecked_language_is_said_to_be_unchecked(archive: Archive, clip: Path) -> None:
    told = Notices()
    result = archive.transcribe(clip, model="tiny.en", hook=told)
    assert any("language was not checked" in text for text in told.texts)
    assert result.transcript.language == "en"
    (stored,) = rows(archive, TranscriptionResult)
    assert stored.model_config["language"]["how"] == "assumed"


def test_progress_goes_up_to_the_whole_length(archive: Archive) -> None:
    seen: list[Progress] = []

    class Watches(Hook):
        def progress(self, progress: Progress) -> None:
            seen.append(progress)

    archive.transcribe(SAMPLE, model="tiny.en", hook=Watches())
    done = [progress.done for progress in seen if progress.stage == "transcribe"]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(33, abs=2)


def test_the_shortest_program(database_url: str, clip: Path) -> None:
    result = trax.transcribe(clip, model="tiny.en")
    assert all(segment.start < segment.end for segment in result.transcript.segments)
    assert "good morning" in result.transcript.text.lower()


def test_the_options_of_the_command_line_work_in_python(database_url: str, clip: Path) -> None:
    result = trax.transcribe(
        clip, model="tiny.en", beam_size=1, prompt="Good morning", device="cpu", compute_type="float32"
    )
    with Archive() as archive:
        (stored,) = rows(archive, TranscriptionResult)
    request = stored.model_config["request"]
    assert stored.model_config["compute_type"] == request["compute_type"] == "float32"
    assert (request["transcribe"]["beam_size"], request["transcribe"]["initial_prompt"]) == (1, "Good morning")
    assert trax.transcribe(clip, model="tiny.en").version == result.version + 1


def test_a_failed_file_says_why_it_has_no_transcript(archive: Archive, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_bytes(b"not sound at all" * 100)
    list(archive.transcribe_all([str(bad)], model="tiny.en"))
    (media,) = rows(archive, MediaFile)
    with pytest.raises(RecordNotFound, match=media.file_metadata["error"][:20]):
        archive.result(str(media.id))


def test_names_that_look_like_something_else(archive: Archive, clip: Path, tmp_path: Path) -> None:
    for name in ("-rf.mp3", "concat:x.mp3", "line\nbreak.wav", "a" * 200 + ".wav", "%(title)s.wav", "na\u0308me.wav"):
        odd = tmp_path / name
        shutil.copy(clip, odd)
        (outcome,) = archive.transcribe_all([str(odd)], model="tiny.en")
        assert isinstance(outcome, Outcome)
        assert outcome.error is None
        odd.unlink()


def test_no_model_is_loaded_for_what_is_answered(database_url: str, tiny_model: str, tiny_engines: Engines) -> None:
    with Archive(engines=tiny_engines) as archive:
        archive.transcribe(SAMPLE, model=tiny_model)
    fresh = Engines(tiny_engines.options, lambda _: None)
    with Archive(engines=fresh) as archive:
        assert archive.transcribe(SAMPLE, model=tiny_model).existed
        assert not fresh._ahead
        assert not archive.transcribe(SAMPLE, model=tiny_model, force=True).existed
    [ahead] = fresh._ahead.values()
    assert ahead.result(0) is fresh.get(tiny_model), "it was begun when the job was queued"
