"""Each format read back by an independent reader: nothing is lost, nothing turns into markup."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given

from tests.export.subtitles import read_srt, read_vtt
from tests.export.transcripts import document, sentence, transcript, transcripts
from trax.errors import OutputError, UsageError
from trax.export import FORMATS, ExportDocument, render
from trax.export.captions import cues
from trax.export.srt import plain
from trax.export.typography import one_line
from trax.transcript import Segment, Transcript, Word

HOSTILE = "a<b & <i>c</i> 00:00:01.000 --> 00:00:02.000 {\\an8}d &amp; </v> <c.x>"


def utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@given(transcripts())
def test_webvtt_reads_back_as_the_cues_that_were_written(source: Transcript) -> None:
    read = read_vtt(render(ExportDocument(source, "t"), "vtt"))
    made = cues(source)
    assert [(r.start_ms, r.end_ms) for r in read] == [(c.start_ms, c.end_ms) for c in made]
    assert [r.lines for r in read] == [tuple(utf8(line) for line in c.lines) for c in made]
    assert [r.voice for r in read] == [one_line(c.speaker or "") or None for c in made]


@given(transcripts())
def test_subrip_reads_back_as_the_cues_that_were_written(source: Transcript) -> None:
    read = read_srt(render(ExportDocument(source, "t"), "srt"))
    made = cues(source, labels=True)
    assert [(r.start_ms, r.end_ms) for r in read] == [(c.start_ms, c.end_ms) for c in made]
    assert ["\n".join(r.lines) for r in read] == [utf8(plain("\n".join(c.lines))) for c in made]


@given(transcripts())
def test_json_holds_every_segment_and_word(source: Transcript) -> None:
    read = json.loads(render(ExportDocument(source, "t"), "json"))
    assert [s["text"] for s in read["segments"]] == [utf8(s.text) for s in source.segments]
    words = [(w["word"], w["start"], w["end"]) for s in read["segments"] for w in s["words"]]
    assert words == [(utf8(w.text), round(w.start, 6), round(w.end, 6)) for w in source.words]


@given(transcripts())
def test_plain_text_and_markdown_hold_every_word_in_order(source: Transcript) -> None:
    made = "".join("".join(cue.lines) for cue in cues(source))
    text = render(ExportDocument(source, "t"), "txt")
    assert not re.search(r"\n\n\n", text)
    if not any(segment.speaker or any(w.speaker for w in segment.words) for segment in source.segments):
        assert re.sub(r"\s", "", text) == re.sub(r"\s", "", utf8(made))
    assert render(ExportDocument(source, "t"), "md").startswith("# t\n\n- Language: en\n")


def test_nothing_spoken_is_taken_for_markup_in_webvtt() -> None:
    [cue] = read_vtt(render(document(sentence(HOSTILE, speaker="A & <B>")), "vtt"))[:1]
    assert cue.voice == "A & <B>"
    assert " ".join(cue.lines).startswith("a<b & <i>c</i>")


def test_nothing_spoken_is_taken_for_markup_in_subrip() -> None:
    text = " ".join(" ".join(cue.lines) for cue in read_srt(render(document(sentence(HOSTILE)), "srt")))
    assert text == "a<b & ‹i›c‹/i› 00:00:01.000 → 00:00:02.000 (\\an8}d &amp; ‹/v› ‹c.x›"


def test_hours_beyond_ninety_nine_take_three_digits() -> None:
    late = document(sentence("Still here.", 360_000.5))
    assert "100:00:00,500 --> 100:00:01,333" in render(late, "srt")
    assert read_vtt(render(late, "vtt"))[0].start_ms == 360_000_500


def test_nothing_said_is_a_valid_empty_file_in_every_format() -> None:
    silent = ExportDocument(Transcript("en", 3.0), "Silence")
    assert render(silent, "srt") == ""
    assert render(silent, "txt") == ""
    assert read_vtt(render(silent, "vtt")) == []
    assert json.loads(render(silent, "json"))["segments"] == []
    assert render(silent, "md").startswith("# Silence\n")


def test_json_has_exactly_the_documented_keys() -> None:
    spoken = Segment(0.1, 0.5, "Hi", (Word(0.1, 0.5000000001, " Hi", 0.75, "Ann", 0.9),), speaker="Ann")
    said = transcript(spoken, duration=1.0)
    facts = {"label": "SPEAKER_00", "name": "Ann", "seconds": 0.4, "words": 1, "first_at": 0.1, "turns": 1}
    made = json.loads(
        render(
            ExportDocument(said, "T", "/a.mp3", "m", "r", 2, "v1", "tiny.en", "2026-01-01", {"speakers": [facts]}),
            "json",
        )
    )
    assert made == {
        "format_version": 1,
        "title": "T",
        "source": "/a.mp3",
        "media_id": "m",
        "result_id": "r",
        "version": 2,
        "pipeline_version": "v1",
        "model": "tiny.en",
        "created_at": "2026-01-01",
        "language": "en",
        "language_probability": None,
        "duration": 1.0,
        "confidence": 0.75,
        "word_count": 1,
        "speakers": [{"label": "SPEAKER_00", "name": "Ann", "seconds": 0.4, "words": 1, "first_at": 0.1}],
        "text": "Hi",
        "segments": [
            {
                "id": 0,
                "start": 0.1,
                "end": 0.5,
                "text": "Hi",
                "confidence": 0.75,
                "speaker": "Ann",
                "words": [
                    {
                        "start": 0.1,
                        "end": 0.5,
                        "word": " Hi",
                        "probability": 0.75,
                        "speaker": "Ann",
                        "speaker_confidence": 0.9,
                    }
                ],
            }
        ],
    }


def test_json_has_no_confidence_where_no_word_was_measured() -> None:
    [segment] = json.loads(render(document(Segment(0, 1, "Imported.")), "json"))["segments"]
    assert segment["confidence"] is None
    assert segment["words"] == []


def test_plain_text_is_one_paragraph_a_line_named_where_the_speaker_changes() -> None:
    talk = document(
        sentence("Good morning.", 0.0, speaker="Ann"),
        sentence("How are you?", 1.0, speaker="Ann"),
        sentence("Fine.", 2.0, speaker="Bob"),
        sentence("And you?", 9.0, speaker="Bob"),
    )
    assert render(talk, "txt") == "Ann: Good morning. How are you?\n\nBob: Fine.\n\nAnd you?\n"


def test_a_long_speech_without_pauses_is_still_parted_at_sentences() -> None:
    [*paragraphs] = render(document(sentence("We speak on and on. " * 200)), "txt").split("\n\n")
    assert len(paragraphs) == 6
    assert all(paragraph.strip().endswith(".") for paragraph in paragraphs)


def test_markdown_shows_facts_times_and_speakers_and_escapes_the_rest() -> None:
    made = render(
        ExportDocument(
            transcript(sentence("Use *stars* and <b>.", 3661.0, speaker="A_B")),
            "My [talk]",
            source="/media/talk.mp3",
            version=1,
            pipeline_version="v1",
        ),
        "md",
    )
    assert made.startswith("# My \\[talk\\]\n\n- Source: /media/talk.mp3\n- Language: en\n- Duration: 01:01:12\n")
    assert "- Version: 1 (pipeline v1)\n" in made
    assert made.endswith("[01:01:01] **A\\_B:** Use \\*stars\\* and \\<b\\>.\n")


INFO = {
    "speakers": [{"label": "SPEAKER_00", "name": "Ann Lee", "seconds": 61.0}, {"label": "SPEAKER_01", "name": None}],
    "turns": [[0.0, 2.5, "SPEAKER_00"], [2.0, 3.6, "SPEAKER_01"]],
}


def test_rttm_has_the_turns_that_were_heard_with_the_names_of_speakers() -> None:
    made = ExportDocument(transcript(sentence("Hello.", speaker="Ann Lee")), "my talk.mp3", speaker_info=INFO)
    assert render(made, "rttm") == (
        "SPEAKER my%20talk 1 0.000 2.500 <NA> <NA> Ann%20Lee <NA> <NA>\n"
        "SPEAKER my%20talk 1 2.000 1.600 <NA> <NA> SPEAKER_01 <NA> <NA>\n"
    )


def test_rttm_goes_by_the_words_where_no_turns_are_known() -> None:
    words = (Word(1, 1.5, " Yes.", 0.9, "Ann"), Word(1.6, 2, " No.", 0.9, "Bob"), Word(2, 2.5, " Why?", 0.9, "Bob"))
    said = transcript(Segment(1, 2.5, "Yes. No. Why?", words, speaker="Bob"), Segment(5, 6, "So.", speaker="Bob"))
    turns = [line.split()[3:8:4] + line.split()[4:5] for line in render(ExportDocument(said, "t"), "rttm").splitlines()]
    assert turns == [["1.000", "Ann", "0.500"], ["1.600", "Bob", "0.900"], ["5.000", "Bob", "1.000"]]


def test_rttm_of_a_transcript_that_names_nobody_says_what_to_do() -> None:
    with pytest.raises(OutputError, match="trax diarize"):
        render(document(sentence("Hello.")), "rttm")
    assert render(ExportDocument(Transcript("en", 3.0), "Silence"), "rttm") == ""


def test_markdown_names_the_speakers_and_for_how_long_they_speak() -> None:
    made = render(ExportDocument(transcript(sentence("Hello.")), "t", speaker_info=INFO), "md")
    assert "- Speakers: Ann Lee (00:01:01), SPEAKER\\_01\n" in made


def test_a_segment_is_shown_with_its_own_speaker_whoever_says_a_word_in_it() -> None:
    words = (Word(0, 1, " We", 0.9, "Ann"), Word(1, 2, " did", 0.9, "Bob"), Word(2, 3, " it.", 0.9, "Ann"))
    said = ExportDocument(transcript(Segment(0, 3, "We did it.", words, speaker="Ann")), "t")
    assert render(said, "txt") == "Ann: We did it.\n"
    assert [word["speaker"] for word in json.loads(render(said, "json"))["segments"][0]["words"]] == [
        "Ann",
        "Bob",
        "Ann",
    ]


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="txt, srt, vtt, json, md, rttm"):
        render(document(), "docx")


def test_every_format_has_its_own_suffix_and_a_description() -> None:
    assert [made.suffix for made in FORMATS.values()] == [f".{name}" for name in FORMATS]
    assert all(made.description for made in FORMATS.values())


def test_rttm_of_turns_that_others_have_stored() -> None:
    odd = [3, [1, 2], [0, 1, None], ["0", 1, "A"], [5, 4, "A"], [0, 1.5, "A"]]
    made = ExportDocument(transcript(), "talk.mp3", speaker_info={"turns": odd})
    assert render(made, "rttm") == "SPEAKER talk 1 0.000 1.500 <NA> <NA> A <NA> <NA>\n"


def test_rttm_has_one_turn_where_a_person_is_two_labels_at_once() -> None:
    named = [{"label": "S0", "name": "Ann"}, {"label": "S1", "name": "Ann"}]
    info = {"speakers": named, "turns": [[0, 5, "S0"], [3, 8, "S1"], [9, 10, "S0"]]}
    lines = render(ExportDocument(transcript(), "talk.mp3", speaker_info=info), "rttm").splitlines()
    assert [line.split()[3:5] for line in lines] == [["0.000", "8.000"], ["9.000", "1.000"]]
