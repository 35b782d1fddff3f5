"""`trax speaker`: naming those who speak, and, for who wants it, knowing them again by their voices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from trax.cli.console import clock, one_line, print_json, print_table, say, say_progress, short
from trax.cli.options import AsJson, Id
from trax.errors import UsageError

if TYPE_CHECKING:
    from trax.database.engine import Transaction
    from trax.database.models import TranscriptionResult
    from trax.database.naming import Suggestion

app = typer.Typer(help="Name those who speak, and know them again.", no_args_is_help=True)

Label = Annotated[str, typer.Argument(metavar="LABEL", help="Who is meant: SPEAKER_00, or the name they have there.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Somebody's name, as `trax speakers` lists it.")]
Enrol = Annotated[bool, typer.Option("--enrol", help="Also keep a print of the voice, as `trax speaker enrol` does.")]


@app.command()
def rename(
    id: Id,
    label: Label,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who it is; somebody new if nobody is called so.")],
    enrol: Enrol = False,
) -> None:
    """Say who a speaker is: in the newest transcript of a file, and all that have their speakers from it."""
    from trax.database import naming

    with _result(id) as (session, result):
        named = naming.rename(session, result, label, name)
        kept = _enrol(session, result, named.labels[0]) if enrol else None
    typer.echo(
        f"{_list(named.labels)} {_is(named.labels)} {one_line(named.name or '')} now{_new(is_new=named.is_new)}."
    )
    _say_kept(kept)


@app.command()
def unname(id: Id, label: Label) -> None:
    """Take a name back; speakers that were merged are told apart again."""
    from trax.database import naming

    with _result(id) as (session, result):
        named = naming.unname(session, result, label)
    typer.echo(f"{_list(named.labels)} {'has' if len(named.labels) == 1 else 'have'} no name now.")


@app.command()
def merge(
    id: Id,
    label: Label,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The speaker of the same transcript that it is.")],
) -> None:
    """Say that two speakers of a transcript are one person."""
    from trax.database import naming

    with _result(id) as (session, result):
        named = naming.merge(session, result, label, into)
    who = "one person" if named.name is None else one_line(named.name)
    typer.echo(f"{_list(named.labels)} are {who} now.")


@app.command()
def enrol(id: Id, label: Label) -> None:
    """Keep a print of a speaker's voice, so that they are known again in other files.

    It is a row of numbers that a model has made of at least 5 s of the voice, and data about a body: have the person's
    consent. `trax speaker forget` removes it.
    """
    with _result(id) as (session, result):
        kept = _enrol(session, result, label)
    _say_kept(kept)


@app.command()
def accept(id: Id, label: Label, enrol: Enrol = False) -> None:
    """Say that a speaker is the person who is suggested, or was recognised."""
    from trax.database import naming

    with _result(id) as (session, result):
        named = naming.accept(session, result, label)
        kept = _enrol(session, result, named.labels[0]) if enrol else None
    typer.echo(f"{_list(named.labels)} {_is(named.labels)} {one_line(named.name or '')}.")
    _say_kept(kept)


@app.command()
def reject(id: Id, label: Label) -> None:
    """Say that a speaker is not the person who is suggested, or was recognised."""
    from trax.database import naming

    with _result(id) as (session, result):
        named = naming.reject(session, result, label)
    typer.echo(f"{_list(named.labels)} {_is(named.labels)} not {one_line(named.name or '')}.")


@app.command()
def suggestions(as_json: AsJson = False) -> None:
    """List who may be whom: voices that are alike, but not enough to be sure."""
    from trax.database import naming

    with _transaction() as session:
        found = naming.suggestions(session)
    if as_json:
        print_json([_facts(one) for one in found])
        return
    if not found:
        say("Nobody is suggested.")
        return
    print_table(
        ("id", "label", "maybe", "score", "first", "file"),
        [
            (
                short(one.media_id),
                one_line(one.label),
                one_line(one.name),
                "-" if one.score is None else f"{one.score:.2f}",
                clock(one.first_at),
                one_line(one.title),
            )
            for one in found
        ],
    )
    say("`trax speaker accept ID LABEL` takes one, `trax speaker reject ID LABEL` drops it.")


@app.command()
def recognise(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Files. [default: all]")] = None,
) -> None:
    """Look again for people who are enrolled: in the newest transcripts of files whose voices were kept."""
    from trax.archive import Archive
    from trax.database import naming, recognition

    recognised, suggested = 0, 0
    with Archive(announce=say_progress) as archive:
        with archive.database.transaction() as session:
            chosen = [naming.result_of(session, id).id for id in ids] if ids else recognition.recognisable(session)
        for result_id in chosen:
            with archive.database.transaction() as session:
                found = recognition.recognise(session, result_id)
            recognised += sum(link.how == "recognised" for link in found)
            suggested += sum(link.how == "suggested" for link in found)
    typer.echo(f"{recognised:,} recognised, {suggested:,} suggested, in {_transcripts(len(chosen))}.")
    if suggested:
        say("`trax speaker suggestions` lists those who may be somebody.")


@app.command("rename-person")
def rename_person(
    name: Name, new: Annotated[str, typer.Argument(metavar="NEW", help="What they are called from now on.")]
) -> None:
    """Give somebody another name, wherever they speak."""
    from trax.database import naming

    with _transaction() as session:
        called = naming.rename_person(session, name, new)
    typer.echo(f"{one_line(name.strip())} is called {one_line(called)} now.")


@app.command("merge-people")
def merge_people(
    name: Name, into: Annotated[str, typer.Argument(metavar="INTO", help="The other name, which stays.")]
) -> None:
    """Say that two names are one person, wherever they speak."""
    from trax.database import naming

    with _transaction() as session:
        called = naming.merge_people(session, name, into)
    typer.echo(f"{one_line(name.strip())} is {one_line(called)} now.")


@app.command()
def forget(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Somebody's name.")] = None,
    prints: Annotated[bool, typer.Option("--prints", help="Only their voice: the name stays.")] = False,
    all_voices: Annotated[
        bool, typer.Option("--all-voices", help="The voices of all, with and without names; the names stay.")
    ] = False,
) -> None:
    """Remove a person: their name, which turns into labels again, and all that was kept of their voice."""
    if (name is None) != all_voices or (all_voices and prints):
        raise UsageError("Who is to be forgotten?", "Give a name, or --all-voices alone.")
    from trax.database import naming, voice_prints

    others = 0
    with _transaction() as session:
        if name is None:
            said = f"{voice_prints.forget_all(session):,} voices are forgotten."
        else:
            forgotten = naming.forget(session, name, prints_only=prints)
            called, others = one_line(forgotten.name), forgotten.others
            said = f"The voice of {called} is forgotten." if prints else f"{called} is forgotten."
    typer.echo(said)
    if others:
        kept = "1 other voice is" if others == 1 else f"{others:,} other voices are"
        say(f"{kept} still kept of those files; `trax speaker forget --all-voices` removes all that are kept.")


@contextmanager
def _transaction() -> Iterator[Transaction]:
    from trax.archive import Archive

    with Archive(announce=say_progress) as archive, archive.database.transaction() as session:
        yield session


@contextmanager
def _result(id: str) -> Iterator[tuple[Transaction, TranscriptionResult]]:
    """The newest transcript of a media file, or the one with that ID, in a transaction."""
    from trax.database import naming

    with _transaction() as session:
        yield session, naming.result_of(session, id)


def _enrol(session: Transaction, result: TranscriptionResult, label: str) -> str:
    """Keep the voice; what is to be said of that."""
    from trax.database import voice_prints

    kept = voice_prints.enrol(session, result, label)
    name = one_line(kept.name)
    prints = "a print" if kept.prints == 1 else f"{kept.prints} prints"
    return (
        f"Kept: {prints} of the voice of {name}, the newest made of {kept.seconds:.0f} s; numbers, and no sound.\n"
        f"`trax speaker recognise` looks for {name} in other files, `trax speaker forget` with --prints removes them."
    )


def _say_kept(kept: str | None) -> None:
    if kept is not None:
        typer.echo(kept)


def _facts(one: Suggestion) -> dict[str, object]:
    return {
        "media_id": str(one.media_id),
        "result_id": str(one.result_id),
        "title": one.title,
        "label": one.label,
        "name": one.name,
        "score": one.score,
        "first_at": one.first_at,
    }


def _transcripts(number: int) -> str:
    return "1 transcript" if number == 1 else f"{number:,} transcripts"


def _list(labels: Sequence[str]) -> str:
    return " and ".join(one_line(label) for label in labels)


def _is(labels: Sequence[str]) -> str:
    return "is" if len(labels) == 1 else "are"


def _new(*, is_new: bool) -> str:
    return ", whom Trax didn't know before" if is_new else ""
