"""Vowel signs of Hebrew, Arabic and Syriac: some texts have them, hardly anybody types them, so they don't count."""

from __future__ import annotations

import re

_HEBREW = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
_ARABIC = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"  # and the tatweel
_SYRIAC = "\u0711\u0730-\u074a"
POINTS = _HEBREW + _ARABIC + _SYRIAC  # for a class of characters

_POINT = re.compile(f"[{POINTS}]+")
_LETTERS = (
    (re.compile("[\u05d0-\u05f2]"), f"[{_HEBREW}]*"),
    (re.compile("[\u0620-\u06ff\u0750-\u077f\u0870-\u08ff]"), f"[{_ARABIC}]*"),
    (re.compile("[\u0710-\u074f]"), f"[{_SYRIAC}]*"),
)


def has_points(text: str) -> bool:
    """Whether anything in the text is a vowel sign."""
    return not text.isascii() and _POINT.search(text) is not None


def without_points(text: str) -> str:
    """The text as it is mostly written."""
    return text if text.isascii() else _POINT.sub("", text)


def points_after(letter: str) -> str:
    """The pattern of what may stand at a letter without counting; none for letters of other scripts."""
    return next((points for letters, points in _LETTERS if letters.match(letter)), "")
