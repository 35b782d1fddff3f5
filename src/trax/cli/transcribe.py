"""`trax transcribe`: from files to transcripts, with progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trax.cli.console import say, say_cause
from trax.cli.enhance_options import Glossary, MaxCost, enhance_options
from trax.cli.options import (
    BeamSize,
    Channel,
    Channels,
    Diarize,
    Fast,
    Force,
    FormatName,
    From,
    Language,
    LeastSpeakers,
    Model,
    MostSpeakers,
    Output,
    Pipeline,
    Prompt,
    Quiet,
    SecondModel,
    Sources,
    Speakers,
    To,
    Track,
    request_options,
    speaker_options,
)
from trax.cli.source_options import Newest, Since, selection_of

if TYPE_CHECKING:
    from trax.archive import Outcome
    from trax.cli.delivery import Delivery


def transcribe(
    sources: Sources,
    pipeline: Pipeline = None,
    model: Model = None,
    language: Language = None,
    format: FormatName = "txt",
    output: Output = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    compute_type: Annotated[str | None, typer.Option(help="CTranslate2 compute type, such as int8.")] = None,
    beam_size: BeamSize = None,
    fast: Fast = False,
    prompt: Prompt = None,
    track: Track = None,
    channel: Channel = None,
    channels: Channels = None,
    start: From = None,
    end: To = None,
    diarize: Diarize = False,
    speakers: Speakers = None,
    min_speakers: LeastSpeakers = None,
    max_speakers: MostSpeakers = None,
    second_model: SecondModel = None,
    glossary: Glossary = None,
    max_cost: MaxCost = None,
    force: Force = False,
    since: Since = None,
    limit: Newest = None,
    profile: Annotated[bool, typer.Option("--profile", help="Show where the time went, file by file.")] = False,
    quiet: Quiet = False,
) -> None:
    """Transcribe media, store the transcripts, and print them (or write them to a folder).

    Sources are all that `trax add` takes, web addresses, YouTube videos and podcast feeds among them. What has been
    transcribed with the same options before is not done again. Exit code 1 if any file failed.
    """
    from trax.cli.delivery import Delivery
    from trax.cli.output import OutputFolder
    from trax.export import format_named
    from trax.media.fence import warm_up
    from trax.settings import load_settings

    chosen = format_named(format)
    settings = load_settings(model=model, language=language, device=device, compute_type=compute_type)
    options = speaker_options(pipeline, diarize, speakers, min_speakers, max_speakers)
    options |= enhance_options(glossary, max_cost)
    options["second_model"] = second_model
    options |= request_options(beam_size, fast, prompt, track, channel, channels, start, end)
    selection = selection_of(since, limit)
    failed = 0
    delivery = Delivery(chosen, OutputFolder(output) if output else None, quiet)
    if delivery.folder:
        delivery.folder.make()  # found out before the work, not after it
    warm_up()  # the decoder gets ready while the database's libraries are loaded

    from trax.archive import Archive
    from trax.cli.progress import watching

    with watching(quiet=quiet) as hook, Archive(settings, hook.announce) as archive:
        for outcome in archive.transcribe_all(sources, hook=hook, force=force, selection=selection, **options):
            with hook.aside():
                failed += not _delivered(outcome, delivery, profile=profile)
    if failed:
        raise typer.Exit(1)


def _delivered(outcome: Outcome, delivery: Delivery, *, profile: bool) -> bool:
    """Print or write a transcript, or say why there is none."""
    from trax.cli.delivery import named
    from trax.cli.profile import show_profile

    error = outcome.error
    if outcome.result is not None:
        error = delivery.deliver(outcome.source, outcome.result)
    if error is not None:
        say(f"trax: {named(outcome.source, str(error))}")
        say_cause(error)
    elif profile and outcome.result is not None:
        show_profile(outcome.source, outcome.result)
    return error is None
