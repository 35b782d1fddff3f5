"""How wide text is, where a line may end, how a time is written: for every script that Whisper knows.

The rules are a small part of Unicode's line breaking (UAX 14): spaces, ideographs, and the characters that must not
stand at the start or end of a line. Thai, Lao, Khmer and Burmese are broken only between the words of the transcript.
"""

from __future__ import annotations

import re
import unicodedata

from trax.timeline import Seconds

# every white space but the three that forbid a line break (no-break space, its narrow form, figure space)
_SPACES = re.compile(r"[^\S\u00a0\u202f\u2007]+")
_INVISIBLE = {"Cf", "Zs", "Cc"}
_MARKS = {"Mn", "Mc", "Me"}
_NEVER_FIRST = _MARKS | {"Cf", "Pe", "Pf", "Po", "Pd"}
_NEVER_LAST = {"Cf", "Ps", "Pi"}
_IDEOGRAPHIC = {"Lo", "Lm", "Nl", "Po", "Ps", "Pe", "Pd", "Pi", "Pf"}
# small kana, the long-vowel mark and iteration marks cling to what precedes them
_CLINGING = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶー々〻ゝゞヽヾ〜～")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai, Lao, Burmese, Khmer
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")
_CLINGING_THAI = frozenset("ะาำๅๆฯະາຳໆ")


def columns(text: str) -> int:
    """Width in columns: a wide (East Asian) character is two, a combining or invisible one none."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf", "Cc"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def split_words(text: str) -> list[str]:
    """The words between white space, without control characters and without words that show nothing."""
    if not text.isprintable():
        text = "".join(c for c in text if c.isspace() or unicodedata.category(c) != "Cc")
    return [word for word in _SPACES.split(text) if is_visible(word)]


def is_visible(text: str) -> bool:
    return any(unicodedata.category(character) not in _INVISIBLE for character in text)


def one_line(text: str) -> str:
    """The text with every run of white space as one space, fit for a label or a heading."""
    return " ".join(split_words(text))


def split_ideographs(word: str) -> list[str]:
    """The pieces of a word between which a line may end; joined they are the word."""
    if word.isascii():
        return [word]
    pieces = [word[0]]
    for character in word[1:]:
        if may_break(pieces[-1][-1], character):
            pieces.append(character)
        else:
            pieces[-1] += character
    return pieces


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between two characters that no space separates, whatever the words."""
    if not (_is_ideographic(before) or _is_ideographic(after)):
        return False
    return _may_part(before, after)


def may_break_words(before: str, after: str) -> bool:
    """Whether a line may end between two words of the transcript that no space separates."""
    if may_break(before, after):
        return True
    if not (_UNSPACED.match(before) and _UNSPACED.match(after)):
        return False
    return before not in _LEADING_VOWELS and after not in _CLINGING_THAI and _may_part(before, after)


def needs_space(before: str, after: str) -> bool:
    """Whether two segments are joined by a space: not between characters of a script that has none."""
    return not (_is_ideographic(before) and _is_ideographic(after))


def _may_part(before: str, after: str) -> bool:
    if after in _CLINGING or unicodedata.category(after) in _NEVER_FIRST:
        return False
    return unicodedata.category(before) not in _NEVER_LAST


def _is_ideographic(character: str) -> bool:
    return (
        not character.isascii()
        and unicodedata.east_asian_width(character) in "WF"
        and unicodedata.category(character) in _IDEOGRAPHIC
        and not _HANGUL.match(character)
    )


def clock(time: Seconds) -> str:
    """A time as h:mm:ss, rounded down to the second, for reading."""
    minutes, seconds = divmod(int(max(0.0, time)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}"


def timestamp(time_ms: int, decimal_mark: str) -> str:
    """A time as hh:mm:ss and milliseconds, for subtitle files; hours take as many digits as they need."""
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{decimal_mark}{milliseconds:03d}"
