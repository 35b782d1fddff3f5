"""RTTM: what is written is read as it was, and what others write is understood or refused."""

from __future__ import annotations

from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trax.errors import TranscriptUnreadable
from trax.export.rttm import write_rttm
from trax.ingest.rttm import read_rttm, read_rttm_file
from trax.turns import SpeakerTurn

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12)
turns = st.builds(
    lambda start, length, name: SpeakerTurn(start / 1000, (start + length) / 1000, name),
    st.integers(0, 40_000_000),
    st.integers(1, 10_000_000),
    names | st.sampled_from(["Ann Lee", "SPEAKER_00", "100%", "a%20b", " ", "\u2028"]),
)


@settings(deadline=None)
@given(st.lists(turns, min_size=1, max_size=8), names | st.sampled_from(["my meeting.v2", "50% off 1 0.5 0.5"]))
def test_written_and_read_is_the_same(told: list[SpeakerTurn], recording: str) -> None:
    written = write_rttm(told, recording)
    assert read_rttm(written) == {recording: tuple(sorted(told))}
    assert all(len(line.split()) == 10 for line in written.splitlines())
    assert not any(category(character) == "Cc" for character in written.replace("\n", ""))


def test_a_line_is_what_others_expect() -> None:
    assert write_rttm([SpeakerTurn(9.92, 11.03, "Ann Lee")], "call") == (
        "SPEAKER call 1 9.920 1.110 <NA> <NA> Ann%20Lee <NA> <NA>\n"
    )


def test_turns_that_are_shorter_than_a_millisecond_are_left_out() -> None:
    assert write_rttm([SpeakerTurn(1.0, 1.0004, "Ann")], "call") == ""


def test_what_others_write_is_read() -> None:
    text = (
        "\ufeff;; a comment\r\n"
        "SPKR-INFO talk 1 <NA> <NA> <NA> unknown ann <NA>\r\n"
        "SPEAKER talk 1 3.5 1.25 <NA> <NA> bob <NA>\r\n"  # nine fields, as before 2009
        "\tSPEAKER  talk\t1 1 2 <NA> <NA> ann 0.9 <NA>\r\n"
        "SPEAKER talk <NA> 9 0 <NA> <NA> ann <NA> <NA>\r\n"
        "LEXEME talk 1 1.0 0.2 hello lex ann 0.9\r\n"
        "SPEAKER my long talk 1 0.5 1e0 <NA> <NA> ann <NA> <NA>\r\n"
        "SPEAKER 12 1 0.5 1 <NA> <NA> ann <NA>\r\n"
    )
    assert read_rttm(text.removeprefix("\ufeff")) == {
        "talk": (SpeakerTurn(1, 3, "ann"), SpeakerTurn(3.5, 4.75, "bob")),
        "my long talk": (SpeakerTurn(0.5, 1.5, "ann"),),
        "12": (SpeakerTurn(0.5, 1.5, "ann"),),
    }


@pytest.mark.parametrize(
    "line",
    [
        "SPEAKER talk 1 x 1 <NA> <NA> ann <NA> <NA>",
        "SPEAKER talk 1 nan 1 <NA> <NA> ann <NA> <NA>",
        "SPEAKER talk 1 0 1e99 <NA> <NA> ann <NA> <NA>",
        "SPEAKER talk left 0 1 <NA> <NA> ann <NA> <NA>",
        "SPEAKER talk 1 0 1 ann",
        "SPEAKER",
    ],
)
def test_lines_that_make_no_sense_are_named(line: str) -> None:
    with pytest.raises(TranscriptUnreadable, match="line 2 tells no turn"):
        read_rttm(f"SPEAKER talk 1 0 1 <NA> <NA> ann <NA> <NA>\n{line}\n")


def test_files_that_cannot_be_read_are_explained(tmp_path: Path) -> None:
    with pytest.raises(TranscriptUnreadable, match=r"none\.rttm can't be read"):
        read_rttm_file(tmp_path / "none.rttm")
    with pytest.raises(TranscriptUnreadable, match="can't be read"):
        read_rttm_file(tmp_path)
    (tmp_path / "odd.rttm").write_bytes(b"SPEAKER \xff\xfe\n")
    with pytest.raises(TranscriptUnreadable, match=r"odd\.rttm can't be read: line 1"):
        read_rttm_file(tmp_path / "odd.rttm")


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "talk.rttm"
    path.write_bytes(b"\xef\xbb\xbfSPEAKER talk 1 0 1 <NA> <NA> ann <NA> <NA>\n")
    assert read_rttm_file(path) == {"talk": (SpeakerTurn(0, 1, "ann"),)}
