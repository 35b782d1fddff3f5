"""When a word is most likely said, whatever its times are: missing, without length, or stretched over a silence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from trax.timeline import Interval, Seconds
from trax.transcript import Segment, Word

SHORTEST: Seconds = 0.08  # shorter words are widened, so that a turn can be told
TYPICAL: Seconds = 0.4  # of a word without length, as far as the next one leaves time
LONGEST: Seconds = 1.0  # what is longer was most likely stretched over the silence after it
PER_CHARACTER: Seconds = 0.12  # long words take longer, and in some imports a word is a phrase
ASTRAY: Seconds = 1.0  # a word that is further from its segment has no times that mean anything


def likely_times(segment: Segment) -> list[Interval | None]:
    """When each word of the segment is said; None where neither its times nor its neighbours' tell."""
    known = [_known(word, segment) for word in segment.words]
    return [_bounded(time, following, word.text) for time, following, word in _filled(known, segment)]


def told_time(word: Word) -> Interval | None:
    """The times of a word as they are told, if they make sense."""
    if not (math.isfinite(word.start) and math.isfinite(word.end)) or word.end < word.start:
        return None
    return Interval(word.start, word.end)


def _known(word: Word, segment: Segment) -> Interval | None:
    time = told_time(word)
    if time is None or not _has_times(segment):
        return time
    within = time.end >= segment.start - ASTRAY and time.start <= segment.end + ASTRAY
    return time if within else None


def _has_times(segment: Segment) -> bool:
    return math.isfinite(segment.start) and math.isfinite(segment.end) and segment.start < segment.end


def _filled(known: Sequence[Interval | None], segment: Segment) -> Iterator[tuple[Interval | None, Seconds, Word]]:
    """Each word with its time and the beginning of the next one; those without times share what is left."""
    bounds = (segment.start, segment.end) if _has_times(segment) else (math.nan, math.nan)
    begins = _next_starts(known, bounds[1])
    latest, place = bounds[0], 0
    while place < len(known):
        time, run = known[place], 1
        if time is not None:
            latest = time.end
            yield time, begins[place], segment.words[place]
        else:
            while place + run < len(known) and known[place + run] is None:
                run += 1
            shares = _shares(latest, begins[place], run)
            for share, word in zip(shares, segment.words[place : place + run], strict=True):
                yield share, share.end if share else math.nan, word
        place += run


def _next_starts(known: Sequence[Interval | None], end: Seconds) -> list[Seconds]:
    """For each word, when the next word that has times begins; the end of the segment for the last ones."""
    begins = [end] * len(known)
    for place in range(len(known) - 2, -1, -1):
        following = known[place + 1]
        begins[place] = begins[place + 1] if following is None else following.start
    return begins


def _shares(start: Seconds, end: Seconds, count: int) -> list[Interval | None]:
    if math.isnan(start) and math.isnan(end):
        return [None] * count
    start = end if math.isnan(start) else start
    length = 0.0 if math.isnan(end) else max(0.0, end - start) / count
    return [Interval(start + number * length, start + (number + 1) * length) for number in range(count)]


def _bounded(time: Interval | None, following: Seconds, text: str) -> Interval | None:
    if time is None:
        return None
    if time.duration < SHORTEST:
        middle = (time.start + time.end) / 2
        end = middle + SHORTEST / 2
        if time.duration == 0 and following > end:
            end = min(following, time.start + TYPICAL)
        return Interval(middle - SHORTEST / 2, end)
    return Interval(time.start, min(time.end, time.start + max(LONGEST, PER_CHARACTER * len(text.strip()))))
