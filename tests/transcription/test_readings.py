"""How probable texts are as what is said: real clips, the real small model."""

from __future__ import annotations

import math

import pytest

from tests.transcription.clips import Clips
from trax.audio import Waveform, Window
from trax.transcription.decoding import MAX_LENGTH
from trax.transcription.faster_whisper import FasterWhisperTranscriber
from trax.transcription.hearing import FRAMES, features
from trax.transcription.readings import AT_ONCE, LEAST, log_probabilities

CLIP = "1898-145715-0002.flac"
SAID = "She was so old that she only had one eye and one tooth left."
WRONG = (
    ("old", "cold"),
    ("so old", "old"),
    ("she only", "she already"),
    ("one eye", "won eye"),
    ("one eye", "no eye"),
    ("tooth", "two"),
    ("tooth left", "tooth that was left"),
    ("eye and", "eye but"),
    ("She", "He"),
)

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def window(clips: Clips) -> Window:
    samples = clips.read(CLIP)
    return Window(Waveform(samples, 0), ())


def test_what_is_said_is_likelier_than_what_is_not(tiny: FasterWhisperTranscriber, window: Window) -> None:
    texts = [SAID, *(SAID.replace(*pair) for pair in WRONG)]
    assert len(texts) > AT_ONCE, "more than one batch"
    said, *wrong = tiny.readings(window, "en", texts)
    assert said is not None
    assert all(other is not None and other < said - 1 for other in wrong), wrong


def test_the_company_of_other_texts_changes_nothing(tiny: FasterWhisperTranscriber, window: Window) -> None:
    others = ["No.", SAID * 2, SAID.replace("old", "cold"), "She was"]
    [alone] = tiny.readings(window, "en", [SAID])
    together = tiny.readings(window, "en", [*others, SAID])[-1]
    assert together == pytest.approx(alone, abs=0.1)


def test_a_score_is_that_of_the_recogniser(tiny: FasterWhisperTranscriber, window: Window) -> None:
    """What a greedy search finds has the probability that the search gives it, but for the token that ends it."""
    engine = tiny._engine
    tokenizer, _ = tiny._ears._tongue("en")
    encoded = engine.encode(features(engine, window, FRAMES)[0])
    prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    [found] = engine.model.generate(
        encoded, [prompt], beam_size=1, length_penalty=0, return_scores=True, suppress_blank=False, suppress_tokens=[]
    )
    text = tokenizer.decode(found.sequences_ids[0])
    [score] = log_probabilities(engine.model, tokenizer, encoded, [text])
    assert score is not None
    assert found.scores[0] - 0.1 < score < found.scores[0] + 1.0


def test_what_has_no_tokens_or_too_many_has_no_score(tiny: FasterWhisperTranscriber, window: Window) -> None:
    endless = "word " * MAX_LENGTH
    empty, long, said = tiny.readings(window, "en", ["  ", endless, SAID])
    assert (empty, long) == (None, None)
    assert said is not None
    assert math.isfinite(said)
    assert said > math.log(LEAST)
    assert tiny.readings(window, "en", []) == []
    assert tiny.readings(window, "de", [SAID]) == [None], "an English model can't tell"
