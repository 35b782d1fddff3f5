"""What was improved, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trax.enhancement.values import Decision, Edit
from trax.enhancement.words import SMALL, letters, listed
from trax.transcript import Transcript

ENDS = (".", "!", "?", "…", "。", "！", "？", "।", "؟")
CLOSING = "\"'”’»)] "
ABBREVIATIONS = frozenset(listed("mr mrs ms dr prof st jr sr vs etc eg ie no vol al approx inc ltd co bzw usw ca nr"))
NAMES = {
    "punctuation": "punctuation",
    "case": "capitalisation",
    "spelling": "spelling",
    "name": "a name",
    "number": "a number",
    "negation": "a negation",
    "insertion": "grammar",
    "deletion": "grammar",
}
SHOWN = ("grammar", "a word", "a term", "a name", "spelling", "capitalisation", "punctuation")


def improvements(
    transcript: Transcript, decisions: Iterable[Decision], glossary: Sequence[str] = ()
) -> tuple[str, ...]:
    """One for each sentence of the corrected text in which something changed: "Fixed grammar in sentence 3".

    They count from 1. transcript: the one that was corrected.
    """
    accepted = [decision.edit for decision in decisions if decision.accepted]
    terms = {letters(word) for term in glossary for word in term.split()}
    found: dict[int, set[str]] = {}
    for edit, sentence in sentences_of(transcript, accepted):
        found.setdefault(sentence, set()).add(_name(edit, terms))
    return tuple(f"Fixed {_joined(names)} in sentence {sentence}" for sentence, names in sorted(found.items()))


def sentences_of(transcript: Transcript, edits: Sequence[Edit]) -> list[tuple[Edit, int]]:
    """Each edit with the number of the sentence, from 1, in which it begins once all of them are made."""
    words: list[str] = []
    places: list[tuple[Edit, int]] = []
    of_segment: dict[int, list[Edit]] = {}
    for edit in edits:
        of_segment.setdefault(edit.segment, []).append(edit)
    for number, segment in enumerate(transcript.segments):
        heard = [word.text.strip() for word in segment.words] or segment.text.split()
        at = 0
        for edit in sorted(of_segment.get(number, ()), key=lambda edit: (edit.start, edit.end)):
            words += heard[at : edit.start]
            places.append((edit, len(words)))
            words += edit.after.split()
            at = edit.end
        words += heard[at:]
    numbers = _numbered(words)
    return [(edit, numbers[min(place, len(numbers) - 1)] if numbers else 1) for edit, place in places]


def _numbered(words: Sequence[str]) -> list[int]:
    """For each word the sentence that it stands in."""
    number, numbers = 1, []
    for place, word in enumerate(words):
        numbers.append(number)
        following = words[place + 1] if place + 1 < len(words) else ""
        number += _is_end(word, following)
    return numbers


def _is_end(word: str, following: str) -> bool:
    bare = word.rstrip(CLOSING)
    if not bare.endswith(ENDS) or following.lstrip("\"'“‘«(")[:1].islower():
        return False
    plain = letters(bare)
    is_initial = len(plain) == 1 and plain.isalpha() and bare[:1].isupper() and plain != "i"
    return not (bare.endswith(".") and (is_initial or plain in ABBREVIATIONS))


def _name(edit: Edit, terms: set[str]) -> str:
    before, after = ({letters(word) for word in text.split()} for text in (edit.before, edit.after))
    if edit.kind in ("word", "name", "spelling") and (after - before) & terms:
        return "a term"
    if edit.kind != "word":
        return NAMES[edit.kind]
    return "grammar" if before | after <= SMALL or _same_stem(edit) else "a word"


def _same_stem(edit: Edit) -> bool:
    """Whether it is the same word in another form: walk, walked."""
    one, other = letters(edit.before), letters(edit.after)
    common = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return common >= min(3, len(one), len(other)) >= 2 and max(len(one), len(other)) - common <= 3


def _joined(names: set[str]) -> str:
    ordered = [name for name in SHOWN if name in names] + sorted(names - set(SHOWN))
    return ordered[0] if len(ordered) == 1 else f"{', '.join(ordered[:-1])} and {ordered[-1]}"
