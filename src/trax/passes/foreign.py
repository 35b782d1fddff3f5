"""Speech in another language than the rest: a model that hears it as the language of the rest makes up what was said.

Two kinds of evidence have to agree: the sound is of another language, and heard as that one its words are surer.
Whisper base gives the words of German, French and Japanese speech 0.35 to 0.66 where it hears them as English, and 0.78
to 0.89 as what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trax.passes.findings import Finding
from trax.passes.rewriting import Change
from trax.transcript import Segment, Word, mean_probability

FOREIGN: Final = "another language"
SURE_LANGUAGE: Final = 0.8  # probability of the language
UNSURE: Final = 0.75  # mean probability of words that may be made up
SURER: Final = 0.15  # by so much, heard as the other language


def may_be_foreign(words: Sequence[Word]) -> bool:
    """Whether the words of a window are so unsure that another language is worth a look."""
    return (mean_probability(words) or 1.0) < UNSURE


def of_language(words: Sequence[Word], first: int, language: str, segments: Sequence[Segment]) -> Finding | None:
    """All words of a window in the language that is spoken there; None where they are no surer.

    first: place of the first of the words in the transcript. segments: what was heard as that language.
    """
    heard = [word for segment in segments for word in segment.words]
    before, after = mean_probability(words), mean_probability(heard)
    if before is None or after is None or after - before < SURER:
        return None
    change = Change(first, first + len(words), tuple(word.text.strip() for word in heard), after)
    text = "".join(word.text for word in words).strip()
    start, end = min(words[0].start, heard[0].start), max(words[-1].end, heard[-1].end)
    return Finding(change, start, end, text, FOREIGN, (), before, tuple(segments), language)
