"""`trax transcribe`: from files to transcripts, with progress."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import one_line, say, say_cause, short
from trax.cli.options import FormatName
from trax.errors import OutputError, UsageError

if TYPE_CHECKING:
    from trax.archive import Result
    from trax.cli.output import OutputFolder
    from trax.export import Format


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
    from trax.cli.output import OutputFolder
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
        "transcribe": TranscribeOptions(beam_size=beam_size, initial_prompt=_readable(prompt)),
    }
    failed = 0
    delivery = _Delivery(chosen, OutputFolder(output) if output else None, quiet)
    if delivery.folder:
        delivery.folder.make()  # found out before the work, not after it
    with watching(quiet=quiet) as hook, Archive(settings, hook.announce) as archive:
        for outcome in archive.transcribe_all(sources, hook=hook, force=force, **options):
            error = outcome.error
            if outcome.result is not None:
                error = delivery.deliver(outcome.source, outcome.result)
            if error is not None:
                failed += 1
                say(f"trax: {_named(outcome.source, str(error))}")
                say_cause(error)
    if failed:
        raise typer.Exit(1)


@dataclass(slots=True)
class _Delivery:
    """Where transcripts go: into a folder, or one after another to standard output."""

    format: Format
    folder: OutputFolder | None
    quiet: bool
    _printed: int = 0

    def deliver(self, source: Path, result: Result) -> OutputError | None:
        """Print or write a transcript; the error, if it can't be written."""
        text = result.export(self.format.name)
        if self.folder is None:
            typer.echo(("\n" if self._printed else "") + text, nl=not text.endswith("\n"))
            self._printed += 1
        else:
            try:
                path = self.folder.write(source.stem, self.format.suffix, text, distinction=short(result.media_id))
            except OutputError as error:
                return error
            self._say(f"Wrote {one_line(str(path))}")
        if result.existed:
            self._say(
                f"{one_line(source.name)} was transcribed with these options before (version {result.version} of "
                f"{short(result.media_id)}); --force does it again."
            )
        return None

    def _say(self, message: str) -> None:
        if not self.quiet:
            say(message)


def _named(source: Path, error: str) -> str:
    """The error with the file's name, unless it names the file itself."""
    from trax.media.files import display_name

    if not source.name:
        return error
    name = display_name(source)
    # a name without a suffix may be a word of the sentence
    before = r"(?<![\w.-])" if source.suffix else "(?<=/)"
    return error if re.search(rf"{before}{re.escape(name)}(?![\w-]|\.\w)", error) else f"{name}: {error}"


def _readable(prompt: str | None) -> str | None:
    """The prompt, which a model can only read as text."""
    try:
        (prompt or "").encode()
    except UnicodeEncodeError as error:
        raise UsageError("The prompt holds bytes that are not UTF-8.", "Write --prompt in UTF-8.") from error
    return prompt
