"""What the sound decides from two scores."""

from __future__ import annotations

import pytest

from trax.enhancement.values import Edit, Kind
from trax.enhancement.votes import UNHEARD, decide, tolerance

GLOSSARY = ("Esquemeling", "the Roc")


def edit(kind: Kind = "word", before: str = "see", after: str = "sea") -> Edit:
    return Edit("s0e1", 0, 1, 2, before, after, kind)


@pytest.mark.parametrize("kind", ["word", "name", "insertion", "deletion", "number", "negation"])
def test_an_edit_may_be_less_likely_by_its_tolerance_and_no_more(kind: Kind) -> None:
    one = edit(kind)
    allowed = tolerance(one)
    assert allowed > 0, "the recogniser would have chosen what is likelier"
    as_likely, less = decide(one, -20.0, -20.0 - allowed), decide(one, -20.0, -20.01 - allowed)
    assert (as_likely.accepted, less.accepted) == (True, False)
    assert decide(one, -20.0, -3.0).accepted
    assert not decide(one, -20.0, -90.0).accepted
    assert as_likely.by == less.by == "audio"
    assert as_likely.reason != less.reason


def test_the_scores_are_kept() -> None:
    decision = decide(edit(), -20.0, -18.5)
    assert decision.scores == {"before": -20.0, "after": -18.5, "gain": 1.5, "needed": -tolerance(edit())}


@pytest.mark.parametrize("scores", [(None, -3.0), (-3.0, None), (None, None)])
def test_what_cannot_be_heard_is_not_taken_over(scores: tuple[float | None, float | None]) -> None:
    decision = decide(edit(), *scores)
    assert (decision.accepted, decision.reason, decision.scores) == (False, UNHEARD, None)


@pytest.mark.parametrize(
    ("before", "after"), [("Rock's,", "Roc's,"), ("a squemeling", "Esquemeling."), ("rock", "Roc")]
)
def test_a_term_of_the_glossary_may_be_less_likely(before: str, after: str) -> None:
    term = edit("name", before, after)
    assert tolerance(term, GLOSSARY) > tolerance(term)
    least = -20.0 - tolerance(term, GLOSSARY)
    assert decide(term, -20.0, least, GLOSSARY).accepted
    assert not decide(term, -20.0, least - 0.01, GLOSSARY).accepted
    assert not decide(term, -20.0, least).accepted


@pytest.mark.parametrize(
    ("before", "after"),
    [("see", "sea"), ("Rock", "Roc Brazilian"), ("Rock the", "Rock"), ("Roc", "Rock"), ("", "Roc")],
)
def test_a_glossary_supports_no_other_words(before: str, after: str) -> None:
    other = edit("word", before, after)
    assert tolerance(other, GLOSSARY) == tolerance(other)
