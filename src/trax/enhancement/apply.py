"""Accepted edits become words again, each with the time of the words that it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trax.enhancement.values import Decision, Edit
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript, Word, mean_probability

SLIVER = 0.3  # share of its neighbour that a word takes which is put in where there is no pause
LEAST_PAUSE: Seconds = 0.02
LONGEST_INSERTED: Seconds = 0.5  # for each word that is put in: longer pauses stay pauses


def with_words(transcript: Transcript) -> Transcript:
    """The same, and every segment has words: where nobody has measured them, they share its time by their length.

    Joined, they are its text.
    """
    return replace(transcript, segments=tuple(map(_with_words, transcript.segments)))


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
    if words:  # it may get words before it
        words[0] = replace(words[0], text=f" {words[0].text.lstrip()}")
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        if edit.start == edit.end:
            _insert(segment, words, edit.start, edit.after.split())
        else:
            words[edit.start : edit.end] = _replacement(words[edit.start : edit.end], edit.after.split())
    if words:  # what stands first begins the text
        words[0] = replace(words[0], text=_led(words[0].text.strip(), segment.words))
    return replace(segment, words=tuple(words), text=_joined(words))


def _joined(words: Sequence[Word]) -> str:
    return "".join(word.text for word in words).strip()


def _led(text: str, words: Sequence[Word]) -> str:
    """The word with the space before it that the first word of the segment has."""
    return f" {text}" if words and words[0].text.startswith(" ") else text


def _replacement(old: Sequence[Word], texts: Sequence[str]) -> list[Word]:
    """One word for one keeps its time; several share the time of all."""
    if not texts:
        return []
    if len(texts) == len(old):
        return [replace(word, text=f" {text}") for word, text in zip(old, texts, strict=True)]
    return _shared(texts, old[0].start, old[-1].end, old[0], mean_probability(old))


def _insert(segment: Segment, words: list[Word], place: int, texts: Sequence[str]) -> None:
    """Words where none were: in the pause there, beside the word that follows, or on the edge of a neighbour."""
    near = words[max(0, place - 1) : place + 1]
    start = words[place - 1].end if place else segment.start
    end = words[place].start if place < len(words) else segment.end
    longest = LONGEST_INSERTED * len(texts)
    if not words:
        words[:] = _shared(texts, segment.start, segment.end, None, None)
        return
    if end - start <= LEAST_PAUSE:
        start, end = _lend(words, place)
    elif end - start > longest:
        start, end = (end - longest, end) if place < len(words) else (start, start + longest)
    words[place:place] = _shared(texts, start, end, near[-1 if place < len(words) else 0], mean_probability(near))


def _lend(words: list[Word], place: int) -> tuple[Seconds, Seconds]:
    """The end of the word before that place, or of the first one its beginning: it becomes shorter."""
    if place:
        lender = words[place - 1]
        cut = lender.end - (lender.end - lender.start) * SLIVER
        words[place - 1] = replace(lender, end=cut)
        return cut, lender.end
    lender = words[0]
    cut = lender.start + (lender.end - lender.start) * SLIVER
    words[0] = replace(lender, start=cut)
    return lender.start, cut


def _shared(
    texts: Sequence[str], start: Seconds, end: Seconds, source: Word | None, probability: float | None
) -> list[Word]:
    """Words that share a span by their length; whoever says the source says them."""
    weights = [max(1, len(text)) for text in texts]
    total, at, made, begin = sum(weights), 0, [], start
    speaker, sure = (source.speaker, source.speaker_confidence) if source is not None else (None, None)
    for text, weight in zip(texts, weights, strict=True):
        at += weight
        finish = end if at == total else min(end, start + (end - start) * at / total)
        made.append(Word(begin, finish, f" {text}", probability or 0.0, speaker, sure))
        begin = finish
    return made


def _with_words(segment: Segment) -> Segment:
    words, text = segment.words, segment.text
    is_led = not any(word.text[-1:].isspace() for word in words)
    if is_led and _joined(words) == text.strip():
        return segment
    if not is_led or _joined(words).split() != text.split():
        words = _respaced(words, text) if _letters(words) == "".join(text.split()) else ()
    if not words:
        source = Word(segment.start, segment.end, text, 0.0, segment.speaker)
        words = tuple(_shared(text.split(), segment.start, segment.end, source, None))
    return replace(segment, words=words, text=_joined(words))


def _letters(words: Sequence[Word]) -> str:
    return "".join("".join(word.text.split()) for word in words)


def _respaced(words: Sequence[Word], text: str) -> tuple[Word, ...]:
    """The words with the spaces of the text: others' words may have none."""
    signs = iter(" ".join(text.split()))
    found = []
    for word in words:
        left, spelt = len("".join(word.text.split())), ""
        while left and (sign := next(signs, "")):
            spelt += sign
            left -= not sign.isspace()
        found.append(replace(word, text=spelt))
    return tuple(found)
