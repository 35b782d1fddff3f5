"""Words as they are compared: their letters, their sound, how alike two of them are, and what a few of them mean."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST_NAME = 200  # letters; what is longer isn't compared
DEFAULT = "en"  # language of a text, where nobody says another


def letters(text: str) -> str:
    """The letters and digits alone, without case: what is left is the same for the same word."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if sign.isalnum() or unicodedata.combining(sign))


def listed(text: str) -> tuple[str, ...]:
    """Words of a list that is written in one row."""
    return tuple(text.split())


# By language: many of them mean something else in the next one ("sin", "um", "er", "elf").
NEGATIONS = {
    language: frozenset(map(letters, listed.split()))
    for language, listed in {
        "en": "no not never none nobody nothing nowhere neither nor without cannot ain't aren't can't couldn't didn't "
        "doesn't don't hadn't hasn't haven't isn't mightn't mustn't needn't shan't shouldn't wasn't weren't won't "
        "wouldn't",
        "de": "nein nicht kein keine keinen keinem keiner keines nie niemals niemand nichts nirgends nirgendwo "
        "ohne weder",
        "fr": "non ne pas jamais rien sans aucun aucune ni",
        "es": "no ni nunca jamás nada nadie ningún ninguno ninguna sin tampoco",
        "it": "non no mai niente nulla nessun nessuno nessuna né senza",
        "pt": "não nem nunca jamais nada ninguém nenhum nenhuma sem",
        "nl": "nee niet geen nooit niets niemand nergens zonder",
        "sv": "nej inte aldrig ingen inget inga utan",
        "pl": "nie nigdy nic nikt żaden żadna żadne ani bez",
        "ru": "нет не ни никогда ничего никто нигде без",
    }.items()
}
FILLERS = {
    language: frozenset(map(letters, listed.split()))
    for language, listed in {
        "en": "uh um uhm er erm ah hm hmm mm mhm",
        "de": "äh ähm öh hm hmm mhm",
        "fr": "euh heu hm hmm",
        "es": "eh em ehm hm",
        "it": "ehm eh uhm",
        "nl": "eh ehm uhm",
    }.items()
}
NO_FILLERS = frozenset({"hm", "hmm", "mhm"})
# What grammar asks for, and nobody is quoted with.
SMALL = frozenset(
    map(
        letters,
        listed(
            "a an the to of in on at for by with from is are am was were be been being has have had do does did and or "
            "that this these those it its it's their there they're your you're"
        ),
    )
)
ARTICLES = frozenset({"a", "an", "the"})
# What two of them mean differs by an apostrophe alone, and so does their sound.
APART = frozenset(listed("were hell shell ill well wed shed id hed"))


def is_negation(word: str, language: str = DEFAULT) -> bool:
    return letters(word) in NEGATIONS.get(language, frozenset())


def is_filler(word: str, language: str = DEFAULT) -> bool:
    """Whether it is a sound of somebody who looks for words."""
    return letters(word) in FILLERS.get(language, NO_FILLERS)


ONES = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
ORDINALS = {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12}
VALUES = (
    {word: value for value, word in enumerate(ONES)}
    | {word: 20 + 10 * place for place, word in enumerate(TENS)}
    | ORDINALS
    | {f"{word}th": value for value, word in enumerate(ONES)}
    | {f"{word[:-1]}ieth": 20 + 10 * place for place, word in enumerate(TENS)}
)


@lru_cache(maxsize=65536)
def likeness(one: str, other: str) -> float:
    """How alike two words or names are, letter by letter; 0..1."""
    longest = max(len(one), len(other))
    if one == other or longest > LONGEST_NAME:
        return float(one == other)
    return 1 - distance(one, other) / longest


def distance(one: str, other: str) -> int:
    """The fewest letters to be changed (Levenshtein)."""
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for column, wanted in enumerate(other, 1):
            here.append(min(above[column] + 1, here[-1] + 1, above[column - 1] + (letter != wanted)))
        above = here
    return above[-1]


# As English spells them; elsewhere they do no harm, as both sides are read in the same way.
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(?:kn|gn|ng)", "n"),
        (r"^wr", "r"),
        (r"^ps", "s"),
        (r"^x", "s"),
        (r"ph|gh$", "f"),
        (r"gh", ""),
        (r"tch|ch|sch", "x"),
        (r"sh|ti(?=[ao])|ci(?=[ao])", "x"),
        (r"dg|g(?=[eiy])", "j"),
        (r"c(?=[eiy])|z", "s"),
        (r"ck|c|q", "k"),
        (r"x(?=$|[^aeiou])", "x"),
        (r"wh", "w"),
        (r"mb$", "m"),
        (r"(?<=[aeiou])h|(?<=[^aeiou])h", ""),
        (r"[aeiouyw]+", "a"),
        (r"(.)\1+", r"\1"),
        (r"(?<=.)a$", ""),
    )
)


@lru_cache(maxsize=65536)
def sound_of(text: str) -> str:
    """What those letters sound like, roughly: spellings of one name are the same, or nearly."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    for pattern, sound in _SOUNDS:
        plain = pattern.sub(sound, plain)
    return plain


def alike(one: str, other: str) -> float:
    """How alike two texts are to the eye or to the ear, whichever is more; 0..1."""
    return max(likeness(one, other), likeness(sound_of(one), sound_of(other)))
