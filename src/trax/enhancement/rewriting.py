"""What speaks against all that a language model wants of a segment: it is no correction, but another text."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from trax.enhancement.words import distance, letters, sound_of

MOST_CHANGED = 0.5  # share of a segment's words that may be other words
FEW_WORDS = 2  # so few of them may all be changed
SAME_SOUND = 0.35  # share of the letters, or of what they sound like, that may differ where many words do
LONGEST_COMPARED = 600  # letters: more is no single sentence
NEIGHBOURS = 3  # segments before and after
FEW_SIGNS = 2  # capitals or stops that may go, words that may get capitals throughout
CHATTER = re.compile(
    r"\b(?:as an ai|(?:large )?language model|i (?:can(?:no|')t|am unable to|cannot) (?:help|assist|provide|do that)"
    r"|i(?:'m| am) sorry, (?:but )?i|here(?:'s| is) (?:the|your) (?:corrected|transcript|text|revised|edited|updated)"
    r"|(?:corrected|revised|edited) (?:text|transcript|version|segment)|let me know (?:if|what)|i hope this helps"
    r"|no (?:changes|corrections?) (?:are |were |is )?(?:needed|necessary|required)|(?:note|translation|summary):"
    r"|(?:sure|certainly|of course)[,!] (?:here|i)|in summary|to summari[sz]e)",
    re.IGNORECASE,
)
REPLIES = frozenset({"yes", "no", "sure", "certainly", "okay", "ok"})
NO_SCRIPT = frozenset({"FEMININE", "MASCULINE", "MICRO", "MODIFIER", "FULLWIDTH", "HALFWIDTH", "SUPERSCRIPT", "?"})

IN_OTHER_SCRIPT = "It is in another script."
IS_REMARK = "It is a remark of the language model."
FROM_ELSEWHERE = "It brings in text that stands elsewhere."
REWRITES = "It rewrites the sentence."
ADDS = "It adds words that nobody said."
DROPS = "It drops what was said."
ANSWERS = "It answers what was said."
STRIPS = "It takes capitals and punctuation away."
SHOUTS = "It writes everything in capitals."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A segment as it is, as it is to be, and what stands around it."""

    before: str
    after: str
    around: tuple[str, ...]  # texts of its neighbours, in order
    respelt: tuple[tuple[str, str], ...] = ()  # what is only written otherwise: no change of words

    @property
    def lost(self) -> Counter[str]:
        """Words that are gone."""
        return self._words(0) - self._words(1)

    @property
    def come(self) -> Counter[str]:
        """Words that weren't there."""
        return self._words(1) - self._words(0)

    def _words(self, side: int) -> Counter[str]:
        text = (self.before, self.after)[side]
        return Counter(content(text)) - Counter(content(" ".join(pair[side] for pair in self.respelt)))


def content(text: str) -> list[str]:
    """Its words as they are compared."""
    return [word for word in map(letters, text.split()) if word]


def objection(wanted: Wanted) -> str | None:
    """Why nothing of it is taken over; None: each edit is judged by itself."""
    return next((reason for rule in _RULES if (reason := rule(wanted)) is not None), None)


def _of_scripts(wanted: Wanted) -> str | None:
    return IN_OTHER_SCRIPT if _scripts(wanted.after) - _scripts(wanted.before) else None


def _scripts(text: str) -> set[str]:
    """The scripts of its letters, by the first word of their Unicode names."""
    return {unicodedata.name(sign, "?").split()[0] for sign in text if sign.isalpha()} - NO_SCRIPT


def _of_remarks(wanted: Wanted) -> str | None:
    """What assistants say; not where most of it was said and a word of it is corrected."""
    if CHATTER.search(wanted.before):
        return None
    come = wanted.come
    for found in CHATTER.finditer(wanted.after):
        words = content(found[0])
        if 2 * sum(word in come for word in words) > len(words):
            return IS_REMARK
    return None


def _of_neighbours(wanted: Wanted) -> str | None:
    """Three words in a row that stand near by, most of them new here."""
    come = wanted.come
    if come.total() < 3:
        return None
    around = {three for text in wanted.around for three in _threes(content(text))}
    new = (_threes(content(wanted.after)) - _threes(content(wanted.before))) & around
    return FROM_ELSEWHERE if any(sum(word in come for word in three) > 1 for three in new) else None


def _threes(words: Sequence[str]) -> set[tuple[str, ...]]:
    return set(zip(words, islice(words, 1, None), islice(words, 2, None), strict=False))


def _of_share(wanted: Wanted) -> str | None:
    """Translations, summaries, answers: most words are others, and they don't even sound alike."""
    before, after = content(wanted.before), content(wanted.after)
    lost, come = wanted.lost.total(), wanted.come.total()
    most = max(lost, come)
    if most <= FEW_WORDS or most <= MOST_CHANGED * len(before) or _sound_the_same(before, after):
        return None
    return REWRITES if lost and come else DROPS if lost else ADDS


def _sound_the_same(before: Sequence[str], after: Sequence[str]) -> bool:
    one, other = "".join(before), "".join(after)
    if max(len(one), len(other)) > LONGEST_COMPARED:
        return False
    pairs = ((one, other), ("".join(map(sound_of, before)), "".join(map(sound_of, after))))
    return any(distance(*pair) <= SAME_SOUND * max(map(len, pair)) for pair in pairs)


def _of_answers(wanted: Wanted) -> str | None:
    """A question is left, or nearly, and a reply put before it."""
    before, after = content(wanted.before), content(wanted.after)
    is_put_before = bool(before and after) and after[0] in REPLIES and after[0] in wanted.come and before[0] in after
    return ANSWERS if is_put_before else None


def _of_capitals(wanted: Wanted) -> str | None:
    loud, louder = (sum(map(_is_loud, text.split())) for text in (wanted.before, wanted.after))
    return SHOUTS if louder - loud > FEW_SIGNS and 2 * louder > len(wanted.after.split()) else None


def _is_loud(word: str) -> bool:
    return len(letters(word)) > 1 and word.isupper()


def _of_bareness(wanted: Wanted) -> str | None:
    """Most of the capitals, or of the signs between words, go."""
    for is_one in (str.isupper, _is_stop):
        there, left = (sum(map(is_one, text)) for text in (wanted.before, wanted.after))
        if there - left > FEW_SIGNS and 2 * left < there and not wanted.before.isupper():
            return STRIPS
    return None


def _is_stop(sign: str) -> bool:
    return sign in ".,;:!?…"


_RULES: tuple[Callable[[Wanted], str | None], ...] = (
    _of_scripts,
    _of_remarks,
    _of_neighbours,
    _of_answers,
    _of_share,
    _of_capitals,
    _of_bareness,
)
