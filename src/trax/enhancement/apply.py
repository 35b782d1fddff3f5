"""Accepted edits become words again, each with the time of the words that it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trax.enhancement.values import Decision, Edit
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript, Word, mean_probability

SLIVER = 0.3  # share of its neighbour that a word takes which is put in where there is no pause


def with_words(transcript: Transcript) -> Transcript:
    """The same, and every segment has words: where nobody has measured them, they share its time by their length."""
    return replace(transcript, segments=tuple(_with_words(segment) for segment in transcript.segments))


def applied(transcript: Transcript, decisions: Sequence[Decision]) -> Transcript:
    """The transcript with all edits that were accepted; segments without any stay the same objects.

    Words keep their order and stay within their segment; joined, they are its text. A segment without words is gone.
    """
    of_segment: dict[int, list[Edit]] = {}
    for decision in decisions:
        if decision.accepted:
            of_segment.setdefault(decision.edit.segment, []).append(decision.edit)
    segments = [
        _edited(segment, of_segment[number]) if number in of_segment else segment
        for number, segment in enumerate(transcript.segments)
    ]
    return replace(transcript, segments=tuple(s for s in segments if s.words or s.text.strip()))


def _edited(segment: Segment, edits: Sequence[Edit]) -> Segment:
    words = list(segment.words)
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        words[edit.start : edit.end] = _replacement(segment, words, edit)
    if words:  # what stands first begins the text
        words[0] = replace(words[0], text=_led(words[0].text.strip(), segment.words))
    return replace(segment, words=tuple(words), text="".join(word.text for word in words).strip())


def _led(text: str, words: Sequence[Word]) -> str:
    """The word with the space before it that the first word of the segment has."""
    return f" {text}" if words and words[0].text.startswith(" ") else text


def _replacement(segment: Segment, words: list[Word], edit: Edit) -> list[Word]:
    """The new words, with times; `words` may lend some of theirs."""
    texts = edit.after.split()
    old = words[edit.start : edit.end]
    if not texts:
        return []
    if len(texts) == len(old):
        return [replace(word, text=f" {text}") for word, text in zip(old, texts, strict=True)]
    if old:
        return _shared(texts, old[0].start, old[-1].end, old)
    start, end = _gap(segment, words, edit.start)
    near = words[max(0, edit.start - 1) : edit.start + 1]
    return _shared(texts, start, end, near)


def _shared(texts: Sequence[str], start: Seconds, end: Seconds, source: Sequence[Word]) -> list[Word]:
    """Words that share a span by their length; how sure they are, and who says them, is what the source has."""
    weights = [max(1, len(text)) for text in texts]
    total, at, made = sum(weights), 0, []
    sure = mean_probability(source) or 0.0
    speaker = source[0].speaker if source else None
    for text, weight in zip(texts, weights, strict=True):
        begin = start + (end - start) * at / total
        at += weight
        finish = end if at == total else start + (end - start) * at / total
        made.append(Word(begin, finish, f" {text}", sure, speaker, source[0].speaker_confidence if source else None))
    return made


def _gap(segment: Segment, words: list[Word], place: int) -> tuple[Seconds, Seconds]:
    """Time for what is put in before that word: the pause there, or a sliver of the word before it."""
    start = words[place - 1].end if place else segment.start
    end = words[place].start if place < len(words) else segment.end
    if end - start > 0.02 or not words:
        return start, max(start, end)
    if place:
        lender = words[place - 1]
        cut = lender.end - (lender.end - lender.start) * SLIVER
        words[place - 1] = replace(lender, end=cut)
        return cut, lender.end
    lender = words[0]
    cut = lender.start + (lender.end - lender.start) * SLIVER
    words[0] = replace(lender, start=cut)
    return lender.start, cut


def _with_words(segment: Segment) -> Segment:
    if segment.words or not segment.text.strip():
        return segment
    source = (Word(segment.start, segment.end, segment.text, 0.0, segment.speaker),)
    return replace(segment, words=tuple(_shared(segment.text.split(), segment.start, segment.end, source)))
