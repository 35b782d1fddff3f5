"""`trax add`: sources become media and jobs in the queue, for workers to take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import one_line, print_json, say, say_cause
from trax.cli.enhance_options import Glossary, MaxCost, enhance_options
from trax.cli.options import (
    AsJson,
    BeamSize,
    Channel,
    Channels,
    Diarize,
    Fast,
    Force,
    From,
    Language,
    LeastSpeakers,
    Model,
    MostSpeakers,
    Pipeline,
    Priority,
    Prompt,
    Queue,
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
    from trax.archive import Added, Archive
    from trax.jobs.describe import Described
    from trax.jobs.selection import Selection


def add(
    sources: Sources,
    pipeline: Pipeline = None,
    model: Model = None,
    language: Language = None,
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
    priority: Priority = 0,
    queue: Queue = None,
    since: Since = None,
    limit: Newest = None,
    copy: Annotated[bool, typer.Option("--copy", help="Copy files of this machine into the store.")] = False,
    metadata_only: Annotated[
        bool, typer.Option("--metadata-only", help="Store what YouTube says of videos, and stop.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch and register media, and queue a job for each, which `trax work` runs. Exit code 1 if one can't be used.

    Sources are files, folders, patterns, web addresses, YouTube videos, playlists and channels, podcast feeds, text
    files with a source on each line, and - for such a list on standard input. Prints the ID of each job; what was
    transcribed with the same options before needs none. What broke off goes on when the command is run again.
    """
    from trax.archive import Archive
    from trax.cli.progress import watching
    from trax.settings import load_settings

    selection = selection_of(since, limit)
    settings = load_settings(model=model, language=language)
    with watching(quiet=False) as hook, Archive(settings, hook.announce) as archive:
        if metadata_only:
            _describe(archive, sources, selection, as_json=as_json)
            return
        request = archive.request(
            **speaker_options(pipeline, diarize, speakers, min_speakers, max_speakers),
            **enhance_options(glossary, max_cost),
            second_model=second_model,
            **request_options(beam_size, fast, prompt, track, channel, channels, start, end),
        )
        options = archive.submit_options(queue=queue, priority=priority, force=force)
        added = []
        for item in archive.add(sources, request, options, selection=selection, copy=copy, hook=hook):
            added.append(item)
            with hook.aside():
                _show(item, as_json=as_json)
    if as_json:
        print_json([_facts(item) for item in added])
    if any(item.error for item in added):
        raise typer.Exit(1)


def _show(item: Added, *, as_json: bool) -> None:
    from trax.cli.delivery import named

    if item.error is not None:
        say(f"trax: {named(item.source, str(item.error))}")
        say_cause(item.error)
    elif not as_json:
        typer.echo(_line(item))


def _describe(archive: Archive, sources: list[str], selection: Selection, *, as_json: bool) -> None:
    """Store the metadata of videos. Exit code 1 if there is a source without."""
    described = []
    for item in archive.describe(sources, selection=selection):
        described.append(item)
        if item.error is not None:
            say(f"trax: {one_line(item.source)}: {item.error}")
            say_cause(item.error)
        elif item.page is not None and not as_json:
            typer.echo(f"{item.page.youtube_id}  {one_line(item.page.title)}")
    if as_json:
        print_json([_metadata(item) for item in described])
    if any(item.error for item in described):
        raise typer.Exit(1)


def _metadata(item: Described) -> dict[str, Any]:
    page = item.page
    if page is None:
        return {"source": item.source, "error": str(item.error)}
    return {
        "source": item.source,
        "youtube_id": page.youtube_id,
        "title": page.title,
        "channel": page.channel,
        "description": page.description,
        "duration_seconds": page.duration_seconds,
        "details": page.details,
        "error": None,
    }


def _line(item: Added) -> str:
    assert item.submitted is not None
    name = one_line(str(item.source))
    if item.submitted.job_id is None:
        return f"{'was transcribed before':36}  {name}"
    return f"{item.submitted.job_id}  {name}{'' if item.submitted.created else ' (was in the queue already)'}"


def _facts(item: Added) -> dict[str, Any]:
    submitted = item.submitted
    return {
        "source": item.address or str(item.source),
        "name": item.source.name,
        "media_id": submitted and str(submitted.media_id),
        "job_id": submitted and submitted.job_id and str(submitted.job_id),
        "result_id": submitted and submitted.result_id and str(submitted.result_id),
        "created": bool(submitted and submitted.created),
        "error": item.error and str(item.error),
    }
