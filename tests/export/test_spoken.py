"""The row of pieces that paragraphs and subtitles are made from."""

from __future__ import annotations

import math

from tests.export.transcripts import transcript
from trax.export.spoken import joined, pieces
from trax.transcript import Segment, Word


def test_times_that_run_backwards_or_are_no_numbers_are_put_in_order() -> None:
    times = [(-1.0, 0.5), (2.0, 1.0), (math.nan, math.inf), (1.0, 3.0)]
    words = tuple(Word(start, end, f" w{i}", 0.5) for i, (start, end) in enumerate(times))
    row = pieces(transcript(Segment(0.0, 3.0, "", words)))
    assert [(piece.start, piece.end) for piece in row] == [(0.0, 0.5), (2.0, 2.0), (2.0, 2.0), (2.0, 3.0)]


def test_words_that_no_space_separates_are_one_piece_with_the_time_of_both() -> None:
    words = (Word(0.0, 0.4, " well", 0.5), Word(0.4, 0.9, "-known", 0.5), Word(1.0, 1.2, " fact", 0.5))
    row = pieces(transcript(Segment(0.0, 1.2, "", words)))
    assert [(piece.text, piece.start, piece.end) for piece in row] == [("well-known", 0.0, 0.9), ("fact", 1.0, 1.2)]


def test_segments_are_joined_by_a_space_but_not_in_a_script_without_spaces() -> None:
    assert joined(pieces(transcript(Segment(0, 1, "One."), Segment(1, 2, "Two.")))) == "One. Two."
    assert joined(pieces(transcript(Segment(0, 1, "今天。"), Segment(1, 2, "明天。")))) == "今天。明天。"


def test_a_text_without_words_shares_its_time_by_width() -> None:
    row = pieces(transcript(Segment(10.0, 20.0, "ab cdefgh ij")))
    assert [(piece.text, piece.start, piece.end) for piece in row] == [
        ("ab", 10.0, 12.0),
        ("cdefgh", 12.0, 18.0),
        ("ij", 18.0, 20.0),
    ]
