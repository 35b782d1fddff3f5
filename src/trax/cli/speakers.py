"""`trax speakers`: who speaks in a transcript, and everybody who has a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import clock, one_line, print_json, print_table, say, say_progress
from trax.cli.options import AsJson, Version
from trax.errors import UsageError

if TYPE_CHECKING:
    from trax.database.speakers import Heard, Link, Person

Id = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="A media file or a transcript, by its ID. [default: everybody who has a name]"),
]


def speakers(id: Id = None, version: Version = None, as_json: AsJson = False) -> None:
    """List who speaks in a transcript; without an ID, everybody who has a name, and how much they say."""
    from trax.archive import Archive
    from trax.database import naming
    from trax.database import speakers as queries

    if id is None and version is not None:
        raise UsageError("--version is that of a media file.", "Name the file by its ID.")
    with Archive(announce=say_progress) as archive, archive.database.transaction() as session:
        if id is None:
            _print_people(queries.people(session), as_json=as_json)
            return
        heard = queries.heard(session, naming.result_of(session, id, version))
    _print_heard(heard, as_json=as_json)


def _print_people(people: Sequence[Person], *, as_json: bool) -> None:
    if as_json:
        print_json([_person_facts(person) for person in people])
        return
    if not people:
        say("Nobody has a name yet: `trax speaker rename ID LABEL NAME` gives one.")
        return
    print_table(
        ("name", "files", "hours", "prints", "note"),
        [
            (one_line(person.name), f"{person.media:,}", f"{person.hours:,.2f}", person.prints, _note(person.notes))
            for person in people
        ],
    )


def _note(notes: str | None) -> str:
    return one_line(notes or "")


def _print_heard(heard: Sequence[Heard], *, as_json: bool) -> None:
    if as_json:
        print_json([_heard_facts(one) for one in heard])
        return
    if not heard:
        say("It doesn't say who speaks: `trax diarize` finds out.")
        return
    print_table(
        ("speaker", "label", "time", "words", "turns", "first", "how"),
        [
            (
                one_line(one.name or one.labels[0]),
                ", ".join(one_line(label) for label in one.labels),
                clock(one.seconds),
                f"{one.words:,}",
                f"{one.turns:,}",
                clock(one.first_at),
                _how(one),
            )
            for one in heard
        ],
    )


def _how(one: Heard) -> str:
    """How it is known who that is, or who it may be."""
    if one.how is not None and one.name is not None:
        return one.how + _scored(one.score)
    if one.suggestion is not None and one.suggestion.name is not None:
        return f"maybe {one_line(one.suggestion.name)}{_scored(one.suggestion.score)}"
    return "-"


def _scored(score: float | None) -> str:
    return "" if score is None else f" ({score:.2f})"


def _person_facts(person: Person) -> dict[str, Any]:
    return {
        "id": str(person.id),
        "name": person.name,
        "notes": person.notes,
        "files": person.media,
        "hours": round(person.hours, 4),
        "prints": person.prints,
    }


def _heard_facts(one: Heard) -> dict[str, Any]:
    return {
        "label": one.labels[0],
        "labels": list(one.labels),
        "name": one.name,
        "how": one.how,
        "score": one.score,
        "seconds": round(one.seconds, 3),
        "words": one.words,
        "turns": one.turns,
        "first_at": round(one.first_at, 3),
        "suggestion": None if one.suggestion is None else _suggestion_facts(one.suggestion),
    }


def _suggestion_facts(link: Link) -> dict[str, Any]:
    return {"name": link.name, "score": link.score}
