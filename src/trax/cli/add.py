"""`trax add`: files become jobs in the queue, for workers to take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from trax.cli.console import one_line, print_json, say, say_cause
from trax.cli.options import (
    AsJson,
    BeamSize,
    Channel,
    Fast,
    Force,
    Language,
    Model,
    Pipeline,
    Priority,
    Prompt,
    Queue,
    Sources,
    Track,
    request_options,
)

if TYPE_CHECKING:
    from trax.archive import Added


def add(
    sources: Sources,
    pipeline: Pipeline = "v1",
    model: Model = None,
    language: Language = None,
    beam_size: BeamSize = None,
    fast: Fast = False,
    prompt: Prompt = None,
    track: Track = None,
    channel: Channel = None,
    force: Force = False,
    priority: Priority = 0,
    queue: Queue = None,
    as_json: AsJson = False,
) -> None:
    """Register media files and queue a job for each, which `trax work` runs. Exit code 1 if a file can't be used.

    Prints the ID of each file's job; a file that was transcribed with the same options before needs none.
    """
    from trax.archive import Archive
    from trax.cli.console import say_progress
    from trax.cli.delivery import named
    from trax.settings import load_settings

    added = []
    with Archive(load_settings(model=model, language=language), say_progress) as archive:
        request = archive.request(**request_options(pipeline, beam_size, fast, prompt, track, channel))
        options = archive.submit_options(queue=queue, priority=priority, force=force)
        for item in archive.add(sources, request, options):
            added.append(item)
            if item.error is not None:
                say(f"trax: {named(item.source, str(item.error))}")
                say_cause(item.error)
            elif not as_json:
                typer.echo(_line(item))
    if as_json:
        print_json([_facts(item) for item in added])
    if any(item.error for item in added):
        raise typer.Exit(1)


def _line(item: Added) -> str:
    assert item.submitted is not None
    name = one_line(str(item.source))
    if item.submitted.job_id is None:
        return f"{'was transcribed before':36}  {name}"
    return f"{item.submitted.job_id}  {name}{'' if item.submitted.created else ' (was in the queue already)'}"


def _facts(item: Added) -> dict[str, Any]:
    submitted = item.submitted
    return {
        "source": str(item.source),
        "media_id": submitted and str(submitted.media_id),
        "job_id": submitted and submitted.job_id and str(submitted.job_id),
        "result_id": submitted and submitted.result_id and str(submitted.result_id),
        "created": bool(submitted and submitted.created),
        "error": item.error and str(item.error),
    }
