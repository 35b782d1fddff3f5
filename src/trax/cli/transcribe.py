"""`trax transcribe`: from files to transcripts, with progress."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import one_line, say, short
from trax.cli.options import FormatName

if TYPE_CHECKING:
    from trax.archive import Result


def transcribe(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Files, folders or patterns ('*.mp3').")],
    pipeline: Annotated[str, typer.Option(help="Pipeline version: v1.")] = "v1",
    model: Annotated[str | None, typer.Option(help="Whisper model: a name or a folder. [default: TRAX_MODEL]")] = None,
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Code, such as en. [default: detect]")
    ] = None,
    format: FormatName = "txt",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write DIR/<stem>.<format> instead.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    compute_type: Annotated[str | None, typer.Option(help="CTranslate2 compute type, such as int8.")] = None,
    beam_size: Annotated[int, typer.Option(min=1, max=20, help="Hypotheses that are followed at once.")] = 5,
    prompt: Annotated[str | None, typer.Option(help="Names and spellings that the model should know.")] = None,
    track: Annotated[int | None, typer.Option(min=0, help="Audio track, from 0. [default: the file's own]")] = None,
    channel: Annotated[int | None, typer.Option(min=0, help="One channel alone, from 0. [default: all]")] = None,
    force: Annotated[bool, typer.Option("--force", help="Transcribe again what has been transcribed so.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages but errors.")] = False,
) -> None:
    """Transcribe media files, store the transcripts, and print them (or write them to a folder).

    What has been transcribed with the same options before is not done again. Exit code 1 if any file failed.
    """
    from trax.archive import Archive
    from trax.cli.progress import watching
    from trax.export import format_named
    from trax.media.decode import DecodeOptions
    from trax.settings import load_settings
    from trax.transcription.transcriber import TranscribeOptions

    chosen = format_named(format)
    settings = load_settings(model=model, language=language, device=device, compute_type=compute_type)
    options: dict[str, Any] = {
        "pipeline": pipeline,
        "decode": DecodeOptions(track=track, channel=channel, max_duration=settings.max_duration),
        "transcribe": TranscribeOptions(beam_size=beam_size, initial_prompt=prompt),
    }
    failed = 0
    written: list[Path] = []
    with watching(quiet=quiet) as hook, Archive(settings, hook.announce) as archive:
        for outcome in archive.transcribe_all(sources, hook=hook, force=force, **options):
            if outcome.result is None:
                failed += 1
                say(f"trax: {_named(outcome.source.name, str(outcome.error))}")
                continue
            _deliver(outcome.result, chosen.name, chosen.suffix, output, written)
            if outcome.result.existed and not quiet:
                say(
                    f"{one_line(outcome.source.name)} was transcribed with these options before (version "
                    f"{outcome.result.version} of {short(outcome.result.media_id)}); --force does it again."
                )
    if failed:
        raise typer.Exit(1)


def _named(file: str, error: str) -> str:
    """The error with the file's name, unless it names the file itself."""
    return error if file in error else f"{one_line(file)}: {error}"


def _deliver(result: Result, format: str, suffix: str, folder: Path | None, written: list[Path]) -> None:
    """Print a transcript, or write it to the folder under a name that no other file of this run has."""
    from trax.cli.output import write_file

    text = result.export(format)
    if folder is None:
        separator = "\n" if written else ""
        typer.echo(separator + text, nl=not text.endswith("\n"))
        written.append(Path())
        return
    stem = Path(result.title).stem
    if folder / f"{stem}{suffix}" in written:
        stem = f"{stem}-{short(result.media_id)}"
    written.append(write_file(folder, stem, suffix, text))
    say(f"Wrote {written[-1]}")
