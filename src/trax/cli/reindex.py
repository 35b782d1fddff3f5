"""`trax db reindex`: what searches read, made from the transcripts that are stored."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from trax.cli.console import print_json, say, say_progress
from trax.cli.options import AsJson

if TYPE_CHECKING:
    from trax.database import Database
    from trax.database.reindexing import Reindexed
    from trax.settings import Settings

SECONDS_BETWEEN = 5.0  # lines that say how far it is


def reindex(
    semantic: Annotated[bool, typer.Option("--semantic", help="Also prepare searches by meaning.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Index everything anew, and not only what lacks.")] = False,
    as_json: AsJson = False,
) -> None:
    """Index the transcripts that can't be searched yet; run again, it goes on where it was stopped."""
    from trax.database import reindexing
    from trax.jobs.cleanup import open_tidy
    from trax.settings import load_settings

    settings = load_settings()
    with open_tidy(settings, say_progress) as database:
        if everything:
            with database.transaction() as session:
                reindexing.forget(session)
        done = reindexing.reindex(database, _Progress("transcripts are indexed"))
        embedded = _embed(database, settings) if semantic else None
    if as_json:
        print_json(
            {
                "indexed": done.indexed,
                "unreadable": done.unreadable,
                "words_counted_of": done.counted,
                "words_forgotten": done.forgotten,
                "trigrams": done.has_trigrams,
                "embedded": embedded,
            }
        )
        return
    for line in _report(done, embedded):
        say(line)


class _Progress:
    """A line from time to time, for whoever watches."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._said = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._said < SECONDS_BETWEEN:
            return
        self._said = time.monotonic()
        say_progress(f"{done:,} of {total:,} {self._what}.")


def _embed(database: Database, settings: Settings) -> int:
    from trax.finding import embed_missing, embedder_of

    embedder = embedder_of(settings, say_progress)
    return embed_missing(database, embedder, _Progress("passages are prepared for searches by meaning"))


def _report(done: Reindexed, embedded: int | None) -> list[str]:
    lines = [f"Indexed {_transcripts(done.indexed)}." if done.indexed else "All transcripts are indexed."]
    if done.unreadable:
        lines.append(f"Of these, {_transcripts(done.unreadable)} can't be read, and can't be found.")
    if not done.has_trigrams:
        lines.append(
            "Parts of words and mistyped words can't be searched: the server has no pg_trgm, or doesn't let this role "
            "create it (`CREATE EXTENSION pg_trgm`)."
        )
    if embedded is not None:
        lines.append(f"Prepared {embedded:,} passages for searches by meaning.")
    return lines


def _transcripts(count: int) -> str:
    return "1 transcript" if count == 1 else f"{count:,} transcripts"
