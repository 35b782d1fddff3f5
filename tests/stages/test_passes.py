"""What an engine lost or repeated is found and mended by hearing again: real sound, and the real small model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.stages.faulty import Fault, Faulty, blank, cut_short, looped
from trax.errors import UsageError
from trax.evaluation.alignment import aligned_words
from trax.flow import Hook, Made, Material, Memory, PassOptions, Request
from trax.media.decode import DecodeOptions
from trax.pipeline import stages_of
from trax.stages.passes import check_parent, passes
from trax.stages.transcribe import transcribe
from trax.transcription.engines import EngineOptions, Engines
from trax.transcription.transcriber import Transcriber, WindowResult

MODEL = "tiny.en"


class Chosen(Engines):
    """Engines of which one name is another engine."""

    def __init__(self, options: EngineOptions, engine: Transcriber) -> None:
        super().__init__(options, lambda _: None)
        self._engine = engine

    def get(self, name: str, compute_type: str = "auto") -> Transcriber:
        return self._engine


class Kept(Memory):
    """Windows in a dictionary."""

    def __init__(self) -> None:
        self.windows: dict[int, WindowResult] = {}
        self.fresh = 0

    def recall(self, engine: dict[str, object]) -> Mapping[int, WindowResult]:
        return {place: WindowResult.from_json(one.to_json()) for place, one in self.windows.items()}

    def keep(self, position: int, result: WindowResult, engine_seconds: float) -> None:
        self.windows[position] = result
        self.fresh += 1


@pytest.fixture(scope="module")
def speech(shared_data: Path) -> Path:
    return shared_data / "speech" / "longform" / "ls_35min_2spk.mp3"


@pytest.fixture(scope="module")
def request_of_two_minutes() -> Request:
    return Request(pipeline="v3", model=MODEL, language="en", decode=DecodeOptions(end=120.0))


@pytest.fixture(scope="module")
def first(speech: Path, request_of_two_minutes: Request, tiny_engines: Engines) -> Made:
    return transcribe(Material(speech), request_of_two_minutes, tiny_engines, Hook())


def with_faults(path: Path, request: Request, engines: Engines, faults: Mapping[int, Fault]) -> Made:
    faulty = Faulty(engines.get(MODEL), faults)
    return transcribe(Material(path), request, Chosen(engines.options, faulty), Hook())


def letters(made: Made) -> list[str]:
    return re.sub(r"[^a-z ]", "", made.transcript.text.lower()).split()


def differing(one: Made, other: Made) -> int:
    """Words of one that the other hasn't, or has in addition."""
    changes = aligned_words(letters(one), letters(other))
    return sum(max(c.end - c.start, c.made_end - c.made_start) for c in changes if c.kind != "equal")


@pytest.mark.shared_data
def test_lost_and_looped_windows_are_mended(
    speech: Path, request_of_two_minutes: Request, tiny_engines: Engines, first: Made
) -> None:
    faults = {1: blank, 2: looped, 4: cut_short}
    faulty = with_faults(speech, request_of_two_minutes, tiny_engines, faults)
    broken = differing(first, faulty)
    assert broken > 60
    made = passes(Material(speech, faulty), request_of_two_minutes, tiny_engines, Hook())
    assert differing(first, made) < 0.2 * broken
    facts = made.beside["passes"]
    assert {"speech without words", "repeats itself"} <= set(facts["reasons"])
    assert {change["why"] for change in facts["changes"]} >= {"speech without words"}
    assert made.transcript.segments == tuple(sorted(made.transcript.segments, key=lambda segment: segment.start))


@pytest.mark.shared_data
def test_good_speech_stays_nearly_as_it_is(
    speech: Path, request_of_two_minutes: Request, tiny_engines: Engines, first: Made
) -> None:
    memory = Kept()
    made = passes(Material(speech, first, memory), request_of_two_minutes, tiny_engines, Hook())
    facts = made.beside["passes"]
    assert differing(first, made) <= 0.05 * len(letters(first))
    assert (facts["windows"] >= 5, len(facts["changes"]) <= 12) == (True, True)
    again = passes(Material(speech, first, memory), request_of_two_minutes, tiny_engines, Hook())
    assert again.transcript == made.transcript
    assert memory.fresh == facts["heard_again"]  # what was kept is not heard a third time


@pytest.mark.shared_data
def test_speech_in_another_language_is_heard_as_what_it_is(
    shared_data: Path, base_model: Path, tiny_engines: Engines
) -> None:
    """A sermon in German that was taken for English; if the user says that it is, it stays so."""
    speech = shared_data / "speech" / "edge" / "gaenswein15.mp3"
    request = Request(pipeline="v3", model=str(base_model), language="en")
    taken = transcribe(Material(speech), request, tiny_engines, Hook())
    insisted = passes(Material(speech, taken), request, tiny_engines, Hook())
    assert not [change for change in insisted.beside["passes"]["changes"] if change["why"] == "another language"]
    detected = replace(taken, model_config={**taken.model_config, "language": {"code": "en", "how": "detected"}})
    made = passes(Material(speech, detected), replace(request, language=None), tiny_engines, Hook())
    assert "außerordentliche Form" in made.transcript.text
    assert " of " in taken.transcript.text
    assert " of " not in made.transcript.text
    [change] = [change for change in made.beside["passes"]["changes"] if change["why"] == "another language"]
    assert (change["language"], change["probability"] > change["before_probability"] + 0.15) == ("de", True)
    assert change["after"] in " ".join(made.transcript.text.split())


def test_what_nobody_measured_is_not_doubtful(first_words: Made) -> None:
    with pytest.raises(UsageError, match="how sure"):
        check_parent(first_words)


@pytest.mark.parametrize(("content", "way_out"), [("enhanced_text", "correct the result"), ("edited", "trax rebase")])
def test_what_was_corrected_is_not_heard_again(sample_made: Made, content: str, way_out: str) -> None:
    with pytest.raises(UsageError, match="corrected") as raised:
        check_parent(replace(sample_made, content={content: {}}))
    assert way_out in str(raised.value.next_step)


@pytest.fixture
def first_words(sample_made: Made) -> Made:
    return replace(sample_made, is_measured=False)


@pytest.fixture(scope="module")
def sample_made(tiny_engines: Engines) -> Made:
    path = REPOSITORY / "samples" / "conversation.ogg"
    return transcribe(Material(path), Request(model=MODEL, language="en"), tiny_engines, Hook())


def test_corrections_are_not_undone(sample_made: Made) -> None:
    with pytest.raises(UsageError, match="was corrected"):
        check_parent(replace(sample_made, content={"original_text": "a", "enhanced_text": "b"}))


def test_the_pipeline_has_both_stages() -> None:
    assert [stage.makes for stage in stages_of("v3")] == ["v1", "v3"]
    assert Request().as_json() == Request(passes=PassOptions()).as_json()
    assert Request(passes=PassOptions("base")).as_json()["passes"] == {"second_model": "base", "glossary": []}


@pytest.mark.shared_data
def test_names_that_are_known_are_heard(shared_data: Path, tiny_engines: Engines) -> None:
    clip = next((shared_data / "speech" / "read").glob("**/7859-102519-0004*"))
    names = ("Sebastopolis", "Koran", "Cathisma", "Edinburgh")
    request = Request(pipeline="v3", model=MODEL, language="en", passes=PassOptions(glossary=names))
    first = transcribe(Material(clip), request, tiny_engines, Hook())
    assert "Sebastopolis" not in first.transcript.text
    made = passes(Material(clip, first), request, tiny_engines, Hook())
    assert "Saracens at Sebastopolis" in made.transcript.text
    assert not {"Cathisma", "Edinburgh"} & set(made.transcript.text.replace(".", "").split())
    named = [change for change in made.beside["passes"]["changes"] if change["why"] == "a name that is known"]
    assert named
    assert all(change["hearings"] == ["named"] for change in named)
