"""Corrections, whole: real sound, the real small model as the judge, a real database, and DeepSeek's stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.conftest import REPOSITORY
from tests.fixtures.llm_server import KEY, LlmServer
from trax.archive import Archive
from trax.database import TranscriptionResult
from trax.enhancement.content import decisions_of
from trax.errors import LlmNotSetUp, MediaNotFound, UsageError
from trax.jobs.imports import import_file, import_files_alone
from trax.result import Result
from trax.settings import load_settings
from trax.stages.engines import engines_for
from trax.stages.llm import llm_of
from trax.transcription.engines import Engines

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"
MODEL = "tiny.en"

# What was said, beside what a recogniser might have made of it
HEARD = {
    "Good mourning, I am looking for a recording of the old radio station.": (
        "Good morning. I am looking for a recording of the old radio station."
    ),
    "Good morning, do you no the year in which it was made?": (
        "Good morning. Do you know the year in which it was made?"
    ),
    "I think it was made in the summer, many years ago.": "I think it was made in the winter, many years ago.",
    "We have many tapes from that summer who is speaking on it.": (
        "We have no tapes from that summer. Who is speaking on it?"
    ),
    "My grandmother, she told a story about river and the bridge.": (
        "My grandmother. She told a story about the river and the bridge."
    ),
    "Then we can search for those words here it is in the third box.": (
        "Then we can search for those words. Here it is in the fourth box."
    ),
    "That is wonderful, may I listen to it now.": "Sure! Here is the corrected text: That is wonderful.",
    "Of course, please take a sea and I will start the machine": (
        "Of course. Please take a seat, and I will start the machine for you all."
    ),
}
TIMES = [(0.6, 4.6), (5.2, 8.4), (9.0, 12.1), (12.7, 16.0), (16.6, 20.3), (20.9, 24.7), (25.3, 27.8), (28.4, 32.5)]
ACCEPTED = {("mourning,", "morning."), ("no", "know"), ("", "the"), ("sea", "seat,"), ("here", "Here"), ("she", "She")}
REFUSED = {("summer,", "winter,"), ("many", "no"), ("third", "fourth"), ("", "for you all.")}


@pytest.fixture
def archive(tiny_engines: Engines, llm_server: LlmServer, database_url: str) -> Iterator[Archive]:
    """Its judge stays loaded from test to test."""
    settings = load_settings(llm_base_url=llm_server.url, llm_api_key=KEY, model=MODEL)
    tiny_engines.get(MODEL)
    options = replace(tiny_engines.options, judge=MODEL)
    engines = Engines(
        options, lambda _: None, open_llm=lambda name: llm_of(settings, name), _loaded=tiny_engines._loaded
    )
    llm_server.rule = lambda text: HEARD.get(text, text)
    with Archive(settings, engines=engines) as opened:
        yield opened


@pytest.fixture
def heard(archive: Archive, tmp_path: Path) -> Result:
    """The sample, as badly as above."""
    lines = [
        f"{n}\n00:00:{start:06.3f} --> 00:00:{end:06.3f}\n{text}\n".replace(".", ",", 2)
        for n, (text, (start, end)) in enumerate(zip(HEARD, TIMES, strict=True), 1)
    ]
    path = tmp_path / "heard.srt"
    path.write_text("\n".join(lines), encoding="utf-8")
    imported, _ = import_file(archive.database, str(SAMPLE), path, "en")
    return archive.result(str(imported.result_id))


def enhanced(archive: Archive, id: object, **options: object) -> Result:
    (outcome,) = archive.enhance([str(id)], **options)  # type: ignore[arg-type]
    assert outcome.result is not None, outcome.error
    return outcome.result


def test_what_the_sound_confirms_is_taken_over_and_nothing_else(archive: Archive, heard: Result) -> None:
    result = enhanced(archive, heard.id)
    assert (result.pipeline_version, result.parent_id, result.version) == ("v2", heard.id, 2)
    decisions = decisions_of(result.content)
    accepted = {(d.edit.before, d.edit.after) for d in decisions if d.accepted}
    refused = {(d.edit.before, d.edit.after) for d in decisions if not d.accepted}
    assert accepted >= ACCEPTED, [d for d in decisions if not d.accepted]
    assert refused >= REFUSED
    texts = [segment.text for segment in result.transcript.segments]
    assert texts[1] == "Good morning. Do you know the year in which it was made?"
    assert texts[6] == "That is wonderful, may I listen to it now.", "the model's chatter is no transcript"
    assert result.content["enhanced_text"] == result.transcript.text == " ".join(texts)
    assert result.content["original_text"] == heard.transcript.text
    assert "Fixed a word in sentence 1" in result.content["improvements"]
    by_sound = [d for d in decisions if d.by == "audio"]
    assert all(d.scores is not None and d.accepted == (d.scores["gain"] >= d.scores["needed"]) for d in by_sound)


def test_words_keep_their_moments(archive: Archive, heard: Result) -> None:
    result = enhanced(archive, heard.id)
    for segment in result.transcript.segments:
        times = [time for word in segment.words for time in (word.start, word.end)]
        assert times == sorted(times)
        assert segment.start <= times[0] <= times[-1] <= segment.end
        assert "".join(word.text for word in segment.words).strip() == segment.text
    assert "Please take a seat,\nand I will start the machine" in result.export("srt")
    (hit,) = archive.finder.find('"take a seat"').hits
    assert (hit.start, hit.end) == (28.4, 32.5)
    (seat,) = [word for word in result.transcript.words if word.text == " seat,"]
    assert seat.start == pytest.approx(30.2, abs=0.7)


def test_one_edit_is_taken_back(archive: Archive, heard: Result) -> None:
    result = enhanced(archive, heard.id)
    (edit,) = [d.edit for d in decisions_of(result.content) if d.edit.after == "know"]
    without = archive.revert_edit(str(result.id), edit.id)
    assert (without.version, without.parent_id, without.pipeline_version) == (3, result.id, "v2")
    assert without.transcript.segments[1].text == "Good morning. Do you no the year in which it was made?"
    assert without.transcript.segments[0] == result.transcript.segments[0]
    (decision,) = [d for d in decisions_of(without.content) if d.edit.id == edit.id]
    assert (decision.accepted, decision.by) == (False, "person")
    for wrong in (edit.id, "s99e1"):
        with pytest.raises(UsageError, match="trax diff"):
            archive.revert_edit(str(without.id), wrong)
    with pytest.raises(UsageError, match="corrected by no language model"):
        archive.revert_edit(str(heard.id), edit.id)
    assert enhanced(archive, heard.id).id == result.id, "a version by hand answers no request"


def test_a_pipeline_with_corrections(archive: Archive, llm_server: LlmServer) -> None:
    llm_server.rule = lambda text: text.replace("morning, do", "morning. Do").replace("summer", "winter")
    result = archive.transcribe(SAMPLE, pipeline="v2", glossary=["radio station"])
    heard = archive.result(str(result.parent_id))
    assert [version.pipeline_version for version in archive.versions(str(result.media_id))] == ["v1", "v2"]
    assert "Good morning. Do you" in result.transcript.text
    assert "winter" not in result.transcript.text
    assert [word.start for word in result.transcript.words] == [word.start for word in heard.transcript.words]
    assert archive.transcribe(SAMPLE).existed
    assert archive.transcribe(SAMPLE, pipeline="v2", glossary=["radio station"]).existed
    (asked,) = llm_server.asked
    assert asked["hints"] == {"language": "en", "title": "conversation", "glossary": ["radio station"]}
    metadata = result.content["enhancement_metadata"]
    assert metadata["model"] == "deepseek-chat"
    assert metadata["prompt_tokens"] > 0
    told = archive.board.show(result.job_id).usage
    assert told.calls == 1
    assert told.cost == pytest.approx(metadata["cost"], abs=1e-6)


def test_without_a_key_nothing_is_transcribed(database_url: str) -> None:
    settings = load_settings(model=MODEL)
    with Archive(settings, engines=engines_for(settings, lambda _: None)) as archive:
        with pytest.raises(LlmNotSetUp, match="TRAX_LLM_API_KEY"):
            archive.transcribe(SAMPLE, pipeline="v2")
        with archive.database.transaction() as session:
            assert session.scalars(select(TranscriptionResult)).all() == []


def test_where_nobody_can_object_nothing_is_corrected(archive: Archive, tmp_path: Path, llm_server: LlmServer) -> None:
    alone = tmp_path / "alone.srt"
    alone.write_text("1\n00:00:01,000 --> 00:00:02,000\nNobody recorded this.\n", encoding="utf-8")
    (imported,) = import_files_alone(archive.database, [alone])
    assert imported.imported is not None
    (outcome,) = archive.enhance([str(imported.imported.media_id)])
    assert isinstance(outcome.error, MediaNotFound)
    assert llm_server.seen == []
