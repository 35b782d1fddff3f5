"""Words to speakers: every word gets one, nothing else changes, and what the times get wrong is put right."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diarization.conversations import A, B, C, evenly, heard, many_turns, segment, spoken, transcript, turns
from tests.export.transcripts import transcripts
from trax.diarization.assign import assign
from trax.diarization.spans import one_at_a_time
from trax.ingest.rttm import read_rttm_file
from trax.transcript import Segment, Transcript, Word
from trax.turns import Diarization, SpeakerTurn

QUESTION = "Where are the tapes now? In the old cellar."  # A asks with five words, B answers with four


def told(found: list[SpeakerTurn], exclusive: list[SpeakerTurn] | None = None) -> Diarization:
    best = one_at_a_time(found) if exclusive is None else exclusive
    return Diarization(tuple(found), tuple(best), (), "made up", "made-up-1")


@settings(max_examples=60, deadline=None)
@given(transcripts(), many_turns(at_least=1))
def test_every_word_and_segment_has_a_speaker_of_the_turns(source: Transcript, found: list[SpeakerTurn]) -> None:
    made = assign(source, told(found))
    labels = {turn.speaker for turn in found}
    assert all(word.speaker in labels for word in made.words)
    assert all(part.speaker in labels for part in made.segments)
    assert all(word.speaker_confidence is not None and 0 <= word.speaker_confidence <= 1 for word in made.words)


@settings(max_examples=60, deadline=None)
@given(transcripts(), many_turns())
def test_words_times_and_text_are_untouched(source: Transcript, found: list[SpeakerTurn]) -> None:
    made = assign(source, told(found))
    assert [replace(word, speaker=None, speaker_confidence=None) for word in made.words] == [
        replace(word, speaker=None) for word in source.words
    ]
    assert made.text.split() == source.text.split() or "".join(made.text.split()) == "".join(source.text.split())
    assert (made.duration, made.language) == (source.duration, source.language)


@settings(max_examples=60, deadline=None)
@given(transcripts(), many_turns(at_least=2), st.randoms(use_true_random=False))
def test_the_order_of_turns_does_not_matter(source: Transcript, found: list[SpeakerTurn], random: object) -> None:
    best = one_at_a_time(found)
    expected = assign(source, told(found, best))
    for row in (found, best):
        random.shuffle(row)  # type: ignore[attr-defined]
    assert assign(source, told(found, best)) == expected


@settings(max_examples=60, deadline=None)
@given(transcripts(), many_turns(at_least=1))
def test_parts_of_a_segment_stay_within_its_times(source: Transcript, found: list[SpeakerTurn]) -> None:
    parts = iter(assign(source, told(found)).segments)
    for whole in source.segments:
        words = 0
        while True:
            part = next(parts)
            assert whole.start <= part.start <= part.end <= whole.end
            words += len(part.words)
            if words == len(whole.words):
                break
    assert next(parts, None) is None


@settings(max_examples=60, deadline=None)
@given(many_turns())
def test_one_at_a_time_covers_the_same_without_overlap(found: list[SpeakerTurn]) -> None:
    best = one_at_a_time(found)
    assert all(turn.end <= following.start for turn, following in pairwise(best))
    for at in (t + 0.0005 for turn in found for t in (turn.start, turn.end)):
        speaking = {turn.speaker for turn in found if turn.start <= at < turn.end}
        kept = {turn.speaker for turn in best if turn.start <= at < turn.end}
        assert len(kept) == bool(speaking)
        assert kept <= speaking


def test_without_turns_nobody_speaks_whoever_did_before() -> None:
    before = assign(transcript(evenly(QUESTION), Segment(5, 6, "Yes.", speaker="Ann")), heard((0, 9, A)))
    made = assign(before, Diarization((), (), (), "made up", "made-up-1"))
    assert spoken(made) == "---------"
    assert [(part.speaker, part.text) for part in made.segments] == [(None, QUESTION), (None, "Yes.")]
    assert made.words[0].speaker_confidence is None


def test_words_go_to_whoever_speaks_meanwhile_and_the_segment_is_divided_at_the_sentence() -> None:
    made = assign(transcript(evenly(QUESTION)), heard((0, 2.0, A), (2.0, 3.6, B)))
    assert spoken(made) == "AAAAABBBB"
    assert [(part.start, part.end, part.speaker, part.text) for part in made.segments] == [
        (0.0, 2.0, A, "Where are the tapes now?"),
        (2.0, 3.6, B, "In the old cellar."),
    ]
    assert {word.speaker_confidence for word in made.words} == {1.0}


@pytest.mark.parametrize("change", [1.7, 2.0, 2.3])
def test_a_change_moves_to_the_end_of_the_sentence(change: float) -> None:
    made = assign(transcript(evenly(QUESTION)), heard((0, change, A), (change, 3.6, B)))
    assert spoken(made) == "AAAAABBBB"
    unsure = [word.text for word in made.words if (word.speaker_confidence or 0) < 0.6]
    assert unsure == {1.7: [" now?"], 2.0: [], 2.3: [" In"]}[change]


def test_a_change_that_is_far_from_the_end_of_a_sentence_stays() -> None:
    made = assign(transcript(evenly(QUESTION)), heard((0, 2.8, A), (2.8, 3.6, B)))
    assert spoken(made) == "AAAAAAABB"


def test_a_change_moves_to_a_pause() -> None:
    words = segment((0, 0.4, "and"), (0.4, 0.8, "then"), (0.8, 1.2, "we"), (1.5, 1.9, "so"), (1.9, 2.3, "they"))
    made = assign(transcript(words), heard((0, 1.0, A), (1.0, 2.3, B)))
    assert spoken(made) == "AAABB"


def test_a_word_astray_in_a_sentence_is_taken_back() -> None:
    made = assign(transcript(evenly("we went down to the river")), heard((0, 2.4, A), (0.8, 1.1, B)))
    assert spoken(made) == "AAAAAA"
    alone = heard((0, 0.8, A), (0.8, 1.1, B), (1.1, 2.4, A))
    made = assign(transcript(evenly("we went down to the river")), alone)
    assert spoken(made) == "AAAAAA"
    assert (made.words[2].speaker_confidence or 0) < 0.6


def test_an_utterance_of_its_own_is_kept_however_short() -> None:
    words = segment(
        (0, 0.4, "We"), (0.4, 0.8, "went."), (0.9, 1.2, "Really?"), (1.3, 1.7, "Down"), (1.7, 2.1, "there.")
    )
    made = assign(transcript(words), heard((0, 0.85, A), (0.85, 1.25, B), (1.25, 2.1, A)))
    assert spoken(made) == "AABAA"
    assert [part.text for part in made.segments] == ["We went.", "Really?", "Down there."]


def test_a_long_turn_amid_a_sentence_is_kept() -> None:
    made = assign(
        transcript(evenly("we went no you did not go down to it")), heard((0, 0.8, A), (0.8, 2.4, B), (2.4, 9, A))
    )
    assert spoken(made) == "AABBBBAAAA"


def test_within_a_sentence_short_parts_are_not_shown_apart() -> None:
    made = assign(transcript(evenly("we went down now")), heard((0, 0.8, A), (0.8, 1.6, B)))
    assert spoken(made) == "AABB"
    assert [(part.speaker, part.text) for part in made.segments] == [(A, "we went down now")]
    made = assign(transcript(evenly("we went down then they came up")), heard((0, 1.2, A), (1.2, 2.8, B)))
    assert [(part.speaker, part.text) for part in made.segments] == [(A, "we went down"), (B, "then they came up")]


def test_no_text_is_lost_where_words_are_not_those_of_the_text() -> None:
    odd = replace(evenly(QUESTION), text="Where are those tapes now? In the cellar!")
    made = assign(transcript(odd), heard((0, 2.0, A), (2.0, 3.6, B)))
    assert [(part.speaker, part.text) for part in made.segments] == [(A, odd.text)]
    assert spoken(made) == "AAAAABBBB"


def test_scripts_without_spaces_are_divided_at_sentences_only() -> None:
    row = [(0, 1, "元気"), (1, 2, "ですか。"), (2, 3, "はい"), (3, 4, "元気"), (4, 5, "です")]
    words = tuple(Word(start, end, text, 0.9) for start, end, text in row)
    whole = Segment(0, 5, "元気ですか。はい元気です", words)
    made = assign(transcript(whole), heard((0, 2, A), (2, 5, B)))
    assert [part.text for part in made.segments] == ["元気ですか。", "はい元気です"]
    made = assign(transcript(whole), heard((0, 3, A), (3, 5, B)))
    assert (spoken(made), len(made.segments)) == ("AAABB", 1)


def test_a_word_without_length_goes_with_the_time_around_it() -> None:
    words = segment((0, 0.5, "Good"), (0.5, 0.5, "morning."), (1.0, 1.4, "Hello"), (1.4, 1.4, "there."))
    made = assign(transcript(words), heard((0, 0.8, A), (0.9, 2.0, B)))
    assert spoken(made) == "AABB"


def test_words_without_times_share_what_their_neighbours_leave() -> None:
    words = segment((0, 1, "In"), (math.nan, math.nan, "2014"), (math.nan, math.nan, "exactly."), (5.0, 5.5, "Yes."))
    made = assign(transcript(words), heard((0, 3.9, A), (4.0, 5.5, B)))
    assert spoken(made) == "AAAB"
    assert [part.text for part in made.segments] == ["In 2014 exactly.", "Yes."]


def test_times_that_are_far_from_the_segment_tell_nothing() -> None:
    words = (Word(20, 21, " We", 0.9), Word(0, 0, " 14", 0.9), Word(22, 23, " left.", 0.9))
    made = assign(transcript(Segment(20, 23, "We 14 left.", words)), heard((0, 2, B), (19, 23, A)))
    assert spoken(made) == "AAA"


def test_words_no_time_is_known_of_have_the_speaker_of_those_before() -> None:
    words = tuple(Word(math.nan, math.nan, f" {text}", 0.9) for text in ("and", "so", "on"))
    lost = Segment(math.nan, math.nan, "and so on", words)
    made = assign(transcript(evenly("We went", 3.0), lost), heard((0, 2, A), (3, 4, B)))
    assert spoken(made)[:2] == "BB"
    assert set(spoken(made)) <= {"A", "B"}


def test_a_word_that_was_stretched_over_a_silence_counts_where_it_begins() -> None:
    words = segment((0, 0.4, "Hello"), (0.4, 9.0, "Mummy,"), (9.0, 9.4, "yes?"))
    made = assign(transcript(words), heard((0, 0.9, A), (3.0, 9.5, B)))
    assert spoken(made) == "AAB"
    late = segment((0.0, 8.0, "Mummy?"), (8.0, 8.4, "Here."))  # nobody speaks when it begins
    made = assign(transcript(late), heard((6.0, 9.0, B), (20, 21, A)))
    assert spoken(made) == "BB"


def test_words_between_turns_go_to_the_nearest_and_far_from_all_to_their_neighbours() -> None:
    near = assign(transcript(evenly("Oh", 2.3)), heard((0, 2, A), (4, 5, B)))
    assert (spoken(near), near.words[0].speaker_confidence) == ("A", 0.5)
    far = assign(transcript(segment((0, 1, "We"), (8, 8.4, "went"))), heard((0, 1, A), (10, 12, B)))
    assert spoken(far) == "AA"
    assert (far.words[1].speaker_confidence or 0) < 0.5
    first = assign(transcript(segment((8, 8.4, "We"), (11, 11.4, "went"))), heard((0, 1, A), (10, 12, B)))
    assert spoken(first) == "BB"


def test_confidence_is_less_where_people_talk_at_once() -> None:
    found = heard((0, 4, A), (0.8, 1.6, B), exclusive=turns((0, 4, A)))
    made = assign(transcript(evenly("we went down to the river bank")), found)
    assert [word.speaker_confidence for word in made.words] == [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert spoken(made) == "AAAAAAA"


def test_segments_without_words_have_whoever_speaks_most() -> None:
    lines = (Segment(0, 4, "Hello all."), Segment(4, 4, "So."), Segment(9, 10, "Bye."), Segment(30, 31, "…"))
    made = assign(transcript(*lines), heard((0, 1, A), (1, 3.9, B), (8, 12, C)))
    assert [part.speaker for part in made.segments] == [B, B, C, C]
    assert [part.text for part in made.segments] == [line.text for line in lines]


def test_hours_take_a_moment() -> None:
    talk = [evenly(QUESTION, start) for start in range(0, 7_200, 4)]  # 2 hours, 16,200 words
    found = heard(
        *(
            (start + half, start + half + 2.0, label)
            for start in range(0, 7_200, 4)
            for half, label in ((0.0, A), (2.0, B))
        )
    )
    began = time.process_time()
    made = assign(transcript(*talk), found)
    assert time.process_time() - began < 3
    assert spoken(made) == "AAAAABBBB" * 1800


def test_the_words_of_a_real_call_go_to_those_who_said_them(shared_data: Path) -> None:
    folder = shared_data / "speech" / "dialogue"
    [found] = read_rttm_file(folder / "sample.rttm").values()
    rows = [line.split(maxsplit=5) for line in (folder / "sample.stm").read_text("utf-8").splitlines()]
    lines = [evenly(text, float(start), float(end)) for *_, start, end, text in rows]
    truth = [who for (_, _, who, *_), line in zip(rows, lines, strict=True) for _ in line.words]
    whole = Segment(
        lines[0].start, lines[-1].end, " ".join(x.text for x in lines), tuple(w for x in lines for w in x.words)
    )
    names = {"speaker90": "Diane", "speaker91": "Sheila"}
    for source in (transcript(*lines), transcript(whole)):
        made = assign(source, told(list(found)))
        assert [names[word.speaker or ""] for word in made.words] == truth
        assert len(truth) == 81
    assert [names[part.speaker or ""] for part in made.segments] == ["Diane", "Sheila"] * 4 + ["Diane"]
