"""`trax batch`: many files as one piece of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from trax.cli.batch_tables import RESTLESS, list_facts, list_table, report_facts, report_tables
from trax.cli.console import one_line, print_json, say, say_cause, say_progress, short
from trax.cli.enhance_options import Glossary, MaxCost, enhance_options
from trax.cli.follow import follow_lines, follow_tables, print_tables
from trax.cli.options import (
    ROWS,
    AsJson,
    BeamSize,
    Channel,
    Channels,
    Concurrency,
    Diarize,
    Fast,
    Follow,
    Force,
    FormatName,
    From,
    Language,
    LeastSpeakers,
    Limit,
    Model,
    MostSpeakers,
    Pipeline,
    Priority,
    Prompt,
    Queue,
    Sources,
    Speakers,
    To,
    Track,
    request_options,
    speaker_options,
)
from trax.cli.source_options import Newest, Since, selection_of
from trax.errors import DatabaseError, UsageError

if TYPE_CHECKING:
    from trax.archive import Archive
    from trax.cli.delivery import Delivery
    from trax.jobs.batches import Batches, BatchReport, Step

app = typer.Typer(help="Many files as one piece of work.", no_args_is_help=True)

BatchId = Annotated[str, typer.Argument(metavar="ID", help="ID of a batch, or the beginning of one.")]


@app.command()
def run(
    sources: Sources,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Queue the files for `trax work`, and return.")] = False,
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
    glossary: Glossary = None,
    max_cost: MaxCost = None,
    force: Force = False,
    priority: Priority = 0,
    queue: Queue = None,
    since: Since = None,
    limit: Newest = None,
    concurrency: Concurrency = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write DIR/<stem>.<format> for each.")] = None,
    format: FormatName = "txt",
    as_json: AsJson = False,
) -> None:
    """Transcribe files as a batch, here or (--no-wait) by workers elsewhere. Exit code 1 if any file failed.

    Prints the batch's ID at once. Whatever ends the command, nothing is lost: `trax batch resume ID` queues what is
    left, and `trax work --drain` transcribes it.
    """
    from trax.archive import Archive
    from trax.settings import load_settings

    if no_wait and output:
        raise UsageError("There is nothing to write without waiting.", "Leave out --no-wait or --output.")
    delivery = _delivery(output, format)
    with Archive(load_settings(model=model, language=language), say_progress) as archive:
        request = archive.request(
            **speaker_options(pipeline, diarize, speakers, min_speakers, max_speakers),
            **enhance_options(glossary, max_cost),
            **request_options(beam_size, fast, prompt, track, channel, channels, start, end),
        )
        options = archive.submit_options(queue=queue, priority=priority, force=force)
        batch_id = archive.batches.create(sources, request, options, selection=selection_of(since, limit))
        if not as_json:
            typer.echo(batch_id)
        unwritten = 0
        with _told_how_to_go_on(batch_id):
            if no_wait:
                archive.batches.queue(batch_id, told=_told)
            else:
                unwritten = _run_here(archive, batch_id, concurrency, delivery)
        report = archive.batches.show(batch_id)
    _sum_up(report, as_json=as_json)
    if report.batch.failed or unwritten:
        raise typer.Exit(1)


@app.command("list")
def list_batches(limit: Limit = None, as_json: AsJson = False) -> None:
    """List batches, newest first."""
    from trax.archive import Archive

    with Archive(announce=say_progress) as archive:
        found = archive.batches.list(limit if as_json else (limit or ROWS) + 1)
    if as_json:
        print_json([list_facts(batch) for batch in found])
        return
    limit = limit or ROWS
    print_tables([list_table(found[:limit])])
    if len(found) > limit:
        say(f"These are the newest {limit}; there are more (--limit shows more, --json all of them).")


@app.command("show")
def show_batch(id: BatchId, follow: Follow = False, as_json: AsJson = False) -> None:
    """Show how far a batch is, how fast, and what failed; --follow ends with the batch."""
    with _opened(id) as (batches, batch_id):
        if follow and as_json:
            reports = batches.follow(batch_id)
            follow_lines(reports, lambda report: [report_facts(report)], restless=RESTLESS)
        elif follow:
            follow_tables(batches.follow(batch_id), report_tables)
        elif as_json:
            facts = report_facts(batches.show(batch_id))
            print_json({**facts, "items": [_item(item) for item in batches.items(batch_id)]})
        else:
            print_tables(report_tables(batches.show(batch_id)))


@app.command()
def pause(id: BatchId) -> None:
    """Begin no further job of a batch; those at work are finished."""
    with _opened(id) as (batches, batch_id):
        held = batches.pause(batch_id)
    say(f"Batch {short(batch_id)} is paused: {_jobs(held)} held back. `trax batch resume {short(batch_id)}` goes on.")


@app.command()
def resume(id: BatchId) -> None:
    """Go on with a batch that was paused, or whose files were not all queued when its command ended."""
    with _opened(id) as (batches, batch_id), _told_how_to_go_on(batch_id):
        going = batches.resume(batch_id, _told)
    say(f"Batch {short(batch_id)} goes on: {_jobs(going)} queued. `trax work` runs them.")


@app.command()
def retry(id: BatchId) -> None:
    """Queue the files of a batch again that failed or were cancelled."""
    with _opened(id) as (batches, batch_id), _told_how_to_go_on(batch_id):
        tried = batches.retry(batch_id, _told)
    say(f"Batch {short(batch_id)} goes on: {tried} of its files are tried again. `trax work` runs them.")


@app.command()
def cancel(id: BatchId) -> None:
    """End a batch and its jobs, except those that somebody else waits for as well."""
    with _opened(id) as (batches, batch_id):
        cancelled = batches.cancel(batch_id)
    say(f"Batch {short(batch_id)} is cancelled, and {_jobs(cancelled)} with it.")


@contextmanager
def _opened(id: str) -> Iterator[tuple[Batches, UUID]]:
    from trax.archive import Archive

    with Archive(announce=say_progress) as archive:
        yield archive.batches, archive.batches.find(id)


def _delivery(output: Path | None, format: str) -> Delivery | None:
    from trax.cli.delivery import Delivery
    from trax.cli.output import OutputFolder
    from trax.export import format_named

    chosen = format_named(format)
    if output is None:
        return None
    folder = OutputFolder(output)
    folder.make()  # found out before the work, not after it
    return Delivery(chosen, folder, quiet=True)


def _run_here(archive: Archive, batch_id: UUID, concurrency: int | None, delivery: Delivery | None) -> int:
    """Run the batch to its end in this process; how many transcripts could not be written."""
    from trax.cli.bars import BatchBar

    written: set[int] = set()
    unwritten = 0
    work = archive.batch_work(concurrency)
    with BatchBar() as bar, closing(work.run(batch_id)) as reports:
        successful = 0
        for report in reports:
            bar.show(report)
            if delivery and report.batch.successful != successful:
                successful = report.batch.successful
                unwritten += _deliver(archive, batch_id, delivery, written)
    return unwritten


def _deliver(archive: Archive, batch_id: UUID, delivery: Delivery, written: set[int]) -> int:
    from trax.media.files import path_from_text

    unwritten = 0
    results = archive.batches.result_ids(batch_id)
    for item in archive.batches.items(batch_id):
        if item.position in results and item.position not in written:
            written.add(item.position)
            error = delivery.deliver(path_from_text(item.source), archive.result(str(results[item.position])))
            if error is not None:
                unwritten += 1
                say(f"trax: {error}")
    return unwritten


def _told(step: Step) -> None:
    if step.error is not None:
        say_cause(step.error)
    say_progress(f"{'Queued' if step.error is None else 'Refused'} {one_line(step.source)}")


@contextmanager
def _told_how_to_go_on(batch_id: UUID) -> Iterator[None]:
    """Whoever is interrupted, or finds the database gone, is told what is left and how to go on with it."""
    try:
        yield
    except (KeyboardInterrupt, DatabaseError):
        id = short(batch_id)
        say(
            f"What is left of batch {id} is kept: `trax batch resume {id}` queues what was not queued yet, "
            f"`trax work --drain` transcribes it, `trax batch cancel {id}` drops it."
        )
        raise


def _sum_up(report: BatchReport, *, as_json: bool) -> None:
    from trax.cli.delivery import named
    from trax.media.files import path_from_text

    for failure in report.failures:
        say(f"trax: {named(path_from_text(failure.source), failure.error or failure.status)}")
    if as_json:
        print_json(report_facts(report))
        return
    batch = report.batch
    waiting = batch.total - batch.processed
    rest = f", {waiting} queued for `trax work`" if waiting else ""
    say(f"Batch {short(batch.id)}: {batch.successful} of {batch.total} files done, {batch.failed} failed{rest}.")


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"


def _item(item: Any) -> dict[str, Any]:
    return {
        "position": item.position,
        "source": item.source,
        "status": item.status,
        "job_id": item.job_id and str(item.job_id),
        "media_id": item.media_id and str(item.media_id),
        "error": item.error,
    }
