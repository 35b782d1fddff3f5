"""Whatever the words and times: the cues hold the bounds that subtitle editors check, and lose nothing."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given

from tests.export.transcripts import sentence, transcript, transcripts
from trax.export.captions import MAX_DURATION_MS, MAX_RATE, MIN_DURATION_MS, MIN_GAP_MS, cues
from trax.export.typography import columns, split_words
from trax.transcript import Segment, Transcript, Word


def flat(text: str) -> str:
    return re.sub(r"\s", "", text)


def visible_words(source: Transcript) -> str:
    return flat("".join("".join(split_words(text)) for text in _texts(source)))


def _texts(source: Transcript) -> list[str]:
    return [text for s in source.segments for text in ([word.text for word in s.words] if s.words else [s.text])]


@given(transcripts())
def test_every_word_appears_once_and_in_order(source: Transcript) -> None:
    assert flat("".join("".join(cue.lines) for cue in cues(source))) == visible_words(source)


@given(transcripts())
def test_times_never_overlap_and_no_cue_is_empty_or_too_long(source: Transcript) -> None:
    for labels in (False, True):
        made = cues(source, labels=labels)
        latest = 0
        for cue in made:
            assert latest <= cue.start_ms < cue.end_ms
            assert cue.end_ms - cue.start_ms <= MAX_DURATION_MS
            assert all(line.strip() for line in cue.lines)
            latest = cue.end_ms


@given(transcripts())
def test_at_most_two_lines_of_42_columns_unless_one_word_is_longer(source: Transcript) -> None:
    for labels in (False, True):
        for cue in cues(source, labels=labels):
            assert 1 <= len(cue.lines) <= 2
            for line in cue.lines:
                assert columns(line) <= 42 or unbreakable(line), line


def unbreakable(line: str) -> bool:
    """No space, and no two neighbours of Han or kana between which a line may end."""
    return not re.search(r"[ ]", line) and not re.search(r"[日本語我们的世界はひがなカタ]{2}", line)


@given(transcripts())
def test_a_cue_that_is_read_too_fast_stays_until_the_next_one(source: Transcript) -> None:
    made = cues(source)
    for cue, following in pairwise(made):
        duration = cue.end_ms - cue.start_ms
        rate = columns(" ".join(cue.lines)) / duration * 1000
        short = duration < MIN_DURATION_MS
        if (rate > MAX_RATE or short) and duration < MAX_DURATION_MS:
            assert cue.end_ms == following.start_ms


@given(transcripts())
def test_a_break_never_falls_inside_a_word_or_before_a_combining_mark(source: Transcript) -> None:
    characters = characters_with_what_they_cling_to(source)
    place = 0
    for line in [line for cue in cues(source) for line in cue.lines]:
        character, clings = characters[place]
        assert not clings or not re.match(r"[abcdefgnostuéñß]{2}", characters[place - 1][0] + character)
        assert not clings or unicodedata.category(character) != "Mn"
        place += len(flat(line))
    assert place == len(characters)


def characters_with_what_they_cling_to(source: Transcript) -> list[tuple[str, bool]]:
    """Every visible character, and whether it follows the one before in the same unbroken word."""
    found: list[tuple[str, bool]] = []
    for segment in source.segments:
        clings, speaker = False, segment.speaker
        for word in segment.words or (Word(0, 0, segment.text, 0),):
            clings = clings and not word.text[:1].isspace() and (segment.speaker or word.speaker) == speaker
            for part in split_words(word.text):
                found += [(c, clings or i > 0) for i, c in enumerate(part) if not c.isspace()]
                clings, speaker = False, segment.speaker or word.speaker
            clings = bool(split_words(word.text) or clings) and not word.text[-1:].isspace()
    return found


@given(transcripts())
def test_a_label_opens_each_turn_and_changes_no_word(source: Transcript) -> None:
    words = ""
    previous = None
    for cue in cues(source, labels=True):
        text = " ".join(cue.lines)
        if cue.speaker and cue.speaker != previous:
            label = f"{cue.speaker}:" if len(cue.speaker) <= 24 else f"{cue.speaker[:23]}…:"
            assert text.startswith(f"{label} ")
            text = text.removeprefix(label)
        assert flat(text), "a label without words"
        words += flat(text)
        previous = cue.speaker
    assert words == visible_words(source)


def test_speech_at_an_ordinary_pace_is_readable_and_breaks_at_sentences() -> None:
    made = cues(
        transcript(
            sentence("The archive keeps every recording that the village ever made, on tape and on disc.", 1.0),
            sentence("Some of them are more than eighty years old. Nobody had listened to them for decades.", 6.0),
        )
    )
    assert [cue.lines for cue in made] == [
        ("The archive keeps every recording that the", "village ever made, on tape and on disc."),
        ("Some of them are more", "than eighty years old."),
        ("Nobody had listened to them for decades.",),
    ]
    assert all(columns(" ".join(c.lines)) / (c.end_ms - c.start_ms) * 1000 <= MAX_RATE for c in made)
    assert made[0].start_ms == 1000


def test_a_short_word_stays_for_five_sixths_of_a_second_and_leaves_a_gap() -> None:
    made = cues(transcript(sentence("Yes.", 1.0, 0.2), sentence("No.", 10.0, 0.2)))
    assert (made[0].start_ms, made[0].end_ms) == (1000, 1000 + MIN_DURATION_MS)


def test_cues_that_follow_closely_leave_two_frames_where_there_is_time() -> None:
    made = cues(transcript(sentence("One two three four five six seven eight. " * 4, 0.0, 0.4)))
    assert len(made) > 1
    assert all(b.start_ms - a.end_ms == MIN_GAP_MS for a, b in pairwise(made))


def test_a_word_longer_than_a_line_stands_alone_and_whole() -> None:
    long_word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk"
    made = cues(transcript(sentence(f"Das {long_word} ist alt.", 0.0, 1.0)))
    assert sum(line == long_word for cue in made for line in cue.lines) == 1


def test_chinese_without_words_is_broken_between_characters_and_not_inside_a_latin_word() -> None:
    text = "我们今天在这里讨论PostgreSQL数据库的设计,以及如何保存所有的录音和文字记录,谢谢大家。" * 2
    made = cues(transcript(Segment(0.0, 30.0, text)))
    lines = [line for cue in made for line in cue.lines]
    assert "".join(lines) == text
    assert sum("PostgreSQL" in line for line in lines) == 2
    assert not any(line.startswith((",", "。")) for line in lines)


def test_korean_is_broken_at_its_spaces_only() -> None:
    text = "이기록보관소에는 마을에서만든모든녹음이 테이프와디스크에 보관되어있습니다 아무도수십년동안 듣지않았습니다"
    made = cues(transcript(Segment(0.0, 20.0, text)))
    assert " ".join(line for cue in made for line in cue.lines) == text


def test_slow_speech_is_cut_so_that_its_words_are_on_screen_when_they_are_said() -> None:
    slow = sentence("one two three four five six seven eight nine ten eleven twelve", 0.0, 1.5)
    made = cues(transcript(slow))
    said = iter(slow.words)
    for cue in made:
        for _ in " ".join(cue.lines).split():
            word = next(said)
            assert cue.start_ms <= word.start * 1000 < word.end * 1000 <= cue.end_ms + MIN_GAP_MS


def test_words_of_one_instant_are_spread_and_lost_time_is_made_good() -> None:
    heap = tuple(Word(5.0, 5.0, f" word{i}", 0.5) for i in range(60))
    made = cues(transcript(Segment(5.0, 5.0, "", heap), sentence("Later on.", 20.0)))
    assert made[-1].lines == ("Later on.",)
    assert made[-1].start_ms == 20_000
    assert all(cue.end_ms - cue.start_ms >= 200 for cue in made)


@pytest.mark.parametrize("labels", [False, True])
def test_nothing_said_makes_no_cue(labels: bool) -> None:
    assert cues(Transcript("en", 12.0), labels=labels) == []
    assert cues(transcript(Segment(0, 1, " \n\u200b ")), labels=labels) == []


def test_a_long_transcript_is_cut_in_reasonable_time() -> None:
    """Two hours of speech; the limit is a hundred times what it takes, to catch a square law and nothing else."""
    talk = [sentence("It was a long talk about many things, and nobody left early. " * 4, 16.0 * i) for i in range(450)]
    assert len(cues(transcript(*talk))) > 1000


def test_speaker_labels_stand_at_the_start_of_each_turn_only() -> None:
    made = cues(
        transcript(
            sentence("Where are the tapes?", 0.0, speaker="Ann"),
            sentence("They are in the cellar.", 2.0, speaker="Bob"),
            sentence("All of them.", 9.0, speaker="Bob"),
        ),
        labels=True,
    )
    assert [cue.lines for cue in made] == [
        ("Ann: Where are the tapes?",),
        ("Bob: They are in the cellar.",),
        ("All of them.",),
    ]
    assert [cue.speaker for cue in made] == ["Ann", "Bob", "Bob"]
