"""The sound votes: what it says of an edit that changes the words."""

from __future__ import annotations

from collections.abc import Sequence

from trax.enhancement.values import Decision, Edit
from trax.enhancement.words import letters

# By how many nats the new reading may be less likely. The recogniser chose the old words because they were likely, so
# that a good edit of what it heard wrongly is mostly less likely, too; a bad one is by more. Tuned with tiny.en on half
# of the readers (python -m benchmarks.enhance --tune), shown on the others.
TOLERANCE = 5.0
TOLERANCE_OF_DELETION = 3.0  # a text with fewer words is a little likelier whatever is said
TOLERANCE_OF_TERM = 8.0  # of what the user's glossary has: a recogniser hardly ever expects it
UNHEARD = "The sound can't be asked."


def decide(edit: Edit, before: float | None, after: float | None, glossary: Sequence[str] = ()) -> Decision:
    """before, after: log probability of the window's text without and with the edit; None: it can't be told."""
    if before is None or after is None:
        return Decision(edit, False, UNHEARD, "audio")
    gain = after - before
    needed = -tolerance(edit, glossary)
    scores = {"before": before, "after": after, "gain": gain, "needed": needed}
    if gain >= needed:
        return Decision(edit, True, "The sound agrees.", "audio", scores)
    return Decision(edit, False, "The sound speaks for the words that were there.", "audio", scores)


def tolerance(edit: Edit, glossary: Sequence[str] = ()) -> float:
    """By how many nats the new reading may be less likely."""
    if edit.kind == "deletion":
        return TOLERANCE_OF_DELETION
    return TOLERANCE_OF_TERM if _is_of_glossary(edit, glossary) else TOLERANCE


def _is_of_glossary(edit: Edit, glossary: Sequence[str]) -> bool:
    """Whether every word that is new is one of its terms'; words that are put in beside others need more."""
    terms = {letters(word) for term in glossary for word in term.split()}
    new = {letters(_without_s(word)) for word in edit.after.split()} - {letters(word) for word in edit.before.split()}
    return bool(edit.before and new) and new <= terms


def _without_s(word: str) -> str:
    """The word itself, where something belongs to it."""
    plain = word.strip('.,;:!?"()').replace("’", "'")
    return plain.removesuffix("'s").removesuffix("'")
