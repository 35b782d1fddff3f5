"""`trax show`: a transcript, to be read."""

from __future__ import annotations

from trax.cli.console import clock, one_line, short
from trax.cli.options import AsJson, Id, Version


def show(id: Id, version: Version = None, as_json: AsJson = False) -> None:
    """Show a transcript with its times; the newest version unless another is named."""
    import typer

    from trax.archive import Archive
    from trax.cli.console import say_progress

    with Archive(announce=say_progress) as archive:
        result = archive.result(id, version)
    if as_json:
        typer.echo(result.export("json"))
        return
    accuracy = "" if result.accuracy is None else f", about {result.accuracy:.0%} of words right"
    typer.echo(
        f"{one_line(result.title)}  ({clock(result.transcript.duration)}, {result.transcript.language}, "
        f"version {result.version}, {result.pipeline_version}, {result.model_used}{accuracy}, {short(result.id)})\n"
    )
    if not result.transcript.segments:
        typer.echo("(no speech)")
    for segment in result.transcript.segments:
        speaker = f"{segment.speaker}: " if segment.speaker else ""
        typer.echo(f"[{_moment(segment.start)}]  {speaker}{segment.text}")


def _moment(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes // 60):02}:{int(minutes % 60):02}:{rest:05.2f}"
