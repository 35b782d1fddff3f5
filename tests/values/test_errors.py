"""The tree of errors is the one that its module draws."""

from __future__ import annotations

import re

from trax import errors
from trax.errors import TraxError, UnknownModel, UsageError

LINE = re.compile(r"^    (?P<branch>[ │├└─]*)(?P<name>[A-Z][A-Za-z]+)(?: {2,}|$)")


def drawn() -> set[tuple[str, str]]:
    """(error, parent) for every line of the drawing; each level is four columns wide."""
    pairs: set[tuple[str, str]] = set()
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if (found := LINE.match(line)) is None:
            continue
        depth = len(found["branch"]) // 4
        above = [*above[:depth], found["name"]]
        if depth:
            pairs.add((found["name"], above[depth - 1]))
    return pairs


def descendants(parent: type[TraxError]) -> set[tuple[str, str]]:
    pairs = set()
    for child in parent.__subclasses__():
        if child.__module__ == errors.__name__:
            pairs |= {(child.__name__, parent.__name__)} | descendants(child)
    return pairs


def test_the_drawing_is_the_tree() -> None:
    assert len(drawn()) > 15
    assert drawn() == descendants(TraxError)


def test_an_error_is_told_in_one_or_two_sentences() -> None:
    assert str(UsageError("It broke.", "Mend it.")) == "It broke. Mend it."
    assert str(UsageError("It broke.")) == "It broke."
    assert (UsageError.exit_code, UnknownModel.exit_code, errors.ModelUnavailable.exit_code) == (2, 2, 1)


def test_only_what_may_pass_is_tried_again() -> None:
    assert errors.DatabaseUnavailable("It is down.").retryable
    assert not errors.UnreadableMedia("It is damaged.").retryable
