"""Words with times: what the aligner says, brought in line with the window and with the speech that was heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from trax.audio import Window
from trax.timeline import Interval, Seconds
from trax.transcript import Word

PREPENDED = "\"'“¿([{-"
APPENDED = "\"'.。,，!！?？:：”)]}、"
SHORTEST: Seconds = 0.02  # the aligner's step
LONGEST: Seconds = 2.0  # what the aligner gives a word beyond this is a pause, or speech that got no words
SPEECH_MARGIN: Seconds = 0.2  # how far a word may reach out of the speech that the VAD heard


def words_of(alignment: Sequence[dict[str, Any]], window: Window, *, spaced: bool = True) -> list[Word]:
    """Words of one window in order of time, each within the window, none empty, none overlapping.

    `spaced`: the language writes spaces between words, so each word has Whisper's space before it.
    """
    from faster_whisper.transcribe import merge_punctuations

    timings = [dict(timing) for timing in alignment]
    merge_punctuations(timings, PREPENDED, APPENDED)
    words: list[Word] = []
    for timing in timings:
        text = str(timing["word"])
        if not text.strip():  # punctuation that went to a neighbour
            continue
        start, end = float(timing["start"]), float(timing["end"])
        word = Word(
            start=window.start + start,
            end=window.start + min(end, start + LONGEST),
            text=" " + text.lstrip() if spaced and not words else text,
            probability=min(1.0, max(0.0, float(timing["probability"]))),
        )
        if spaced and words and not text.startswith(" "):
            words[-1] = _glued(words[-1], word)
        else:
            words.append(word)
    placed = [_within_speech(word, window) for word in words]
    return in_order(placed, window.start, window.start + window.duration)


def _glued(first: Word, second: Word) -> Word:
    """One word out of two without a space between: the aligner takes "c'est" and "well-known" apart."""
    lengths = len(first.text.strip()), len(second.text)
    weighted = lengths[0] * first.probability + lengths[1] * second.probability
    return Word(first.start, second.end, first.text + second.text, weighted / max(1, sum(lengths)))


def _within_speech(word: Word, window: Window) -> Word:
    """The word without the pauses that the aligner added to it: it leaves no time between words."""
    if not window.speech:
        return word
    span = Interval(word.start, word.end)
    region = max(window.speech, key=lambda speech: (speech.overlap(span), -_distance(speech, span)))
    start = max(word.start, region.start - SPEECH_MARGIN)
    end = min(word.end, region.end + SPEECH_MARGIN)
    return replace(word, start=start, end=end) if start < end else word


def _distance(first: Interval, second: Interval) -> Seconds:
    return max(0.0, second.start - first.end, first.start - second.end)


def in_order(words: Sequence[Word], start: Seconds, end: Seconds) -> list[Word]:
    """The same words between `start` and `end`, each at least `SHORTEST` long; one ends where the next begins."""
    placed: list[Word] = []
    earliest = start
    for number, word in enumerate(words):
        latest = end - SHORTEST * (len(words) - number)  # leaves room for the words that follow
        first = min(max(word.start, earliest), latest)
        following = words[number + 1].start if number + 1 < len(words) else end
        last = min(word.end, max(following, first + SHORTEST), latest + SHORTEST)
        placed.append(replace(word, start=first, end=max(last, first + SHORTEST)))
        earliest = placed[-1].end
    return placed
