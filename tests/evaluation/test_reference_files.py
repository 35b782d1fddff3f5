"""References as files have them: every format, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from trax.errors import MediaNotFound, TranscriptUnreadable, TraxError, UsageError
from trax.evaluation.checks import fitting, hardly_agrees, too_long
from trax.evaluation.errors import Errors
from trax.evaluation.reference import Reference, Utterance, turns_of
from trax.ingest.reference_files import read_reference_file
from trax.ingest.stm_file import read_stm
from trax.timeline import Interval
from trax.turns import SpeakerTurn

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello there.\n\n2\n00:00:03,000 --> 00:00:04,000\nGood bye.\n"
VTT = "WEBVTT\nLanguage: de\n\n00:01.000 --> 00:02.000\n<v Ann>Guten Tag.\n\n00:02.500 --> 00:04.000\n<v Bob>Ja?\n"
STM = """;; CATEGORY "0" "" ""
call A Ann 0.50 1.75 <o,f0,female> Hello {there / their / @} (%uh) friend
call A inter_segment_gap 1.75 2.00 <o,,> ignored
call A Bob 2.0 3.0 <o,f0,male> IGNORE_TIME_SEGMENT_IN_SCORING
call A Bob 3.0 4.5 Good day.
other A Eve 0 1 Something else
"""
RTTM = "SPEAKER call 1 0.5 1.25 <NA> <NA> a <NA> <NA>\nSPEAKER call 1 3.0 1.5 <NA> <NA> b <NA> <NA>\n"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_text_is_told_in_sentences_without_times(tmp_path: Path) -> None:
    file = read_reference_file(write(tmp_path, "talk.en.txt", "Ann: Hello there. How are you?\n\nBob: Fine, thanks.\n"))
    reference = file.of("whatever.mp3")
    assert reference.texts == ("Hello there.", "How are you?", "Fine, thanks.")
    assert (reference.is_timed, reference.turns, reference.language, reference.end) == (False, (), "en", 0.0)
    assert (file.format, reference.word_count, len(file.sha256)) == ("text", 7, 64)


def test_subtitles_tell_times_and_speakers(tmp_path: Path) -> None:
    reference = read_reference_file(write(tmp_path, "talk.srt", SRT), "fr").of("x")
    assert reference.utterances == (Utterance("Hello there.", 1.0, 2.5), Utterance("Good bye.", 3.0, 4.0))
    assert (reference.language, reference.turns, reference.end) == ("fr", (), 4.0)
    voices = read_reference_file(write(tmp_path, "talk.vtt", VTT), "fr").of("x")
    assert voices.turns == (SpeakerTurn(1.0, 2.0, "Ann"), SpeakerTurn(2.5, 4.0, "Bob"))
    assert voices.language == "de"  # what the file says goes before what somebody says of it


def test_stm_has_what_is_scored_of_each_recording(tmp_path: Path) -> None:
    file = read_reference_file(write(tmp_path, "set.stm", STM))
    reference = file.of("Call.wav")
    assert reference.utterances == (
        Utterance("Hello there friend", 0.5, 1.75, "Ann"),
        Utterance("Good day.", 3.0, 4.5, "Bob"),
    )
    assert [turn.speaker for turn in reference.turns] == ["Ann", "Bob"]
    with pytest.raises(TranscriptUnreadable, match=r"2 recordings, and none is called third\.mp3.*call, other"):
        file.of("third.mp3")
    assert file.of("other").texts == ("Something else",)


@pytest.mark.parametrize(
    "line", ["call A Ann 0.5", "call A Ann x 1 words", "call A Ann 2 1 words", "call A Ann 0 inf w"]
)
def test_lines_that_are_none_of_stm(line: str) -> None:
    with pytest.raises(TranscriptUnreadable, match="line 2"):
        read_stm(f"call A Ann 0 1 fine\n{line}\n")


def test_rttm_tells_turns_alone(tmp_path: Path) -> None:
    reference = read_reference_file(write(tmp_path, "call.rttm", RTTM)).of("anything.mp3")
    assert (reference.utterances, len(reference.turns), reference.end) == ((), 2, 4.5)


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("empty.txt", b"", "empty.txt can't be read: it is empty"),
        ("empty.rttm", b"", "nobody says anything"),
        ("gaps.stm", b";; nothing\ncall A x 0 1\n", "nobody says anything"),
        ("bad.rttm", b"SPEAKER call 1 x y\n", "bad.rttm can't be read: line 1 tells no turn"),
        ("bad.stm", b"hello\n", "bad.stm can't be read: line 1 is none of an STM file"),
        ("talk.docx", b"PK\x03\x04" + bytes(200), "talk.docx"),
        ("talk.ref", b"only words", "talk.ref can't be read: it says nowhere when something is said"),
        ("talk.wav", b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40), "a WAV"),
        ("talk.ass", b"[Script Info]\n", "SubStation"),
    ],
)
def test_files_that_are_no_reference(tmp_path: Path, name: str, body: bytes, message: str) -> None:
    with pytest.raises(TranscriptUnreadable, match=r".") as refused:
        read_reference_file(write(tmp_path, name, body))
    assert message.lower() in str(refused.value).lower()
    assert "imported" not in str(refused.value)
    assert refused.value.next_step


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(MediaNotFound, match=r"no file missing\.txt"):
        read_reference_file(tmp_path / "missing.txt")
    with pytest.raises(TraxError, match="folder"):
        read_reference_file(tmp_path)


def test_a_reference_that_is_longer_than_the_media() -> None:
    short = Reference((Utterance("word " * 25),))
    assert too_long(short, 1.0) is None  # a few words prove nothing
    assert too_long(Reference((Utterance("word " * 900),)), 100.0) is not None
    assert too_long(Reference((Utterance("word " * 900),)), 120.0) is None
    assert too_long(Reference((Utterance("word " * 900),)), None) is None
    timed = Reference((Utterance("word", 1000.0, 1080.0),))
    assert too_long(timed, 1040.0) is None  # frame rates that were mistaken for each other
    assert "ends at 16:40" in (too_long(timed, 1000.0) or "")
    assert too_long(Reference((Utterance("很" * 100),), language="zh"), 20.0) is None


def test_what_can_not_be_compared() -> None:
    english = Reference((Utterance("One.", 0.0, 1.0, "a"), Utterance("Two.", 2.0, 3.0, "b")), language="en")
    with pytest.raises(UsageError, match="language en, and the transcript in de"):
        fitting(english, "de", None)
    for known in ("en", "und"):
        assert fitting(english, known, None) is english
    part = fitting(english, "en", Interval(1.5, 9.0))
    assert part.texts == ("Two.",)
    with pytest.raises(UsageError, match="says nothing in that part"):
        fitting(english, "en", Interval(5.0, float("inf")))
    with pytest.raises(UsageError, match="doesn't tell when"):
        fitting(Reference((Utterance("One."),)), "en", Interval(0.0, 1.0))
    turns = Reference(turns=(SpeakerTurn(0.0, 4.0, "a"),), language="en")
    assert fitting(turns, "de", Interval(1.0, 2.0)).turns == (SpeakerTurn(1.0, 2.0, "a"),)


def test_utterances_without_times_tell_no_turns() -> None:
    assert turns_of((Utterance("One.", 0.0, 1.0, "a"), Utterance("Two.", speaker="b"))) == ()
    assert hardly_agrees(Errors(40, 30, 5, 0))
    assert not hardly_agrees(Errors(40, 20, 5, 0))
    assert not hardly_agrees(Errors(5, 5, 0, 0))


@pytest.mark.shared_data
def test_no_word_of_a_real_reference_is_lost(shared_data: Path) -> None:
    path = shared_data / "speech/longform/ls_35min_2spk.ref.txt"
    read = read_reference_file(path).of("x")
    assert " ".join(read.texts).split() == path.read_text().split()
    call = read_reference_file(shared_data / "speech/dialogue/sample.stm").of("sample.wav")
    assert (len(call.utterances), {turn.speaker for turn in call.turns}) == (13, {"Diane", "Sheila"})
