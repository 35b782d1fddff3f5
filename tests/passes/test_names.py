"""Names that are known of a recording, and that were misheard."""

from __future__ import annotations

from tests.passes.words import hearing, words
from trax.enhancement.values import Hints
from trax.passes.names import heard_names, names_of, possible, prompt_of

NAMES = ("Koran", "Sebastopolis", "Justinian", "Cathisma", "Bury St Edmunds")


def test_names_are_in_the_glossary_and_have_capitals() -> None:
    hints = Hints(
        "An hour with Ada Lovelace",
        "BBC Radio",
        "We spoke to Charles Babbage. He builds engines in London.",
        ("C++ Weekly",),
    )
    assert names_of(hints, hints.glossary) == (
        "C++ Weekly",
        "Ada",
        "Lovelace",
        "BBC",
        "Radio",
        "Charles Babbage",
        "London",
    )


def test_only_what_may_have_been_said_is_asked_for() -> None:
    unsure = words("the Saracens at Sabbastopoulos in the cuthesma", sure=0.4)
    found = possible(unsure, NAMES)
    assert set(found[:2]) == {"Sebastopolis", "Cathisma"}
    assert {"Bury St Edmunds", "Koran"}.isdisjoint(found)
    assert possible(words("the Saracens at Sabbastopoulos"), NAMES) == ()  # all of it is sure
    assert possible(words("we left Sebastopolis", sure=0.4), NAMES) == ()  # it is there already


def test_a_name_stands_where_something_like_it_was_heard() -> None:
    own = words("in the cuthesma the imperial box", sure=0.5)
    [(span, candidate)] = heard_names(own, hearing("in the Cathisma, the imperial box", role="named"), NAMES)
    assert (span.start, span.end, candidate.texts) == (2, 3, ("Cathisma,",))


def test_a_name_that_sounds_otherwise_is_not_believed() -> None:
    own = words("in the great big hall", sure=0.5)
    assert list(heard_names(own, hearing("in the Justinian big hall", role="named"), NAMES)) == []


def test_what_else_changes_is_left_to_the_other_hearings() -> None:
    own = words("he read the Qoran to me", sure=0.5)
    [(span, candidate)] = heard_names(own, hearing("he red the Koran to me", role="named"), NAMES)
    assert (span.start, candidate.texts) == (3, ("Koran",))


def test_whisper_is_told_of_them() -> None:
    assert prompt_of(("Koran", "Buck")) == "Glossary: Koran, Buck."
