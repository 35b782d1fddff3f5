"""`trax stats`: the archive in figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import clock, one_line, print_json, print_table, say_progress
from trax.cli.options import AsJson
from trax.errors import UsageError

if TYPE_CHECKING:
    from trax.database.analytics import FailuresOfDay, Figures, Overview
    from trax.database.measuring import Summary

GROUPINGS = ("pipeline", "model", "language", "channel")
MOST_DAYS = 36_500
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class _Stats:
    """What is shown."""

    overview: Overview
    groups: Sequence[Figures]
    failures: Sequence[FailuresOfDay]
    time_zone: str
    measured: Summary


def stats(
    by: Annotated[str, typer.Option("--by", metavar="WHAT", help=f"Group by {', '.join(GROUPINGS)}.")] = "pipeline",
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="Show the failures of so many days.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Show the archive in figures: hours of audio, transcripts, accuracy, speed, failures.

    Speed is seconds of audio in a second of processing; files that were in work at the same time shared the machine.
    Accuracy is an estimate. Days are those of the database's time zone.
    """
    if by not in GROUPINGS:
        raise UsageError(f"Figures can't be grouped by {one_line(by)!r}.", f"Choose one of {', '.join(GROUPINGS)}.")
    found = _read(by, days)
    if as_json:
        print_json(_facts(found, by))
        return
    _print(found, by, days)


def _read(by: str, days: int) -> _Stats:
    from trax.archive import Archive
    from trax.database import analytics, measuring

    with Archive(announce=say_progress) as archive, archive.database.transaction() as session:
        return _Stats(
            overview=analytics.overview(session),
            groups=analytics.figures(session, by),
            failures=analytics.failures_by_day(session, days),
            time_zone=analytics.time_zone(session),
            measured=measuring.summary(session),
        )


def _facts(found: _Stats, by: str) -> dict[str, Any]:
    return {
        **asdict(found.overview),
        "measured_results": found.measured.results,
        "measured_accuracy": found.measured.mean_accuracy,
        "by": by,
        "groups": [asdict(group) for group in found.groups],
        "failures_by_day": [{**asdict(failures), "day": failures.day.isoformat()} for failures in found.failures],
        "time_zone": found.time_zone,
    }


def _print(found: _Stats, by: str, days: int) -> None:
    print_table(("fact", "value"), [*_totals(found.overview), *_measured(found.measured)])
    if found.groups:
        typer.echo()
        print_table(
            (by, "files", "results", "hours", "words", "mean time", "mean accuracy", "speed"),
            [_row(group) for group in found.groups],
        )
    typer.echo()
    if not found.failures:
        typer.echo(f"No job failed in the last {days} days." if days > 1 else "No job failed today.")
        return
    print_table(
        ("day", "failed jobs", "files"),
        [(failures.day, failures.failed_jobs, failures.files) for failures in found.failures],
    )


def _totals(overview: Overview) -> list[tuple[str, str]]:
    return [
        ("files", f"{overview.files:,} ({overview.transcribed_files:,} with a transcript)"),
        ("hours of audio", f"{overview.audio_hours:,.1f} ({overview.transcribed_hours:,.1f} transcribed)"),
        ("transcripts", f"{overview.results:,}"),
        ("words", f"{overview.words:,}"),
    ]


def _measured(summary: Summary) -> list[tuple[str, str]]:
    """How right transcripts are that have a reference; the mean accuracy of a group has estimates in it, too."""
    if summary.mean_accuracy is None:
        return []
    return [("measured", f"{summary.results:,} transcripts, {summary.mean_accuracy:.1%} of words right")]


def _row(group: Figures) -> tuple[str, ...]:
    return (
        NOTHING if group.name is None else one_line(group.name),
        f"{group.files:,}",
        f"{group.results:,}",
        _number(group.audio_hours, ",.1f"),
        _number(group.words, ","),
        clock(group.mean_processing_seconds),
        _number(group.mean_accuracy, ".1%"),
        _number(group.speed, ".1f", "x"),
    )


def _number(value: float | None, form: str, unit: str = "") -> str:
    return NOTHING if value is None else f"{value:{form}}{unit}"
