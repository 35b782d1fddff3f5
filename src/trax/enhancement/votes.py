"""The sound votes: what it says of an edit that changes the words."""

from __future__ import annotations

from trax.enhancement.values import Decision, Edit

# In nats. The recogniser chose the old words because they were likely, so that a good edit need not be likelier; a bad
# one is less likely by far. benchmarks/enhance.py says how many of either are told right.
TOLERANCE = 2.0
TOLERANCE_OF_INSERTION = 0.0  # a word more is always a bit less likely: what is said there is likelier all the same
TOLERANCE_OF_DELETION = -1.0
UNHEARD = "The sound can't be asked."


def decide(edit: Edit, before: float | None, after: float | None) -> Decision:
    """before, after: log probability of the window's text without and with the edit; None: it can't be told."""
    if before is None or after is None:
        return Decision(edit, False, UNHEARD, "audio")
    gain = after - before
    needed = -tolerance(edit)
    scores = {"before": before, "after": after, "gain": gain, "needed": needed}
    if gain >= needed:
        return Decision(edit, True, "The sound agrees.", "audio", scores)
    return Decision(edit, False, "The sound speaks for the words that were there.", "audio", scores)


def tolerance(edit: Edit) -> float:
    """By how much the new reading may be less likely."""
    if edit.kind == "insertion":
        return TOLERANCE_OF_INSERTION
    if edit.kind == "deletion":
        return TOLERANCE_OF_DELETION
    return TOLERANCE
