"""Transcripts without times: who speaks, where sentences end, and times that are reckoned from what is known."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.export.transcripts import document, sentence
from trax.errors import TranscriptUnreadable
from trax.export import render
from trax.ingest.sentences import LONGEST, sentences
from trax.ingest.transcript_files import ImportedTranscript, read_transcript, read_transcript_file
from trax.ingest.word_clock import PER_SECOND, WordClock, seconds_of_clock, spoken_words


def read(text: str, name: str = "talk.md") -> ImportedTranscript:
    return read_transcript(text.encode(), name, allow_untimed=True)


def said(text: str, name: str = "talk.md") -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in read(text, name).segments]


HELLO = [("Ann Lee", "Hello there."), ("Ann Lee", "How are you?"), ("Bob", "Fine."), ("Bob", "And you?")]


@pytest.mark.parametrize(
    "text",
    [
        "**Ann Lee:** Hello there. How are you?\n\n**Bob:** Fine.\n\nAnd you?",
        "**Ann Lee**: Hello there. How are you?\n\n**Bob**:\nFine. And you?",
        "Ann Lee: Hello there. How are you?\nBob: Fine.\nAnd you?",
        "Ann Lee:\r\nHello there.\r\nHow are\r\nyou?\r\n\r\nBob:\r\nFine. And you?",
        ">> Ann Lee: Hello there. How are you?\n>> Bob: Fine. And you?",
        "# The talk\n\n---\n\n- Ann Lee: Hello there. How are you?\n- Bob: Fine. And you?\n\n<!-- Bob: No. -->",
        "---\ntitle: Talk\n---\n\n> Ann Lee: *Hello* there. How are `you`?\n\nBob: <em>Fine.</em> And [you](http://x.org/)?",
        "Ann Lee (0:00): Hello there. How are you?\n\nBob (0:05): Fine. And you?",
        "Ann Lee 0:00\nHello there. How are you?\n\nBob  0:05\nFine. And you?",
        "[00:00] Ann Lee: Hello there. How are you?\n[00:05] Bob: Fine. And you?",
        r"\[00:00\] **Ann Lee:** Hello there. How are you?" + "\n\n**Break:** \\[00:04\\]\n\n**Bob:** Fine. And you?",
        "00:00:00 Ann Lee: Hello there. How are you?\n00:00:05 - Bob: Fine. And you?",
    ],
)
def test_speakers_are_told_in_every_usual_way(text: str) -> None:
    assert said(text) == HELLO


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One thing. And another.", [(None, "One thing."), (None, "And another.")]),
        ("So here it is: it works.\n\nNote: no.", [(None, "So here it is: it works."), (None, "Note: no.")]),
        ("10:30 in the morning is early.", [(None, "10:30 in the morning is early.")]),
        ("See http://x.org: it is there.", [(None, "See http://x.org: it is there.")]),
        ("5 * 3 * 2 is snake_case_name &amp; more", [(None, "5 * 3 * 2 is snake_case_name & more")]),
        ("田中：こんにちは。元気？\n鈴木：はい。", [("田中", "こんにちは。"), ("田中", "元気？"), ("鈴木", "はい。")]),
        ("Dr. Who met J. Fox, e.g. here... yes. Ok", [(None, "Dr. Who met J. Fox, e.g. here... yes."), (None, "Ok")]),
        ("It was [unintelligible 00:12] loud.", [(None, "It was [unintelligible] loud.")]),
    ],
)  # fmt: skip
def test_text_is_what_is_said(text: str, expected: list[tuple[str | None, str]]) -> None:
    assert said(text, "talk.txt") == expected


def test_markup_is_only_that_of_markdown() -> None:
    assert said("# One", "talk.txt") == [(None, "# One")]
    with pytest.raises(TranscriptUnreadable, match="no word"):
        read("# One", "talk.md")


def test_only_files_of_text_need_no_times() -> None:
    for name in ("talk.srt", "talk.vtt", "talk.json", "talk"):
        with pytest.raises(TranscriptUnreadable, match="says nowhere when") as raised:
            read("Just words.", name)
        assert ".md" in raised.value.next_step
    with pytest.raises(TranscriptUnreadable, match="says nowhere when"):
        read_transcript(b"Just words.", "talk.txt")  # what a feed offers


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("1\n00:00:01,000 --> 00:00:02,000\nHi.\n", "srt"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nHi.\n", "vtt"),
        ('[{"start": 1, "end": 2, "text": "Hi."}]', "json"),
        ("an --> arrow, and words", "text"),
        ("[not] JSON", "text"),
    ],
)
def test_what_tells_its_times_is_read_by_them(text: str, format: str) -> None:
    found = read(text, "talk.txt")
    assert (found.format, found.is_estimated) == (format, format == "text")


def test_without_any_time_it_goes_by_the_words() -> None:
    found = read("One two three four five. " * 30, "talk.txt")
    assert (found.is_estimated, found.last_told, len(found.segments)) == (True, 0.0, 30)
    assert found.segments[-1].end == pytest.approx(60.0)  # 150 words a minute
    assert [segment.start for segment in found.segments] == pytest.approx([2.0 * at for at in range(30)])
    longer = found.lasting(90.0)
    assert [segment.start for segment in longer.segments] == pytest.approx([3.0 * at for at in range(30)])
    assert longer.segments[-1].end == pytest.approx(90.0)


def test_times_in_the_text_are_kept_to() -> None:
    found = read("[00:10] Five words are said here. [1:00] Ten words. " + "One more. " * 4 + "[00:03:00] Last one.")
    starts = {segment.text: segment.start for segment in found.segments}
    assert starts["Five words are said here."] == 10
    assert (starts["Ten words."], starts["Last one."]) == (60, 180)
    assert found.last_told == 180
    assert found.segments[-1].end == pytest.approx(181.5)  # never slower than people speak
    assert [segment.start for segment in found.lasting(200.0).segments] == [s.start for s in found.segments]
    assert found.lasting(200.0).segments[-1].end == pytest.approx(200)
    assert found.lasting(100.0).segments[-1].end == pytest.approx(100)  # another edition of it


def test_times_that_do_not_go_forward_are_of_something_else() -> None:
    found = read("One. [1:00] John [3:16] said two. [2:00] Three. [0:30] Four. [99:99] Five.", "talk.txt")
    starts = {segment.text: segment.start for segment in found.segments}
    assert (starts["John said two."], starts["Three."], found.last_told) == (60, 120, 120)
    assert starts["Four."] < 123


def test_times_that_are_known_are_not_estimated_again() -> None:
    cues = read("1\n00:00:01,000 --> 00:00:02,000\nHi.\n", "talk.srt")
    assert cues.lasting(60.0) is cues


words = st.lists(st.text("abcdé", min_size=1, max_size=6), min_size=1, max_size=90)


@given(words)
def test_no_word_is_lost_between_sentences(given_words: list[str]) -> None:
    marked = [f"{word}{'.!?,;'[len(word) % 5]}" if len(word) > 3 else word for word in given_words]
    parts = list(sentences(" ".join(marked)))
    assert " ".join(parts).split() == marked
    assert all(0 < len(part.split()) <= LONGEST for part in parts)


@given(st.lists(st.tuples(st.sampled_from("AB"), words), min_size=2, max_size=12), st.floats(1, 10_000))
def test_every_word_has_its_speaker_and_time(turns: list[tuple[str, list[str]]], duration: float) -> None:
    found = read("\n\n".join(f"**Speaker {name}:** {' '.join(spoken)}." for name, spoken in turns))
    assert " ".join(segment.text for segment in found.segments) == " ".join(f"{' '.join(s)}." for _, s in turns)
    for lasting in (found, found.lasting(duration)):
        times = [moment for segment in lasting.segments for moment in (segment.start, segment.end)]
        assert times == sorted(times)
        assert times[0] == 0
    assert found.segments[-1].end == pytest.approx(sum(len(spoken) for _, spoken in turns) / PER_SECOND)
    assert found.lasting(duration).segments[-1].end == pytest.approx(duration)


@given(st.text(st.sampled_from("ab.: \n[]()*#\\-_>`0123456789&;\ue05b\x00"), max_size=200), st.booleans())
def test_any_text_is_read_or_refused(text: str, is_markdown: bool) -> None:
    try:
        found = read(text, "x.md" if is_markdown else "x.txt")
    except TranscriptUnreadable:
        return
    starts = [segment.start for segment in found.segments]
    assert starts == sorted(starts)
    assert all(0 <= segment.start <= segment.end and segment.text for segment in found.segments)


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.text("abcdé,.?&*_[<", min_size=1, max_size=8), min_size=1, max_size=6), min_size=1, max_size=9)
)
def test_our_markdown_comes_back(given_words: list[list[str]]) -> None:
    segments = [
        sentence(" ".join(spoken), start=10.0 * at, speaker=f"Speaker {at % 2}")
        for at, spoken in enumerate(given_words)
    ]
    found = read(render(document(*segments), "md"))
    assert found.format == "markdown"
    assert "".join(s.text for s in found.segments).split() == "".join(s.text for s in found.segments).split()
    flat = re.sub(r"\s", "", "".join(segment.text for segment in segments))
    assert re.sub(r"\s", "", "".join(segment.text for segment in found.segments)) == flat
    for at, segment in enumerate(segments):
        first = next(s for s in found.segments if s.start == pytest.approx(10.0 * at, abs=0.5))
        assert first.speaker == segment.speaker


def test_a_script_without_spaces_takes_time_by_its_characters() -> None:
    assert spoken_words("机器学习 and more") == pytest.approx(4 * 0.4 + 2)
    assert spoken_words("안녕하세요 여러분") == 2
    clock = WordClock()
    assert clock.times().at(0.0) == 0.0


@pytest.mark.parametrize(
    ("text", "seconds"), [("0:05", 5), ("12:34", 754), ("1:02:03.5", 3723.5), ("00:01:50,03", 110.03), ("100:00", 6000)]
)
def test_times_are_read_as_they_are_written(text: str, seconds: float) -> None:
    assert seconds_of_clock(text) == pytest.approx(seconds)


HEAVY = ["[", "**", "a:", "*a ", "<a", "![", "[1:00]", "x", "> ", "\\[", "`", "。", "A 0:00 ", "&#", "A\n", "- "]


@pytest.mark.parametrize("piece", HEAVY)
def test_nothing_takes_long(piece: str) -> None:
    began = time.process_time()
    for name in ("x.txt", "x.md"):
        try:
            read(piece * (20_000 // len(piece)), name)
        except TranscriptUnreadable as refused:
            reason = refused.next_step
        else:
            reason = "none"
        assert reason
    assert time.process_time() - began < 2


@pytest.mark.shared_data
def test_podcasts_are_read_with_their_speakers_and_times(shared_data: Path) -> None:
    speakers: set[str | None] = set()
    for path in sorted((shared_data / "transcripts" / "podcast").glob("*.md"))[::4]:
        found = read_transcript_file(path).transcript
        last = found.segments[-1]
        speakers |= {segment.speaker for segment in found.segments}
        assert (found.left_out, found.language, last.start < last.end) == (0, None, True)
        assert found.last_told > 0.4 * last.end
        spoken = sum(len(segment.text.split()) for segment in found.segments)
        assert 120 < 60 * spoken / last.end < 190
        assert not any(re.search(r"\*\*|\\|\]\(|&#|\d:\d\d\]", segment.text) for segment in found.segments)
    assert {"Daniel Whitenack", "Chris Benson"} < speakers
    assert None not in speakers
    assert "Break" not in speakers
