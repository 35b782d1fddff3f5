"""Whether a reference can be that of a recording at all."""

from __future__ import annotations

from typing import Final

from trax.errors import UsageError
from trax.evaluation.errors import Errors
from trax.evaluation.normalise import UNSPACED
from trax.evaluation.reference import Reference
from trax.timeline import Interval, Seconds

MOST_WORDS_PER_SECOND: Final = 8.0  # an auctioneer says some five
MOST_LETTERS_PER_SECOND: Final = 40.0
LEAST_WORDS: Final = 30  # in a second, a few words more prove nothing
SLACK: Seconds = 10.0  # by which subtitles may stay after the end
LEAST_AGREEMENT: Final = 0.2
UNKNOWN_LANGUAGE: Final = "und"
_SHARE: Final = 0.05  # of the length; frame rates that were mistaken for each other differ by 4 %


def fitting(reference: Reference, language: str, stretch: Interval | None) -> Reference:
    """What of the reference a text in that language can be compared with; stretch: the part of the media that it is of.

    Raises: UsageError: it is in another language, or can't be cut to that stretch.
    """
    told = reference.language
    if told is not None and UNKNOWN_LANGUAGE not in (told, language) and told != language and reference.utterances:
        raise UsageError(
            f"The reference is in the language {told}, and the transcript in {language}.",
            "Compare texts in one language; --language says what a file is written in.",
        )
    if stretch is None:
        return reference
    if reference.utterances and not reference.is_timed:
        raise UsageError(
            "The transcript is of a part of the media, and the reference doesn't tell when its words are said.",
            "Give a reference with times, or evaluate a transcript of the whole.",
        )
    part = reference.within(stretch)
    if not (part.utterances or part.turns):
        raise UsageError("The reference says nothing in that part of the media.", "Evaluate another transcript.")
    return part


def too_long(reference: Reference, duration: Seconds | None) -> str | None:
    """In which way the reference goes beyond media of that length; None: it doesn't."""
    if duration is None or duration <= 0:
        return None
    if reference.end > duration + max(SLACK, _SHARE * duration):
        return f"goes on until {_clock(reference.end)}, and the media ends at {_clock(duration)}"
    is_unspaced = reference.language in UNSPACED
    words = sum(map(len, reference.texts)) if is_unspaced else reference.word_count
    most = MOST_LETTERS_PER_SECOND if is_unspaced else MOST_WORDS_PER_SECOND
    if words > max(LEAST_WORDS, most * duration):
        what = "characters" if is_unspaced else "words"
        return f"has {words:,} {what}, and the media is {_clock(duration)} long"
    return None


def hardly_agrees(words: Errors) -> bool:
    """Whether so little is right that the two are most likely of different recordings, or languages."""
    return words.count >= LEAST_WORDS and words.hits < LEAST_AGREEMENT * words.count


def _clock(seconds: Seconds) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
