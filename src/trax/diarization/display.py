"""Segments as they are read: one speaker each, divided where the speaker changes if both parts can stand alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from trax.diarization.smoothing import ends_sentence
from trax.timeline import Interval, Seconds
from trax.transcript import Segment, Word

LEAST_WORDS = 2
LEAST: Seconds = 1.0  # of the words on each side of a change within a sentence


def shown(segment: Segment, times: Sequence[Interval | None]) -> list[Segment]:
    """The segment, whose words have speakers, in one part or several, each with the speaker of most of its time.

    times: when each word is most likely said. The parts' texts joined by spaces are the text of the segment.
    """
    if not _is_made_of_its_words(segment):
        return [_spoken(segment, times)]
    cuts = [0, *_cuts(segment.words, times), len(segment.words)]
    parts = []
    for first, after in pairwise(cuts):
        part = segment if len(cuts) == 2 else _part(segment, times, first, after)
        parts.append(_spoken(part, times[first:after]))
    return parts


def _is_made_of_its_words(segment: Segment) -> bool:
    return "".join(word.text for word in segment.words).split() == segment.text.split()


def _cuts(words: Sequence[Word], times: Sequence[Interval | None]) -> list[int]:
    changes = [place for place in range(1, len(words)) if words[place].speaker != words[place - 1].speaker]
    edges = [0, *changes, len(words)]
    found = []
    for before, change, after in zip(edges, edges[1:], edges[2:], strict=False):
        stands = _stands(times[before:change]) and _stands(times[change:after])
        if _is_between_words(words, change) and (ends_sentence(words[change - 1].text) or stands):
            found.append(change)
    return found


def _stands(times: Sequence[Interval | None]) -> bool:
    """Whether such words are worth a segment of their own."""
    known = [time for time in times if time is not None]
    return len(times) >= LEAST_WORDS and bool(known) and known[-1].end - known[0].start >= LEAST


def _is_between_words(words: Sequence[Word], place: int) -> bool:
    """Not within what is written without a space, except after the end of a sentence: some scripts have no spaces."""
    is_spaced = words[place].text[:1].isspace() or words[place - 1].text[-1:].isspace()
    return is_spaced or ends_sentence(words[place - 1].text)


def _part(segment: Segment, times: Sequence[Interval | None], first: int, after: int) -> Segment:
    start, end = segment.start, segment.end
    if first > 0:
        begins = next((time.start for time in times[first:after] if time is not None), start)
        start = min(max(begins, start), end)
    if after < len(segment.words):
        ends = next((time.end for time in reversed(times[first:after]) if time is not None), start)
        end = min(max(ends, start), end)
    words = segment.words[first:after]
    return replace(segment, start=start, end=end, words=words, text="".join(word.text for word in words).strip())


def _spoken(segment: Segment, times: Sequence[Interval | None]) -> Segment:
    """The segment with whoever says most of it as its speaker."""
    shares: dict[str, Seconds] = {}
    for word, time in zip(segment.words, times, strict=True):
        if word.speaker is not None:
            shares[word.speaker] = shares.get(word.speaker, 0.0) + (time.duration if time else 0.0)
    return replace(segment, speaker=max(shares, key=lambda name: shares[name], default=None))
