"""What every second of a recording holds, for the terminal; and a word where speech has no words."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import typer

from trax.cli.console import clock, one_line, print_json, print_table, short
from trax.errors import RecordNotFound

if TYPE_CHECKING:
    from trax.coverage.values import Coverage
    from trax.result import Result
    from trax.timeline import Seconds

MOST_PLACES = 5  # that a notice names


def show_coverage(result: Result, *, as_json: bool) -> None:
    """Print how much there is of each kind, and where speech has no words.

    Raises: RecordNotFound: nobody knows.
    """
    coverage = result.coverage
    if coverage is None:
        raise _unknown(result)
    if as_json:
        print_json(_document(result, coverage))
        return
    typer.echo(
        f"{one_line(result.title)}  ({clock(coverage.duration)}, version {result.version}, {short(result.id)})\n"
    )
    print_table(
        ("kind", "time", "share"),
        [(kind, _length(seconds), _share(seconds, coverage)) for kind, seconds in coverage.seconds.items()],
    )
    if not coverage.unexplained:
        typer.echo("\nAll speech has words.")
        return
    typer.echo("\nSpeech without words:")
    print_table(
        ("from", "to", "time"),
        [(_moment(one.start), _moment(one.end), _length(one.duration)) for one in coverage.unexplained],
    )
    typer.echo(f"\n{_advice(result)}")


def unexplained_notice(result: Result) -> str | None:
    """What to say of a result with speech that has no words: how much, where, and what to do; None: there is none."""
    coverage = result.coverage
    if coverage is None or not coverage.unexplained:
        return None
    places = [clock(one.start) for one in coverage.unexplained]
    more = ", ..." if len(places) > MOST_PLACES else ""
    return (
        f"{_length(coverage.seconds['unexplained'])} of speech "
        f"{'in one place has' if len(places) == 1 else f'in {len(places)} places have'} no words "
        f"({', '.join(places[:MOST_PLACES])}{more}): `trax show {short(result.id)} --coverage` shows where. "
        f"{_advice(result)}"
    )


def _advice(result: Result) -> str:
    if "passes" in result.content:
        return "It was heard again in other ways: perhaps it is no speech, or a larger model knows what it is."
    return f"`trax passes {short(result.id)}` hears it again."


def _unknown(result: Result) -> RecordNotFound:
    what = f"What every second of version {result.version} holds is not known"
    if result.pipeline_version == "import":
        return RecordNotFound(f"{what}: others made it, and nobody here listened.", "Transcribe its recording.")
    return RecordNotFound(
        f"{what}: it was made before Trax kept that, or of a version that was.",
        f"`trax transcribe --force {shlex.quote(one_line(result.source))}` makes a version that knows.",
    )


def _document(result: Result, coverage: Coverage) -> dict[str, Any]:
    whole = coverage.duration
    return {
        "result_id": str(result.id),
        "media_id": str(result.media_id),
        "version": result.version,
        "duration": whole,
        "seconds": coverage.seconds,
        "shares": {kind: round(seconds / whole, 6) if whole else 0.0 for kind, seconds in coverage.seconds.items()},
        "unexplained": [{"start": one.start, "end": one.end} for one in coverage.unexplained],
        "stretches": [
            {"kind": one.kind, "start": one.interval.start, "end": one.interval.end} for one in coverage.track
        ],
    }


def _length(seconds: Seconds) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)


def _share(seconds: Seconds, coverage: Coverage) -> str:
    return f"{seconds / coverage.duration:.1%}" if coverage.duration else "-"


def _moment(seconds: Seconds) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes // 60):02}:{int(minutes % 60):02}:{rest:04.1f}"
