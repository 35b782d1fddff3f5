"""What the sound is asked, and in which language, where others' transcripts leave much open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.stages.judges import Judge
from trax.enhancement.apply import with_words
from trax.enhancement.edits import edits_between
from trax.enhancement.values import Correction, Decision
from trax.enhancement.votes import UNHEARD
from trax.flow import Hook, Made, Material, Request
from trax.stages.judge import heard, language_of
from trax.stopwatch import Stopwatch
from trax.transcript import Segment, Transcript
from trax.transcription.engines import EngineOptions, Engines

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"
MODEL = "tiny"
REQUEST = Request(model="import:srt")


def material(language: str, start: float = 1.0) -> Material:
    """Of a transcript that others have made."""
    made = Transcript(language, 40.0, (Segment(start, start + 4, "gut mourning to you"),))
    return Material(SAMPLE, Made(made, None, "import:srt", {}))


def engines_with(judge: Judge) -> Engines:
    options = EngineOptions(Path("/nonexistent"), offline=True, judge=MODEL)
    return Engines(options, lambda _: None, _loaded={(MODEL, "auto"): judge})


def decided(judge: Judge, given: Material, language: str) -> list[Decision]:
    assert given.parent is not None
    transcript = with_words(replace(given.parent.transcript, language=language))
    edits = edits_between(transcript, [Correction(0, "good morning to you")])
    assert edits
    return heard(judge, transcript, edits, given, REQUEST, Hook(), Stopwatch())


def test_a_language_that_nobody_told_is_heard() -> None:
    engines = engines_with(Judge())
    assert language_of(material("und"), REQUEST, engines, Hook()) == {
        "code": "de",
        "probability": 0.8,
        "how": "detected",
    }
    assert language_of(material("tlh"), REQUEST, engines, Hook())["code"] == "de", "Whisper knows no Klingon"
    assert language_of(material("fr"), REQUEST, engines, Hook()) == {"code": "fr"}
    assert language_of(material("und", start=500.0), REQUEST, engines, Hook()) == {"code": "und"}, "there is no sound"
    english = engines_with(Judge(english_only=True))
    assert language_of(material("und"), REQUEST, english, Hook())["code"] == "en"


def test_what_is_known_of_the_language_is_kept() -> None:
    given = material("en")
    assert given.parent is not None
    told = {"code": "en", "probability": 0.9, "how": "detected"}
    known = replace(given, parent=replace(given.parent, model_config={"language": told}))
    assert language_of(known, REQUEST, engines_with(Judge()), Hook()) == told


@pytest.mark.parametrize("language", ["und", "tlh"])
def test_a_language_that_whisper_does_not_know_is_not_put_to_it(language: str) -> None:
    judge = Judge()
    assert {d.reason for d in decided(judge, material(language), language)} == {UNHEARD}
    assert judge.asked == []


def test_words_after_the_end_of_the_media_have_no_sound() -> None:
    judge = Judge()
    assert {d.reason for d in decided(judge, material("en", start=500.0), "en")} == {UNHEARD}
    assert judge.asked == []
    assert all(decision.accepted for decision in decided(judge, material("en"), "en"))
    assert ("en", "gut mourning to you") in judge.asked
