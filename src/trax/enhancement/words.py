"""Words as they are compared: their letters, their numbers, and how alike two of them are."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NEGATIONS = frozenset(
    _listed(
        "no not never none nobody nothing nowhere neither nor without cannot nicht kein keine keinen keinem keiner nie "
        "niemals nichts ohne ne pas jamais rien sans sin nunca nada"
    )
)
FILLERS = frozenset(_listed("uh um uhm er erm ah hm hmm mm mhm äh ähm euh"))
ONES = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
TENS = _listed("twenty thirty forty fifty sixty seventy eighty ninety")
ORDINALS = {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12}
VALUES = (
    {word: value for value, word in enumerate(ONES)}
    | {word: 20 + 10 * place for place, word in enumerate(TENS)}
    | ORDINALS
    | {f"{word}th": value for value, word in enumerate(ONES)}
)
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}


def letters(text: str) -> str:
    """The letters and digits alone, without case: what is left is the same for the same word."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if sign.isalnum() or unicodedata.combining(sign))


def is_negation(word: str) -> bool:
    plain = word.strip('.,;:!?"()').replace("’", "'").casefold()
    return letters(word) in NEGATIONS or plain.endswith("n't")


def numbers_in(words: Sequence[str]) -> tuple[str, ...]:
    """The numbers that are named, each by its value: "twenty five" and "25" are the same."""
    found: list[str] = []
    total = current = 0
    is_open = False
    for word in [part for text in words for part in text.replace("-", " ").split()]:
        plain = letters(word)
        if plain in VALUES:
            value = VALUES[plain]
            if is_open and not (current % 100 >= 20 and current % 10 == 0 and value < 10) and current % 100:
                found.append(str(total + current))
                total = current = 0
            current, is_open = current + value, True
        elif plain in SCALES and is_open:
            current = max(1, current) * SCALES[plain]
            if SCALES[plain] >= 1000:
                total, current = total + current, 0
        elif not (plain == "and" and is_open):
            if is_open:
                found.append(str(total + current))
                total, current, is_open = 0, 0, False
            if any(sign.isdigit() for sign in plain):
                found.append(_digits(word))
    return (*found, str(total + current)) if is_open else tuple(found)


def _digits(word: str) -> str:
    """A number in figures: without the commas of thousands, and what stands around it."""
    inner = word.strip(".,;:!?\"'()$€£%").replace(",", "")
    return inner.removesuffix("th").removesuffix("st").removesuffix("nd").removesuffix("rd").casefold()


def likeness(one: str, other: str) -> float:
    """How alike two texts are, letter by letter; 0..1."""
    longest = max(len(one), len(other))
    return 1.0 if not longest else 1 - distance(one, other) / longest


def distance(one: str, other: str) -> int:
    """The fewest letters to be changed (Levenshtein)."""
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for column, wanted in enumerate(other, 1):
            here.append(min(above[column] + 1, here[-1] + 1, above[column - 1] + (letter != wanted)))
        above = here
    return above[-1]
