"""Pieces of a transcript, and how they are divided further."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trax.enhancement.chunks import (
    CHARACTERS,
    MOST_SEGMENTS,
    NEIGHBOUR_CHARACTERS,
    NEIGHBOURS,
    Chunk,
    chunks_of,
)
from trax.transcript import Segment, Transcript

sizes = st.sampled_from([0, 1, 7, 60, 400, 1300, 4000])


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Short and long segments, empty ones, sentences that end and that don't."""
    chosen = draw(st.lists(st.tuples(sizes, st.booleans(), st.integers(1, 50)), max_size=12))
    texts = [
        f"{n}:{'x' * size}{'.' if ends else ''}" if size else " "
        for n, (size, ends, times) in enumerate(chosen)
        for _ in range(times)
    ]
    return Transcript("en", len(texts), tuple(Segment(n, n + 1, text) for n, text in enumerate(texts)))


def parts_of(chunk: Chunk) -> list[Chunk]:
    """Halves of halves, to the end."""
    halves = chunk.halves()
    return [chunk] if halves is None else [part for half in halves for part in parts_of(half)]


@given(transcripts())
def test_every_segment_is_in_one_piece(transcript: Transcript) -> None:
    chunks = chunks_of(transcript)
    found = [pair for chunk in chunks for pair in chunk.segments]
    assert found == [(n, s.text) for n, s in enumerate(transcript.segments) if s.text.strip()]
    for chunk in chunks:
        assert 0 < len(chunk.segments) <= MOST_SEGMENTS
        assert len(chunk.segments) == 1 or sum(len(text) for _, text in chunk.segments) <= CHARACTERS * 1.5
        assert max(len(chunk.before), len(chunk.after)) <= NEIGHBOUR_CHARACTERS


@given(transcripts())
def test_what_stands_around_a_piece(transcript: Transcript) -> None:
    chunks = chunks_of(transcript)
    texts = [text for chunk in chunks for _, text in chunk.segments]
    at = 0
    for chunk in chunks:
        end = at + len(chunk.segments)
        assert " ".join(texts[:at]).endswith(chunk.before)
        assert " ".join(texts[end:]).startswith(chunk.after)
        assert bool(chunk.before) == (at > 0)
        assert bool(chunk.after) == (end < len(texts))
        at = end


@given(transcripts())
def test_halves_end_with_single_segments(transcript: Transcript) -> None:
    for chunk in chunks_of(transcript):
        parts = parts_of(chunk)
        assert [pair for part in parts for pair in part.segments] == list(chunk.segments)
        assert all(len(part.segments) == 1 for part in parts)
        assert (parts[0].before, parts[-1].after) == (chunk.before, chunk.after)


def test_halves_know_each_other() -> None:
    chunk = Chunk(tuple((n, f"word{n}") for n in range(5)), "before", "after")
    halves = chunk.halves()
    assert halves is not None
    first, second = halves
    assert (first.before, first.segments, first.after) == ("before", chunk.segments[:2], "word2 word3")
    assert (second.before, second.segments, second.after) == ("word0 word1", chunk.segments[2:], "after")
    assert NEIGHBOURS == 2


def test_pieces_end_with_sentences_where_they_can() -> None:
    texts = ["a" * 500, "b" * 500, "c" * 300, "d" * 100 + ".", "e" * 500]
    transcript = Transcript("en", 5, tuple(Segment(n, n + 1, text) for n, text in enumerate(texts)))
    assert [[n for n, _ in chunk.segments] for chunk in chunks_of(transcript)] == [[0, 1, 2, 3], [4]]
