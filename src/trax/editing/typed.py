"""A transcript with what a person typed.

Every word that stays keeps its time, and new ones have that of those which they replace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trax.editing.document import Line
from trax.editing.unspaced import edits_of, is_unspaced, respaced
from trax.enhancement.apply import applied, with_words
from trax.enhancement.edits import edits_between
from trax.enhancement.values import Correction, Decision
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript

CERTAIN = 1.0  # the probability of a word that a person typed


def typed(transcript: Transcript, lines: Sequence[Line]) -> Transcript:
    """The transcript in which these segments say what the lines say, and others what they did."""
    base = with_words(transcript)
    spoken = replace(base, segments=_spoken(base, lines))
    known = {(time, word.text.strip()) for word in spoken.words for time in (word.start, word.end)}
    of_segment = {line.segment: line.text for line in lines}
    made = [
        _certain(_typed(replace(spoken, segments=(segment,)), of_segment[number]), known)
        if number in of_segment
        else segment
        for number, segment in enumerate(spoken.segments)
    ]
    return replace(spoken, segments=tuple(segment for segment in made if segment.text.strip()))


def _typed(alone: Transcript, text: str) -> Segment:
    """The one segment with that text."""
    (segment,) = alone.segments
    unspaced = is_unspaced(segment)
    edits = edits_of(0, segment, text) if unspaced else edits_between(alone, [Correction(0, text)])
    decisions = [Decision(edit, accepted=True, reason="Typed by a person.", by="person") for edit in edits]
    made = next(iter(applied(alone, decisions).segments), replace(segment, words=(), text=""))
    return respaced(made, text) if unspaced else made


def _spoken(transcript: Transcript, lines: Sequence[Line]) -> tuple[Segment, ...]:
    """The segments with the speakers of the lines."""
    segments = list(transcript.segments)
    for line in lines:
        segment = segments[line.segment]
        if line.speaker != segment.speaker:
            words = tuple(replace(word, speaker=line.speaker, speaker_confidence=None) for word in segment.words)
            segments[line.segment] = replace(segment, speaker=line.speaker, words=words)
    return tuple(segments)


def _certain(segment: Segment, known: set[tuple[Seconds, str]]) -> Segment:
    """Words of which a beginning or an end is known were there before: one may have lent some of its time."""
    words = tuple(
        word
        if {(word.start, word.text.strip()), (word.end, word.text.strip())} & known
        else replace(word, probability=CERTAIN)
        for word in segment.words
    )
    return replace(segment, words=words)
