"""What was improved, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trax.enhancement.values import Decision, Edit
from trax.enhancement.words import letters
from trax.transcript import Transcript

ENDS = (".", "!", "?", "…", "。", "！", "？")
GRAMMAR = frozenset(
    ("a", "an", "the", "to", "of", "in", "on", "at", "is", "are", "was", "were", "be", "been", "has", "have", "had")
)
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
    """One for each sentence in which something was accepted: "Fixed grammar in sentence 3"; they count from 1."""
    numbers = sentence_numbers(transcript)
    terms = {letters(word) for term in glossary for word in term.split()}
    found: dict[int, set[str]] = {}
    for decision in decisions:
        if decision.accepted:
            edit = decision.edit
            of_segment = numbers[edit.segment]
            sentence = of_segment[min(edit.start, len(of_segment) - 1)]
            found.setdefault(sentence, set()).add(_name(edit, terms))
    return tuple(f"Fixed {_joined(names)} in sentence {sentence}" for sentence, names in sorted(found.items()))


def sentence_numbers(transcript: Transcript) -> list[list[int]]:
    """For each word of each segment the sentence that it stands in; a segment without words counts as one word."""
    number, is_over = 1, False
    numbers: list[list[int]] = []
    for segment in transcript.segments:
        of_segment = []
        for text in [word.text for word in segment.words] or [segment.text]:
            if is_over:
                number += 1
            of_segment.append(number)
            is_over = text.rstrip("\"')]» ").endswith(ENDS)
        numbers.append(of_segment)
    return numbers


def _name(edit: Edit, terms: set[str]) -> str:
    if edit.kind != "word":
        return NAMES.get(edit.kind, "a word")
    before, after = ({letters(word) for word in text.split()} for text in (edit.before, edit.after))
    if after & terms:
        return "a term"
    return "grammar" if before | after <= GRAMMAR or _same_stem(edit) else "a word"


def _same_stem(edit: Edit) -> bool:
    """Whether it is the same word in another form: walk, walked."""
    one, other = letters(edit.before), letters(edit.after)
    common = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return common >= min(3, len(one), len(other)) >= 2 and max(len(one), len(other)) - common <= 3


def _joined(names: set[str]) -> str:
    ordered = [name for name in SHOWN if name in names] + sorted(names - set(SHOWN))
    return ordered[0] if len(ordered) == 1 else f"{', '.join(ordered[:-1])} and {ordered[-1]}"
