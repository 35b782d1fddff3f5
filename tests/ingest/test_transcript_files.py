"""Transcripts of others: every format as it is found in the wild, files that mean harm, and our own exports back."""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.export.transcripts import document, sentence, transcripts
from trax.errors import MediaNotFound, TranscriptUnreadable
from trax.export import ExportDocument, render
from trax.export.captions import cues
from trax.export.srt import plain as as_in_srt
from trax.export.typography import one_line
from trax.ingest import collected, transcript_files
from trax.ingest.transcript_files import ImportedTranscript, read_transcript, read_transcript_file
from trax.ingest.vtt_file import read_vtt
from trax.transcript import Transcript

TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")  # dropped on import, with control characters
REFERENCE = re.compile(r"&(?:nbsp|lt|gt|quot|apos|amp|#39);")  # which SubRip files should not have, and often do


def flat(text: str) -> str:
    return re.sub(r"\s", "", TURNING.sub("", text))


def texts(read: ImportedTranscript) -> list[str]:
    return [segment.text for segment in read.segments]


def times(read: ImportedTranscript) -> list[tuple[float, float]]:
    return [(segment.start, segment.end) for segment in read.segments]


def srt(*cues: str) -> bytes:
    return "\n".join(f"{number}\n{cue}\n" for number, cue in enumerate(cues, start=1)).encode()


def refusal(body: bytes, name: str) -> TranscriptUnreadable | None:
    """Why it can't be imported; None where it can, with segments as they should be."""
    try:
        read = read_transcript(body, name)
    except TranscriptUnreadable as error:
        return error
    assert all(0 <= segment.start <= segment.end < 1e7 for segment in read.segments)
    assert all(segment.text.strip() and "\x1b" not in segment.text for segment in read.segments)
    return None


# --- our own exports, back again


@settings(max_examples=50)
@given(transcripts())
def test_our_vtt_comes_back_word_for_word(source: Transcript) -> None:
    shown = cues(source)
    assume(shown)
    exported = render(ExportDocument(source, "Talk"), "vtt")
    read = read_transcript(exported.encode(), "talk.vtt")
    assert read.format == "vtt"
    assert read.left_out == 0
    assert times(read) == [(cue.start_ms / 1000, cue.end_ms / 1000) for cue in shown]
    said = ["".join(cue.lines).encode("utf-8", "replace").decode() for cue in shown]
    assert [flat(text) for text in texts(read)] == [flat(text) for text in said]
    voices = [one_line(cue.speaker or "") or None for cue in shown]
    assert [segment.speaker for segment in read.segments] == voices


@settings(max_examples=50)
@given(transcripts())
def test_our_srt_comes_back_word_for_word(source: Transcript) -> None:
    shown = cues(source, labels=True)
    assume(shown)
    exported = render(ExportDocument(source, "Talk"), "srt")
    assume(not REFERENCE.search(exported))
    read = read_transcript(exported.encode(), "talk.srt")
    assert read.format == "srt"
    assert read.left_out == 0
    assert times(read) == [(cue.start_ms / 1000, cue.end_ms / 1000) for cue in shown]
    said = [as_in_srt("\n".join(cue.lines)).encode("utf-8", "replace").decode() for cue in shown]
    assert [flat(text) for text in texts(read)] == [flat(text) for text in said]


sentences = st.lists(st.lists(st.text("abcdé,.?<>&\"'", min_size=1, max_size=8), min_size=1, max_size=6), min_size=1)


@given(sentences, st.sampled_from([None, "Ann", "Bob <x> & Co"]))
def test_our_json_comes_back_with_words_times_and_speakers(said: list[list[str]], speaker: str | None) -> None:
    segments = [sentence(" ".join(words), start=10.0 * at, speaker=speaker) for at, words in enumerate(said)]
    read = read_transcript(render(document(*segments), "json").encode(), "talk.json")
    assert (read.format, read.language, read.left_out) == ("trax", "en", 0)
    for before, after in zip(segments, read.segments, strict=True):
        assert (after.text, after.speaker) == (before.text, before.speaker)
        assert (after.start, after.end) == pytest.approx((before.start, before.end), abs=1e-6)
        assert [(word.text, word.probability) for word in after.words] == [
            (word.text, word.probability) for word in before.words
        ]
        assert [word.start for word in after.words] == pytest.approx([word.start for word in before.words], abs=1e-6)


# --- real files


OLDER_DRAFT = {  # what vtt.js expects of these is not what the recommendation of today says
    "minimum-spots-over-sixty.vtt",  # 120:00.000 was read as 120 hours
    "min-top-digits.vtt",  # 000:00.000 was a time
    "id.vtt",  # an identifier that is an arrow took its cue along
    "incorrect.vtt",  # &lt without a semicolon was not yet a reference
}
SEVERAL_VOICES = {"with-closing-span.vtt", "cycle-collector-talk.vtt"}  # one cue, several segments


@pytest.mark.shared_data
def test_webvtt_is_read_as_the_reference_implementation_reads_it(shared_data: Path) -> None:
    compared = 0
    for path in sorted((shared_data / "subtitles" / "vttjs_tests").rglob("*.vtt")):
        described = path.with_suffix(".json")
        if not described.exists() or path.name in OLDER_DRAFT | SEVERAL_VOICES:
            continue
        expected = json.loads(described.read_text())["cues"]
        shown = [cue for cue in expected if re.sub(r"<[^>]*(?:>|$)", "", cue["text"]).strip()]
        read = read_vtt(path.read_text("utf-8-sig"))
        found = [(segment.start, segment.end) for segment in read.in_order()]
        assert found == sorted(((cue["startTime"], cue["endTime"]) for cue in shown), key=lambda times: times[0]), path
        compared += 1
    assert compared > 130


@pytest.mark.shared_data
def test_webvtt_shows_what_a_browser_shows(shared_data: Path) -> None:
    compared = 0
    for path in sorted((shared_data / "subtitles" / "vttjs_tests" / "cuetext").rglob("*.vtt")):
        described = path.with_name(f"{path.stem}-proc.json")
        boxes = json.loads(described.read_text()) if described.exists() else None
        if not boxes or path.parent.name == "ruby" or path.name in OLDER_DRAFT:
            continue  # what is written above a word is read to nobody, and left out
        read = read_vtt(path.read_text("utf-8-sig"))
        said = flat("".join(segment.text for segment in read.in_order()))
        assert said == flat("".join(box["textContent"] for box in boxes)), path
        compared += 1
    assert compared > 60


@pytest.mark.shared_data
def test_every_real_file_is_read_or_refused_with_a_reason(shared_data: Path) -> None:
    outcomes: Counter[tuple[str, str]] = Counter()
    for path in sorted((shared_data / "subtitles").rglob("*")):
        if not path.is_file() or path.suffix in (".js", ".md"):
            continue
        refused = refusal(path.read_bytes(), path.name)
        assert refused is None or (refused.next_step and path.name in refused.message)
        outcomes[path.suffix, "read" if refused is None else "refused"] += 1
    print(dict(outcomes))
    assert outcomes[".srt", "read"] == 14
    assert outcomes[".srt", "refused"] == 1  # one word, and no time
    assert outcomes[".vtt", "read"] == 236
    assert outcomes[".json", "read"] == 1
    assert all(outcomes[suffix, "refused"] for suffix in (".ass", ".sbv", ".scc", ".smi", ".stl", ".sub", ".ttml"))


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "count"), [("utf-8.srt", 1332), ("windows-1252.srt", 1332), ("no-indexes.srt", 7)])
def test_subrip_of_the_wild(shared_data: Path, name: str, count: int) -> None:
    read = read_transcript_file(shared_data / "subtitles" / "pysrt" / name).transcript
    assert len(read.segments) == count
    assert "\N{REPLACEMENT CHARACTER}" not in "".join(texts(read))


@pytest.mark.shared_data
def test_every_encoding_gives_the_same_text(shared_data: Path) -> None:
    folder = shared_data / "subtitles" / "pysrt"
    read = {path.name: texts(read_transcript_file(path).transcript) for path in folder.glob("bom-*.srt")}
    assert len(read) == 5
    assert len({tuple(found) for found in read.values()}) == 1


# --- files that mean harm, and others


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"WEBVTT\n\n", b"1\n00:00:01,000 --> 00:00:02,000\n", b"{", b"["])
)
def test_any_bytes_are_read_or_refused(body: bytes, start: bytes) -> None:
    refused = refusal(start + body, "x")
    assert refused is None or refused.message.isprintable()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"WEBVTT\n\nNOTE nothing", "no word"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n\n", "no word"),
        (b"1\n00:00:xx,000 --> 00:00:02,000\nlost\n", "its times make no sense"),
        (b"just words", "says nowhere when"),
        (b"words,\nand an --> arrow", "no word"),
        (b"[Script Info]\nTitle: x", "SubStation"),
        (b"<!DOCTYPE html><html><!-- --></html>", "a web page"),
        (b'{"segments": [', "none that is valid"),
        (b'{"colour": "red"}', "JSON of another kind"),
        (b"[" * 100_000, "none that is valid"),
        (b'{"segments": [{"start": ' + b"9" * 5000 + b"}]}", "none that is valid"),
        (b"ID3\x04" + b"\0" * 100, "an MP3 file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "a PNG image"),
        (b"\0" * 5000, "says nowhere when"),
    ],
)
def test_what_is_refused_is_called_by_its_name(body: bytes, says: str) -> None:
    with pytest.raises(TranscriptUnreadable, match=says) as raised:
        read_transcript(body, "talk\x1b[2J.srt")
    assert "\x1b" not in str(raised.value)


def test_what_is_huge_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(transcript_files, "MOST_BYTES", 1000)
    monkeypatch.setattr(collected, "MOST_SEGMENTS", 10)
    endless = tmp_path / "endless.srt"
    endless.write_bytes(srt("00:00:01,000 --> 00:00:02,000\nx") * 100)
    with pytest.raises(TranscriptUnreadable, match="larger than"):
        read_transcript_file(endless)
    endless.write_bytes(srt(*["00:00:01,000 --> 00:00:02,000\nx"] * 11))
    with pytest.raises(TranscriptUnreadable, match="more than 10 segments"):
        read_transcript_file(endless)
    endless.write_bytes(b"-->\n\n" * 11)
    with pytest.raises(TranscriptUnreadable, match="more than 10 segments"):
        read_transcript_file(endless)
    monkeypatch.setattr(collected, "MOST_LINES", 20)
    for start in (b"WEBVTT\n", b"-->"):
        endless.write_bytes(start + b"\r" * 21)
        with pytest.raises(TranscriptUnreadable, match="more than 20 lines"):
            read_transcript_file(endless)


@pytest.mark.parametrize(
    "body",
    [
        b"1\n00:00:01,000 --> 00:00:02,000\n" + b"<" * 300_000,
        b"1\n00:00:01,000 --> 00:00:02,000\n" + b"<i " * 100_000,
        b"1\n00:00:01,000 --> 00:00:02,000\n" + b"{\\" * 150_000,
        b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<v " * 100_000,
        b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<v a>b" * 20_000,
        b"1\n" + b"0" * 300_000 + b" --> \n",
        b"00:00:01" + b" " * 300_000 + b"-->\n",
        b"-->\n" * 60_000,
        b"&amp" * 70_000 + b"-->",
    ],
)
def test_no_text_takes_longer_than_its_length(body: bytes) -> None:
    began = time.process_time()
    refusal(body, "x")
    assert time.process_time() - began < 2.0


def test_a_path_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(MediaNotFound):
        read_transcript_file(tmp_path / "missing.srt")
    with pytest.raises(TranscriptUnreadable, match="folder"):
        read_transcript_file(tmp_path)
    os.mkfifo(tmp_path / "pipe.srt")
    with pytest.raises(TranscriptUnreadable, match="pipe"):
        read_transcript_file(tmp_path / "pipe.srt")
