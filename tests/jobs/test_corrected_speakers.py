"""Corrections and speakers, one after the other: what each of them made is still there after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.fixtures.llm_server import KEY, LlmServer
from tests.jobs.conftest import SAMPLE
from tests.jobs.voices import Hears, TakesTurns, engines_with, without_whisper
from tests.stages.judges import Judge
from trax.archive import Archive, Outcome
from trax.enhancement.apply import with_words
from trax.enhancement.content import decisions_of, enhanced_from
from trax.errors import UsageError
from trax.result import Result
from trax.settings import load_settings
from trax.stages.llm import llm_of
from trax.transcription.transcriber import Transcriber

MODEL = "tiny.en"
SEGMENTS = 16


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> Hears:
    return without_whisper(monkeypatch)


@pytest.fixture
def archive(hears: Hears, llm_server: LlmServer, database_url: str) -> Iterator[Archive]:
    """Its language model corrects case, puts a word in, and makes a number up; its judge agrees with everything."""
    llm_server.rule = lambda heard: f"{heard.capitalize().replace(' word1', ' and word1')} 7."
    settings = load_settings(llm_base_url=llm_server.url, llm_api_key=KEY)
    judge: dict[tuple[str, str], Transcriber] = {(MODEL, "auto"): Judge(english_only=True)}
    engines = replace(engines_with(TakesTurns()), open_llm=lambda name: llm_of(settings, name), _loaded=judge)
    with Archive(settings, engines=engines) as opened:
        yield opened


def only(outcomes: Iterator[Outcome]) -> Result:
    (outcome,) = outcomes
    assert outcome.result is not None, outcome.error
    return outcome.result


def timed(result: Result) -> list[tuple[float, float, str]]:
    return [(word.start, word.end, word.text) for word in result.transcript.words]


def test_corrected_words_get_their_speakers(archive: Archive, hears: Hears) -> None:
    heard = archive.transcribe(SAMPLE, model=MODEL)
    corrected = only(archive.enhance([str(heard.id)]))
    told = only(archive.diarize([str(heard.media_id)]))
    assert [(r.pipeline_version, r.parent_id) for r in (corrected, told)] == [("v2", heard.id), ("v4", corrected.id)]
    assert told.transcript.text == corrected.transcript.text == " ".join(["Word0 and word1 word2"] * SEGMENTS)
    assert timed(told) == timed(corrected)
    starts = [start for start, _, _ in timed(told)]
    assert starts == sorted(starts)
    assert {word.speaker for word in corrected.transcript.words} == {None}
    assert [word.speaker for word in told.transcript.words] == [
        f"SPEAKER_{int(start // 4) % 2:02}" for start in starts
    ], "the word that was put in, too"
    assert hears.runs == 1


def test_what_was_decided_outlives_the_speakers(archive: Archive) -> None:
    heard = archive.transcribe(SAMPLE, model=MODEL)
    corrected = only(archive.enhance([str(heard.id)]))
    before = decisions_of(corrected.content)
    told = only(archive.diarize([str(corrected.id)]))
    decisions = decisions_of(archive.result(str(corrected.id)).content)
    assert decisions == before
    assert {(d.edit.kind, d.accepted, d.by) for d in decisions} == {
        ("case", True, "kind"),
        ("insertion", True, "audio"),
        ("number", False, "rule"),
    }
    assert enhanced_from(with_words(heard.transcript), decisions).transcript.text == told.transcript.text
    with pytest.raises(UsageError, match=r"Version 2, from which it comes, was: `trax revert-edit [0-9a-f-]{36} s0e1`"):
        archive.revert_edit(str(told.id), "s0e1")
    taken = archive.revert_edit(str(corrected.id), "s0e1")
    assert taken.transcript.text == told.transcript.text.replace("Word0", "word0", 1)


def test_speakers_outlive_corrections(archive: Archive) -> None:
    told = archive.transcribe(SAMPLE, model=MODEL, pipeline="v4")
    corrected = only(archive.enhance([str(told.media_id)]))
    assert corrected.parent_id == told.id
    assert corrected.speaker_info == told.speaker_info
    assert corrected.transcript.text == " ".join(["Word0 and word1 word2"] * SEGMENTS)
    assert [word.speaker for word in corrected.transcript.words] == [
        word.speaker for word in told.transcript.words for _ in range(1 + (word.text == " word1"))
    ]
