"""SubRip, WebVTT and JSON, one peculiarity after the other."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.errors import TranscriptUnreadable
from trax.ingest.languages import language_code, language_of_name
from trax.ingest.transcript_files import ImportedTranscript, read_transcript
from trax.transcript import Segment


def texts(read: ImportedTranscript) -> list[str]:
    return [segment.text for segment in read.segments]


def times(read: ImportedTranscript) -> list[tuple[float, float]]:
    return [(segment.start, segment.end) for segment in read.segments]


def srt(*cues: str) -> bytes:
    return "\n".join(f"{number}\n{cue}\n" for number, cue in enumerate(cues, start=1)).encode()


def vtt(*cues: str) -> bytes:
    return ("WEBVTT\n\n" + "\n\n".join(cues)).encode()


# --- SubRip


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings(encoding: str) -> None:
    body = "1\r\n00:00:01,500 --> 00:00:04,500\r\nÇa va très bien, merci — «déjà vu»\r\n".encode(encoding)
    assert texts(read_transcript(body, "x.srt")) == ["Ça va très bien, merci — «déjà vu»"]


def test_a_cut_character_does_not_change_the_encoding() -> None:
    body = srt("00:00:01,000 --> 00:00:02,000\nça déjà été là où né") + b"\xc3"
    assert texts(read_transcript(body, "x.srt"))[0].startswith("ça déjà été là où né")


@pytest.mark.parametrize("encoding", ["cp1251", "gbk", "shift_jis", "koi8-r"])
def test_a_code_that_cannot_be_told_is_not_guessed(encoding: str) -> None:
    text = "привет как дела сегодня" if encoding in ("cp1251", "koi8-r") else "日本時代中国日本時代中国"
    with pytest.raises(TranscriptUnreadable, match="UTF-8"):
        read_transcript(srt(f"00:00:01,000 --> 00:00:02,000\n{text}").decode().encode(encoding), "x.srt")


@pytest.mark.parametrize(
    ("line", "start", "end"),
    [
        ("00:00:01,500 --> 00:00:04,500", 1.5, 4.5),
        ("0:00:01.5-->0:00:04.50", 1.5, 4.5),
        ("00:01,500 --> 00:04,500 X1:000 X2:000", 1.5, 4.5),
        ("00:00:01 --> 00:00:04", 1.0, 4.0),
        ("00:00:01:500 --> 00:00:04:500", 1.5, 4.5),
        ("100:00:00,000 --> 100:00:01,000", 360_000.0, 360_001.0),
        ("00:00:04,500 --> 00:00:01,500", 4.5, 4.5),  # the wrong way round: the words stay
        ("-00:00:01,000 --> 00:00:01,500", 0.0, 1.5),
    ],
)
def test_times_of_all_kinds(line: str, start: float, end: float) -> None:
    read = read_transcript(srt(f"{line}\nword"), "x.srt")
    assert times(read) == [(start, end)]
    assert texts(read) == ["word"]


def test_cues_without_sensible_times_are_left_out_and_counted() -> None:
    read = read_transcript(
        srt(
            "00:00:01,000 --> 00:00:02,000\nkept",
            "00:00:xx,000 --> 00:00:03,000\nlost",
            "999999:00:00,000 --> 999999:00:01,000\nlost",
            "-00:00:09,000 --> -00:00:08,000\nlost",
            "00:00:04,000 --> 00:00:05,000\nkept, too",
        ),
        "x.srt",
    )
    assert texts(read) == ["kept", "kept, too"]
    assert read.left_out == 3


def test_overlapping_cues_come_in_order_and_keep_their_times() -> None:
    read = read_transcript(
        srt("00:00:05,000 --> 00:00:09,000\nlater", "00:00:01,000 --> 00:00:07,000\nearlier"), "x.srt"
    )
    assert texts(read) == ["earlier", "later"]
    assert times(read) == [(1.0, 7.0), (5.0, 9.0)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<i>one</i> <font color='red'>two</font> {\\an8}three<br>four", "one two three four"),
        ("2 < 3 and 5 > 4", "2 < 3 and 5 > 4"),
        ("Q&amp;A &lt;3", "Q&A <3"),
        ("first\n\nafter a blank line", "first after a blank line"),
        ("日本\n語", "日本語"),
        ("한국\n말", "한국 말"),
        ("A --> B", "A --> B"),
        ("\x1b[31mred\x07", "[31mred"),
        ("\u202eright to left\u202c", "right to left"),
        ("42", "42"),
    ],
)
def test_text_of_subrip(text: str, expected: str) -> None:
    read = read_transcript(
        srt(f"00:00:01,000 --> 00:00:02,000\n{text}", "00:00:03,000 --> 00:00:04,000\nnext"), "x.srt"
    )
    assert texts(read) == [expected, "next"]


# --- WebVTT


def test_voices_of_one_cue_share_its_time() -> None:
    body = vtt(
        "00:00.000 --> 00:10.000\n<v.loud Roger &amp; Co>Hello.</v> <v Ann>Morning!", "00:10.000 --> 00:11.000\nme"
    )
    read = read_transcript(body, "x.vtt")
    assert [(segment.speaker, segment.text) for segment in read.segments] == [
        ("Roger & Co", "Hello."),
        ("Ann", "Morning!"),
        (None, "me"),
    ]
    first, second, _ = read.segments
    assert (first.start, second.end) == (0.0, 10.0)
    assert first.end == second.start == pytest.approx(10 * 6 / 14)


def test_what_a_browser_does_not_show_is_no_text() -> None:
    body = (
        b"WEBVTT\nKind: captions\nLanguage: de-AT\n\nNOTE\nnot me\n\nSTYLE\n::cue { }\n\nid\n"
        + ("00:00.000 --> 00:01.000 align:start\n<c.yellow>漢<ruby>字<rt>ji</rt></ruby></c>&nbsp;&gt;&#33;\n").encode()
    )
    read = read_transcript(body, "x.vtt")
    assert texts(read) == ["漢字 >!"]
    assert read.language == "de"


def test_captions_that_roll_up_are_read_once() -> None:
    body = vtt(
        "00:00:00.000 --> 00:00:02.000 align:start\n \nhello<00:00:01.000><c> there</c>",
        "00:00:02.000 --> 00:00:02.010\nhello there\n ",
        "00:00:02.010 --> 00:00:04.000\nhello there\ngeneral<00:00:03.000><c> public</c>",
    )
    assert texts(read_transcript(body, "x.vtt")) == ["hello there", "general public"]


def test_a_program_that_is_careless_of_the_format_is_understood() -> None:
    assert times(read_transcript(b"WEBVTT\n\n0:01,5 --> 0:02,5\nhello", "x.vtt")) == [(1.5, 2.5)]
    assert times(read_transcript(b"\n\nWEBVTT\n\n00:01.000 --> 00:02.000\nhello", "x.vtt")) == [(1.0, 2.0)]


# --- JSON


WORDS = [{"word": "Hi", "start": 1.0, "end": 1.2, "score": 0.9}, {"word": "42", "score": 0.5}]
DOCUMENTS: dict[str, tuple[Any, str, str | None]] = {
    "openai-whisper": (
        {
            "text": " Hi 42",
            "language": "en",
            "segments": [{"id": 0, "start": 1, "end": 2, "text": " Hi 42", "tokens": []}],
        },
        "whisper",
        "en",
    ),
    "verbose_json": (
        {"task": "transcribe", "language": "english", "segments": [{"start": 1.0, "end": 2.0, "text": " Hi 42"}]},
        "whisper",
        "en",
    ),
    "faster-whisper": ([{"start": 1.0, "end": 2.0, "text": " Hi 42", "words": None}], "json", None),
    "WhisperX": (
        {"segments": [{"start": 1, "end": 2, "text": "Hi 42", "words": WORDS}], "language": "de"},
        "whisper",
        "de",
    ),
    "whisper.cpp": (
        {"result": {"language": "fr"}, "transcription": [{"offsets": {"from": 1000, "to": 2000}, "text": " Hi 42"}]},
        "whisper.cpp",
        "fr",
    ),
    "podcast": (
        {"version": "1.0.0", "segments": [{"speaker": "Ann", "startTime": 1.0, "endTime": "2.0", "body": "Hi 42"}]},
        "podcast",
        None,
    ),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_relatives_of_whisper(kind: str) -> None:
    written, format, language = DOCUMENTS[kind]
    read = read_transcript(json.dumps(written).encode(), "x.json")
    assert (read.format, read.language) == (format, language)
    assert [(segment.start, segment.end, segment.text) for segment in read.segments] == [(1.0, 2.0, "Hi 42")]


def test_words_have_times_scores_and_a_space() -> None:
    (segment,) = read_transcript(json.dumps(DOCUMENTS["WhisperX"][0]).encode(), "x.json").segments
    assert [(w.start, w.end, w.text, w.probability) for w in segment.words] == [
        (1.0, 1.2, " Hi", 0.9),
        (1.2, 1.2, " 42", 0.5),
    ]


def test_words_that_are_not_those_of_the_text_are_left_out() -> None:
    written = {"segments": [{"start": 0, "end": 1, "text": "something else", "words": WORDS}]}
    assert read_transcript(json.dumps(written).encode(), "x.json").segments[0].words == ()


def test_numbers_that_are_none() -> None:
    segments = [
        {"start": 0, "end": 1, "text": "kept", "avg_logprob": float("nan"), "no_speech_prob": "x", "temperature": None},
        {"start": float("nan"), "end": 1, "text": "lost"},
        {"start": 1, "end": float("inf"), "text": "kept, too"},
        {"start": True, "end": 1, "text": "lost"},
        {"start": 10**400, "end": 1, "text": "lost"},
        {"end": 1, "text": "lost"},
        {"start": 3, "end": 4, "text": 5},
        "no segment",
    ]
    read = read_transcript(json.dumps({"segments": segments}).encode(), "x.json")
    assert texts(read) == ["kept", "kept, too"]
    assert times(read) == [(0.0, 1.0), (1.0, 1.0)]
    assert read.left_out == 4
    assert (read.segments[0].avg_logprob, read.segments[0].no_speech_prob) == (0.0, 0.0)


KEYS = (
    *("segments", "start", "end", "text", "words", "word", "speaker", "body", "startTime", "endTime", "language"),
    *("transcription", "offsets", "from", "to", "result", "probability"),
)
documents = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(documents)
def test_any_json_is_read_or_refused(written: Any) -> None:
    with suppress(TranscriptUnreadable):
        read = read_transcript(json.dumps(written).encode(), "x.json")
        assert all(0 <= segment.start <= segment.end < 1e7 and segment.text.strip() for segment in read.segments)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("English", "en"),
        ("en-US", "en"),
        ("zh_Hant", "zh"),
        ("haitian creole", "ht"),
        ("und", None),
        ("", None),
        ("klingon of old", None),
        ("x" * 100, None),
    ],
)
def test_languages(said: str, code: str | None) -> None:
    assert language_code(said) == code


@pytest.mark.parametrize(
    ("name", "code"), [("talk.de.srt", "de"), ("talk.pt-BR.vtt", "pt"), ("talk.srt", None), ("a.sdh.srt", None)]
)
def test_the_language_in_a_name(name: str, code: str | None) -> None:
    assert language_of_name(name) == code
    assert read_transcript(srt("00:00:01,000 --> 00:00:02,000\nx"), name).language == code


def test_a_segment_is_what_a_transcript_holds() -> None:
    (segment,) = read_transcript(srt("00:00:01,000 --> 00:00:02,000\nHello there."), "x.srt").segments
    assert segment == Segment(1.0, 2.0, "Hello there.")
