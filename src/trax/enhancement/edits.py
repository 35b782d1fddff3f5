"""From a correction to edits: the smallest changes that make sense by themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from trax.enhancement.alignment import Piece, pieces
from trax.enhancement.numbers import UNITS, changes_number, numbers_in, other_words
from trax.enhancement.values import Correction, Edit, Kind
from trax.enhancement.words import APART, DEFAULT, is_negation, letters
from trax.transcript import Transcript, Word

__all__ = ["Piece", "edits_between", "kind_of", "pieces"]

SENTENCE_ENDS = (".", "!", "?", "…", ":", "。")
CLOSING = "\"'”’»)]"
CAPITAL_NOUNS = frozenset({"de", "lb"})  # languages in which a capital makes no name
PRONOUNCED = frozenset(UNITS) | set("&@#+=")


@dataclass(frozen=True, slots=True)
class Token:
    """What stands between two spaces; mostly one word, which may have been heard in parts."""

    start: int  # words of the segment, half open
    end: int
    text: str


def edits_between(transcript: Transcript, corrections: Sequence[Correction]) -> tuple[Edit, ...]:
    """All that the corrections change, in order; `s12e1` is the first edit of segment 12."""
    found: list[Edit] = []
    for correction in sorted(corrections, key=lambda correction: correction.segment):
        found += _of_segment(transcript, correction)
    return tuple(found)


def tokens_of(words: Sequence[Word]) -> list[Token]:
    """A segment's words, joined where no space divides them ("well" and "-known")."""
    found: list[Token] = []
    for place, word in enumerate(words):
        is_joined = found and not word.text[:1].isspace() and not words[place - 1].text[-1:].isspace()
        if is_joined:
            found[-1] = Token(found[-1].start, place + 1, found[-1].text + word.text.rstrip())
        else:
            found.append(Token(place, place + 1, word.text.strip()))
    return found


def _of_segment(transcript: Transcript, correction: Correction) -> list[Edit]:
    number, new = correction.segment, correction.text.split()
    tokens = tokens_of(transcript.segments[number].words)
    old = [token.text for token in tokens]
    starts_sentence = _ends_before(transcript, number)
    found: list[Edit] = []
    for piece in pieces(old, new, transcript.language):
        before, after = old[piece.start : piece.end], new[piece.made_start : piece.made_end]
        if " ".join(before).split() == after:
            continue
        is_first = _is_end(old[piece.start - 1]) if piece.start else starts_sentence
        start = tokens[piece.start].start if piece.start < len(tokens) else len(transcript.segments[number].words)
        end = tokens[piece.end - 1].end if piece.end > piece.start else start
        kind = kind_of(before, after, starts_sentence=is_first, language=transcript.language)
        name = f"s{number}e{len(found) + 1}"
        found.append(Edit(name, number, start, end, " ".join(before), " ".join(after), kind))
    return found


def _ends_before(transcript: Transcript, number: int) -> bool:
    """Whether a sentence begins with that segment."""
    return number == 0 or _is_end(transcript.segments[number - 1].text)


def _is_end(text: str) -> bool:
    return text.rstrip().rstrip(CLOSING).endswith(SENTENCE_ENDS)


def kind_of(
    before: Sequence[str], after: Sequence[str], *, starts_sentence: bool = False, language: str = DEFAULT
) -> Kind:
    """What sort of change it is; the one that weighs most, where it is several."""
    old, new = [w for w in map(letters, before) if w], [w for w in map(letters, after) if w]
    if sum(is_negation(word, language) for word in before) != sum(is_negation(word, language) for word in after):
        return "negation"
    if changes_number(before, after, language):
        return "number"
    if "".join(old) == "".join(new):
        return _of_same_letters(before, after, divided_otherwise=old != new)
    if numbers_in(before, language) and other_words(before, language) == other_words(after, language):
        return "spelling"
    if not old or not new:
        return "deletion" if old else "insertion"
    names = [] if language in CAPITAL_NOUNS else before[1:] if starts_sentence else before
    return "name" if any(map(_is_capital, names)) else "word"


def _of_same_letters(before: Sequence[str], after: Sequence[str], *, divided_otherwise: bool) -> Kind:
    if _pronounced(before) != _pronounced(after) or _is_set_apart(before, after):
        return "word"
    if divided_otherwise:
        return "spelling"
    return "punctuation" if "".join(map(_bare, before)) == "".join(map(_bare, after)) else "case"


def _pronounced(words: Sequence[str]) -> Counter[str]:
    """The signs that are said, and no punctuation: those of "C++", "R&D"."""
    return Counter(sign for word in words for sign in word if sign in PRONOUNCED)


def _is_set_apart(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether an apostrophe makes other words of them: "were" and "we're"."""
    inner = [[_apostrophe(word) for word in words if letters(word) in APART] for words in (before, after)]
    return inner[0] != inner[1]


def _apostrophe(word: str) -> bool:
    return any(sign in "'’" for sign in word.strip("'’\".,;:!?"))


def _bare(word: str) -> str:
    return "".join(sign for sign in word if sign.isalnum())


def _is_capital(word: str) -> bool:
    plain = word.lstrip("\"'“‘«([¿¡").replace("’", "'")
    return plain[:1].isupper() and plain.split("'")[0].strip('.,;:!?…"”)]') != "I"
