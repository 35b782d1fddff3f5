"""The numbers that a text names, by their value: "twenty five" and "25" are the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from trax.enhancement.words import DEFAULT, VALUES, letters

SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_GERMAN = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn"
_GERMAN_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"
_FRENCH = "zéro _ deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
_SPANISH = (
    "cero _ dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
)


def _german() -> dict[str, int]:
    ones = dict(zip(_GERMAN.split(), range(16), strict=True))
    ones |= {"sechzehn": 16, "siebzehn": 17, "achtzehn": 18, "neunzehn": 19}
    tens = {word: 20 + 10 * place for place, word in enumerate(_GERMAN_TENS.split())}
    stems = [(word if value > 1 else "ein", value) for word, value in ones.items() if 0 < value < 10]
    joined = {f"{stem}und{ten}": value + more for ten, more in tens.items() for stem, value in stems}
    return ones | tens | joined


def _counted(listed: str, tens: str) -> dict[str, int]:
    """The words from zero on; "_" is one that is an article as well."""
    ones = {word: value for value, word in enumerate(listed.split()) if word != "_"}
    return ones | {word: int(value) for word, value in (pair.split("=") for pair in tens.split())}


_BY_LANGUAGE: Mapping[str, tuple[Mapping[str, int], Mapping[str, int], frozenset[str], frozenset[str]]] = {
    language: ({letters(word): value for word, value in values.items()}, scales, joining, point)
    for language, values, scales, joining, point in (
        ("en", VALUES, SCALES, frozenset({"and"}), frozenset({"point"})),
        ("de", _german(), {"hundert": 100, "tausend": 1000}, frozenset({"und"}), frozenset({"komma"})),
        (
            "fr",
            _counted(_FRENCH, "vingt=20 trente=30 quarante=40 cinquante=50 soixante=60"),
            {"cent": 100, "mille": 1000},
            frozenset({"et"}),
            frozenset({"virgule"}),
        ),
        (
            "es",
            _counted(_SPANISH, "treinta=30 cuarenta=40 cincuenta=50 sesenta=60 setenta=70 ochenta=80 noventa=90"),
            {"cien": 100, "ciento": 100, "mil": 1000},
            frozenset({"y"}),
            frozenset({"coma"}),
        ),
    )
}
_NONE: Mapping[str, int] = {}
MINUS = frozenset({"minus", "negative"})
UNITS = {
    "$": frozenset({"dollar", "dollars"}),
    "€": frozenset({"euro", "euros"}),
    "£": frozenset({"pound", "pounds"}),
    "¥": frozenset({"yen"}),
    "%": frozenset({"percent", "prozent", "pourcent"}),
    "°": frozenset({"degree", "degrees", "grad"}),
}
# Signs that divide thousands: everywhere but in English, a point may be one.
_GROUPS = re.compile(r"-?\d{1,3}(?:[.,'\u202f]\d{3})+(?:[.,]\d{1,2})?")
_ENGLISH_GROUPS = re.compile(r"-?\d{1,3}(?:[,'\u202f]\d{3})+(?:\.\d{1,15})?")
UNIT_WORDS = {word: sign for sign, words in UNITS.items() for word in words}


def numbers_in(words: Sequence[str], language: str = DEFAULT) -> tuple[str, ...]:
    """The numbers that are named, each by its value, in figures."""
    reader = _Reader(language)
    for part in _parts(words):
        reader.read(part)
    reader.close()
    return tuple(reader.found)


def changes_number(before: Sequence[str], after: Sequence[str], language: str = DEFAULT) -> bool:
    """Whether other numbers, or amounts of something else, are named: not whether they are written otherwise."""
    old, new = numbers_in(before, language), numbers_in(after, language)
    signs, wanted = _units(before), _units(after)
    if signs != wanted and any(sign in word for word in (*before, *after) for sign in UNITS):
        return True
    if old == new:
        return False
    figures = [_has_figure(before), _has_figure(after)]
    if not any(figures):  # "every one" and "everyone"
        return "".join(map(letters, before)) != "".join(map(letters, after))
    # "nineteen eighty four" and "1984", "two thirty" and "2:30"
    return all(figures) or "".join(old).replace(":", "") != "".join(new).replace(":", "")


def other_words(words: Sequence[str], language: str = DEFAULT) -> frozenset[str]:
    """What is said beside numbers; signs of units as words. What joins two words of a number joins no figures."""
    values, scales, joining, point = _BY_LANGUAGE.get(language, (_NONE, _NONE, frozenset(), frozenset()))
    of_numbers = {*values, *scales, *MINUS} | (set() if _has_figure(words) else joining | point)
    said = {letters(part) for part in _parts(words)}
    plain = {word for word in said if word and word not in of_numbers and not _has_figure([word])}
    return frozenset({UNIT_WORDS.get(word, word) for word in plain} | set(_units(words)))


def _has_figure(words: Sequence[str]) -> bool:
    return any(sign.isdigit() for word in words for sign in word)


def _units(words: Sequence[str]) -> tuple[str, ...]:
    signs = [sign for word in words for sign in word if sign in UNITS]
    return tuple(sorted(signs + [UNIT_WORDS[plain] for plain in map(letters, words) if plain in UNIT_WORDS]))


def _parts(words: Sequence[str]) -> Iterator[str]:
    """Words, and those that a hyphen joins."""
    for word in words:
        yield from re.split(r"(?<=\w)[-\u2010-\u2014](?=\w)", word)


class _Reader:
    """Numbers in words and figures, word by word."""

    def __init__(self, language: str) -> None:
        known = _BY_LANGUAGE.get(language, (_NONE, _NONE, frozenset(), frozenset()))
        self._values, self._scales, self._joining, self._point = known
        self._groups = _ENGLISH_GROUPS if language == "en" else _GROUPS
        self.found: list[str] = []
        self._total = self._current = Decimal(0)
        self._is_open = self._is_figure = self._is_negative = False
        self._decimals: str | None = None  # those said so far, after a point

    def read(self, part: str) -> None:
        plain = letters(part)
        if plain in self._values:
            self._say(self._values[plain])
        elif plain in self._scales and self._decimals is None:
            self._multiply(self._scales[plain])
        elif plain in self._point and self._is_open and not self._is_figure:
            self._decimals = ""
        elif not (plain in self._joining and self._is_open and not self._is_figure):
            self.close()
            if any(sign.isdigit() for sign in plain):
                self._figure(part)
            else:
                self._is_negative = plain in MINUS

    def close(self) -> None:
        """The number that was being read, if any, is over."""
        if self._is_open:
            value = self._total + self._current
            text = f"{value.normalize():f}" + (f".{self._decimals}" if self._decimals else "")
            self.found.append(f"-{text}" if self._is_negative else text)
        self._total = self._current = Decimal(0)
        self._is_open = self._is_figure = self._is_negative = False
        self._decimals = None

    def _say(self, value: int) -> None:
        if self._decimals is not None and value < 10:
            self._decimals += str(value)
            return
        if self._is_open and not self._fits(value):
            self.close()
        self._current, self._is_open = self._current + value, True

    def _fits(self, value: int) -> bool:
        """Whether it goes on with the number: twenty, five; hundred, twelve; thousand, three."""
        if self._is_figure or self._decimals is not None:
            return False
        tail = int(self._current % 100)
        if not self._current:
            return bool(self._total)
        return tail == 0 or (tail >= 20 and tail % 10 == 0 and 0 < value < 10)

    def _multiply(self, scale: int) -> None:
        self._current = (self._current if self._is_open and self._current else Decimal(1)) * scale
        self._is_open = True
        if scale >= 1000:
            self._total, self._current = self._total + self._current, Decimal(0)

    def _figure(self, part: str) -> None:
        whole = re.sub(r"(?<![\d.])\.(?=\d)", "0.", part)  # ".5"
        inner = whole.strip(".,;:!?\"'()[]$€£¥%°…“”’").replace("\u2212", "-")
        if self._groups.fullmatch(inner):
            inner = re.sub(r"[.,'\u202f](?=\d{3})", "", inner)
        inner = inner.replace(",", ".")
        if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", inner):
            self._is_negative = inner.startswith("-")
            self._current, self._is_open, self._is_figure = Decimal(inner.lstrip("-")), True, True
        else:
            self.found.append(re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", inner.casefold()))
