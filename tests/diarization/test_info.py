"""`speaker_info`: what is stored of a diarization, beside the words."""

from __future__ import annotations

import json

from hypothesis import given, settings

from tests.diarization.conversations import A, B, evenly, heard, many_turns, transcript, turns
from tests.export.transcripts import transcripts
from trax.diarization.assign import assign
from trax.diarization.info import speaker_info
from trax.transcript import Segment, Transcript
from trax.turns import Diarization, SpeakerTurn


def test_it_tells_the_engine_the_speakers_the_turns_and_who_overlaps() -> None:
    found = heard((0, 2.5, A), (2.0, 3.6, B), (8, 9, A), exclusive=turns((0, 2, A), (2, 3.6, B), (8, 9, A)))
    made = assign(transcript(evenly("Where are the tapes now? In the old cellar."), Segment(8, 9, "I see.")), found)
    assert speaker_info(found, made) == {
        "engine": "made up",
        "model_id": "made-up-1",
        "params": {"threshold": 0.6},
        "num_speakers": 2,
        "speakers": [
            {"label": A, "name": None, "seconds": 3.5, "words": 7, "first_at": 0, "turns": 2},
            {"label": B, "name": None, "seconds": 1.6, "words": 4, "first_at": 2.0, "turns": 1},
        ],
        "turns": [[0, 2.5, A], [2.0, 3.6, B], [8, 9, A]],
        "overlaps": [[2.0, 2.5, [A, B]]],
    }


def test_where_nobody_speaks_it_says_so() -> None:
    silent = Diarization((), (), (), "made up", "made-up-1")
    info = speaker_info(silent, Transcript("en", 3.0))
    assert (info["num_speakers"], info["speakers"], info["turns"], info["overlaps"]) == (0, [], [], [])


@settings(max_examples=40, deadline=None)
@given(transcripts(), many_turns(at_least=1))
def test_every_word_is_counted_once_and_all_of_it_is_json(source: Transcript, found: list[SpeakerTurn]) -> None:
    diarization = heard(*((turn.start, turn.end, turn.speaker) for turn in found))
    made = assign(source, diarization)
    info = speaker_info(diarization, made)
    assert json.loads(json.dumps(info, allow_nan=False)) == info
    words = sum(bool(word.text.strip()) for word in made.words)
    words += sum(len(part.text.split()) for part in made.segments if not part.words)
    assert sum(speaker["words"] for speaker in info["speakers"]) == words
