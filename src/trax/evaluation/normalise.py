"""Texts as they are compared: what is written in several ways counts as one word."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache
from typing import Final, Literal, cast, get_args

from trax.errors import UsageError

Normaliser = Literal["whisper", "plain"]
NORMALISERS: tuple[Normaliser, ...] = get_args(Normaliser)
DEFAULT: Final[Normaliser] = "whisper"

ENGLISH: Final = "en"
# Written without spaces between words: what is compared are characters, as in the paper on Whisper.
UNSPACED: Final = frozenset({"zh", "yue", "ja", "th", "lo", "my"})

_APOSTROPHES: Final = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\uff07\u00b4`", "'"))
_WITHIN: Final = re.compile(r"(?<=\w)'(?=\w)")  # an apostrophe that is part of a word
_KEPT: Final = "\ue000"  # in its place, while all others go
_PIECE: Final = re.compile(r"[a-z0-9'\u00e0-\u024f]+|.", re.S)


def named(name: str) -> Normaliser:
    """The normaliser that is meant. Raises: UsageError: there is none of that name."""
    if name not in NORMALISERS:
        raise UsageError(f"There is no normaliser {name!r}.", f"Choose one of {', '.join(NORMALISERS)}.")
    return name


def variant(normaliser: Normaliser, language: str | None) -> str:
    """What it is called in reports: Whisper has two, one of them for English alone."""
    if normaliser == "plain":
        return normaliser
    return "whisper-english" if language == ENGLISH else "whisper-basic"


def normalise(text: str, normaliser: Normaliser, language: str | None) -> str:
    """The text as words between single spaces; in languages that are written without spaces, as characters."""
    made = _plain(text, language) if normaliser == "plain" else _whisper(language)(text)
    return " ".join(made.split())


def _plain(text: str, language: str | None) -> str:
    """In small letters, without punctuation; a hyphen parts words, an apostrophe within one stays."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    text = _WITHIN.sub(_KEPT, text)
    text = "".join(" " if unicodedata.category(c)[0] in "PS" else c for c in text).replace(_KEPT, "'")
    return " ".join(_characters(text)) if language in UNSPACED else text


def _characters(text: str) -> list[str]:
    """Characters, each with the marks above and below it; Latin letters and digits stay words."""
    found: list[str] = []
    for piece in _PIECE.findall(text):
        if found and unicodedata.category(piece[0])[0] == "M":
            found[-1] += piece
        else:
            found.append(piece)
    return found


@cache
def _whisper(language: str | None) -> Callable[[str], str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape sequence in the package, as it is compiled
        from whisper_normalizer.basic import BasicTextNormalizer
        from whisper_normalizer.english import EnglishTextNormalizer

    if language == ENGLISH:
        return cast("Callable[[str], str]", EnglishTextNormalizer())
    return cast("Callable[[str], str]", BasicTextNormalizer(split_letters=language in UNSPACED))
