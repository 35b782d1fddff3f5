"""From what was heard and what was said to the coverage of every second."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from trax.coverage.spans import Span, common, gaps, joined, length, of_kind, track_of, without
from trax.coverage.values import Coverage, Heard, Milliseconds, Track
from trax.loops import without_loops
from trax.timeline import Seconds
from trax.transcript import Segment

MARGIN: Final[Seconds] = 0.3  # by which the aligner and the VAD may differ at the edge of a word
LEAST: Final[Seconds] = 1.0  # of speech between two words: what is shorter is a breath, an "uh", the end of a word
APART: Final[Seconds] = 1.0  # further away, it is counted by itself: clicks in a long silence are no sentence
PAUSE: Final[Seconds] = 0.6  # a shorter one is part of what it interrupts


def covered(heard: Heard, segments: Sequence[Segment]) -> Coverage:
    """What the words explain of what was heard, and what is left.

    Text is where words are, with short pauses and with speech that is near enough to be part of them. Phrases that are
    repeated over and over explain only as much as two of them.
    """
    tracks = [
        _track(track, _spans(_of_channel(heard, segments, number))) for number, track in enumerate(heard.channels)
    ]
    return Coverage(tracks[0] if len(tracks) == 1 else _together(tracks), heard)


def _of_channel(heard: Heard, segments: Sequence[Segment], number: int) -> Sequence[Segment]:
    """What was said on a channel; words of nobody's may be anybody's."""
    if not heard.labels:
        return segments
    others = {label for label in heard.labels if label != heard.labels[number]}
    return [segment for segment in segments if segment.speaker not in others]


def _spans(segments: Sequence[Segment]) -> list[Span]:
    """Where words are; of a segment without words, all of it."""
    words = without_loops([word for segment in segments for word in segment.words], lambda word: _letters(word.text))
    wordless = (segment for segment in segments if not segment.words and segment.text.strip())
    return joined([(_ms(one.start), _ms(one.end)) for spoken in (words, wordless) for one in spoken])


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _track(heard: Track, words: Sequence[Span]) -> Track:
    if not heard:
        return ()
    whole = (heard[0].start, heard[-1].end)
    words, speech = common(words, [whole]), of_kind(heard, "speech")
    near = joined((start - _ms(MARGIN), end + _ms(MARGIN)) for start, end in words)
    missed = list(_missed(speech, gaps(near, whole)))
    missed = without(joined(missed, _ms(PAUSE)), near)
    text = joined([*words, *_touching(without(speech, missed), near)], _ms(PAUSE))
    layers = [("unexplained", missed), ("text", text)]
    layers += [(kind, of_kind(heard, kind)) for kind in ("silence", "music")]
    return track_of(layers, whole, "noise")


def _missed(speech: Sequence[Span], between: Sequence[Span]) -> Iterator[Span]:
    """Speech between words, where there is enough of it."""
    first = 0
    for gap in between:
        while first < len(speech) and speech[first][1] <= gap[0]:
            first += 1
        last = first
        while last < len(speech) and speech[last][0] < gap[1]:
            last += 1
        found = common(speech[first:last], [gap])
        for group in joined(found, _ms(APART)):
            if length(parts := common(found, [group])) >= _ms(LEAST):
                yield from parts


def _touching(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """The spans that others overlap."""
    starts = [start for start, _ in spans]
    touched = {bisect_right(starts, start) - 1 for start, _ in common(spans, others)}
    return [spans[place] for place in sorted(touched)]


def _together(tracks: Sequence[Track]) -> Track:
    """Channels as one: speech that is unexplained on any of them is, and what sounds is heard over what is silent."""
    starts = [track[0].start for track in tracks if track]
    if not starts:
        return ()
    whole = (min(starts), max(track[-1].end for track in tracks if track))
    kinds = ("unexplained", "text", "music", "noise")
    layers = [(kind, joined(span for track in tracks for span in of_kind(track, kind))) for kind in kinds]
    return track_of(layers, whole, "silence")


def _ms(seconds: Seconds) -> Milliseconds:
    return round(seconds * 1000)
