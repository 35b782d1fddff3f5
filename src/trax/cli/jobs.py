"""`trax jobs`: what is queued, at work, done and failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import clock, local, moment, one_line, print_json, say, short
from trax.cli.follow import Tables, follow_lines, follow_tables, print_tables
from trax.cli.options import ROWS, AsJson, Follow, Limit
from trax.errors import JobInterrupted, UsageError

if TYPE_CHECKING:
    from trax.archive import Archive
    from trax.database.job_views import AttemptView, JobFilter, JobView
    from trax.database.llm_calls import Usage
    from trax.jobs.board import JobReport

app = typer.Typer(help="Jobs in the queue, and what became of them.", no_args_is_help=True)

STATUSES = ("pending", "processing", "completed", "failed", "cancelled")

JobIds = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="IDs of jobs, or their beginnings.")]
OfBatch = Annotated[str | None, typer.Option("--batch", help="Only jobs of this batch.")]


@app.command("list")
def list_jobs(
    status: Annotated[str | None, typer.Option(help=f"Only jobs that are {', '.join(STATUSES)}.")] = None,
    batch: OfBatch = None,
    queue: Annotated[str | None, typer.Option("--queue", help="Only jobs of this queue.")] = None,
    limit: Limit = None,
    follow: Follow = False,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first, with their progress, attempts and errors."""
    from trax.archive import Archive
    from trax.cli.console import say_progress

    if status is not None and status not in STATUSES:
        raise UsageError(f"There is no status {status!r}.", f"Choose one of {', '.join(STATUSES)}.")
    with Archive(announce=say_progress) as archive:
        wanted, board = _filter(archive, status, batch, queue), archive.board
        if follow and as_json:
            follow_lines(board.follow_list(wanted, limit), lambda jobs: [_facts(job) for job in jobs])
        elif follow:
            follow_tables(board.follow_list(wanted, limit or ROWS), lambda jobs: [_table(jobs)])
        elif as_json:
            print_json([_facts(job) for job in board.list(wanted, limit)])
        else:
            limit = limit or ROWS
            found = board.list(wanted, limit + 1)
            print_tables([_table(found[:limit])])
            if len(found) > limit:
                say(f"These are the newest {limit}; there are more (--limit shows more, --json all of them).")


@app.command("show")
def show_job(
    id: Annotated[str, typer.Argument(metavar="ID", help="ID of a job, or the beginning of one.")],
    follow: Follow = False,
    as_json: AsJson = False,
) -> None:
    """Show everything about a job, with all attempts at it; --follow ends when the job has ended."""
    from trax.archive import Archive
    from trax.cli.console import say_progress

    with Archive(announce=say_progress) as archive:
        job_id = archive.board.find(id)
        if follow and as_json:
            follow_lines(archive.board.follow(job_id), lambda report: [_report(report)])
        elif follow:
            follow_tables(archive.board.follow(job_id), _report_tables)
        elif as_json:
            print_json(_report(archive.board.show(job_id)))
        else:
            print_tables(_report_tables(archive.board.show(job_id)))


@app.command()
def retry(
    ids: JobIds = None,
    failed: Annotated[bool, typer.Option("--failed", help="Every job that has failed.")] = False,
    batch: OfBatch = None,
) -> None:
    """Put failed or cancelled jobs back into their queue. Exit code 1 if one of them can't be."""
    from trax.archive import Archive
    from trax.cli.console import say_progress

    if bool(ids) == (failed or batch is not None):
        raise UsageError("Which jobs?", "Name their IDs, or use --failed (with --batch ID: those of one batch).")
    refused = retried = 0
    with Archive(announce=say_progress) as archive:
        for job_id in _chosen(archive, ids, ["failed"], batch):
            try:
                archive.board.retry(job_id)
                retried += 1
            except JobInterrupted as error:
                refused += 1
                say(f"trax: {error}")
    say(f"{retried} of {retried + refused} jobs wait in their queue again.")
    if refused:
        raise typer.Exit(1)


@app.command()
def cancel(ids: JobIds = None, batch: OfBatch = None) -> None:
    """Cancel jobs; one that is at work stops within a second. Exit code 1 if one had ended before.

    With --batch all its jobs are cancelled, also those that others wait for; `trax batch cancel` spares these.
    """
    from trax.archive import Archive
    from trax.cli.console import say_progress

    if bool(ids) == (batch is not None):
        raise UsageError("Which jobs?", "Name their IDs, or a batch with --batch ID.")
    late = cancelled = 0
    with Archive(announce=say_progress) as archive:
        for job_id in _chosen(archive, ids, ["pending", "processing"], batch):
            if archive.board.cancel(job_id):
                cancelled += 1
            elif ids:
                late += 1
                say(f"trax: job {short(job_id)} had ended already. `trax jobs show {short(job_id)}` shows how.")
    say(f"{cancelled} jobs cancelled.")
    if late:
        raise typer.Exit(1)


def _filter(archive: Archive, status: str | None, batch: str | None, queue: str | None = None) -> JobFilter:
    from trax.database.job_views import JobFilter

    return JobFilter(status, None if batch is None else archive.batches.find(batch), queue)


def _chosen(archive: Archive, ids: list[str] | None, statuses: Sequence[str], batch: str | None) -> list[Any]:
    if ids:
        return list(dict.fromkeys([archive.board.find(id) for id in ids]))
    return [id for status in statuses for id in archive.board.ids(_filter(archive, status, batch))]


def _table(jobs: Sequence[JobView]) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    columns = ("id", "status", "model", "retries", "done", "time", "worker", "file", "problem")
    rows = [
        (
            short(job.id),
            "held" if job.held else job.status,
            job.model or "-",
            f"{job.retry_count}/{job.max_retries}",
            _done(job),
            clock(_seconds(job)),
            job.worker or "-",
            one_line(job.filename),
            _first_line(job.error),
        )
        for job in jobs
    ]
    return columns, rows


def _report_tables(report: JobReport) -> Tables:
    job = report.job
    facts = _facts(job) | {
        "progress": _done(job),
        "created_at": local(job.created_at),
        "started_at": job.started_at and local(job.started_at),
        "completed_at": job.completed_at and local(job.completed_at),
    }
    if report.usage.calls:
        facts["language model"] = _usage(report.usage)
    rows = [(name, one_line(str(value))) for name, value in facts.items() if value is not None]
    tables: list[tuple[Sequence[str], Sequence[Sequence[Any]]]] = [(("fact", "value"), rows)]
    if report.attempts:
        columns = ("attempt", "outcome", "windows", "started", "time", "worker", "problem")
        tables.append((columns, [_attempt_row(attempt) for attempt in report.attempts]))
    return tables


def _usage(usage: Usage) -> str:
    """What the corrections took so far."""
    tokens = f"{usage.prompt_tokens:,} tokens sent ({usage.cached_tokens:,} of them cached)"
    cost = "" if usage.cost is None else f", ${usage.cost:.4f}"
    return f"{usage.calls} requests, {tokens}, {usage.completion_tokens:,} received{cost}"


def _attempt_row(attempt: AttemptView) -> Sequence[Any]:
    problem = ": ".join(part for part in (attempt.error_kind, _first_line(attempt.error)) if part)
    windows = f"{attempt.windows_before}+{attempt.windows_heard}" if attempt.windows_before else attempt.windows_heard
    took = ((attempt.ended_at or datetime.now(UTC)) - attempt.started_at).total_seconds()
    outcome, started = attempt.outcome or "running", local(attempt.started_at)
    return attempt.number, outcome, windows, started, clock(took), attempt.worker or "-", problem


def _done(job: JobView) -> str:
    if job.status == "completed":
        return clock(job.duration)
    if job.seconds_done is None:
        return "-"
    if not job.duration:
        return clock(job.seconds_done)
    return f"{min(1.0, job.seconds_done / job.duration):.0%} of {clock(job.duration)}"


def _seconds(job: JobView) -> float | None:
    """How long the job has waited or run, or ran in the end."""
    if job.status == "completed" and job.processing_time is not None:
        return job.processing_time
    since = job.started_at if job.status == "processing" and job.started_at else job.created_at
    if job.is_over:
        return (job.completed_at - job.started_at).total_seconds() if job.completed_at and job.started_at else None
    return (datetime.now(UTC) - since).total_seconds()


def _first_line(error: str | None) -> str:
    return one_line((error or "").split("\n", 1)[0])


def _facts(job: JobView) -> dict[str, Any]:
    return {
        "id": str(job.id),
        "status": job.status,
        "held": job.held,
        "media_id": str(job.media_id),
        "filename": job.filename,
        "duration": job.duration,
        "seconds_done": job.seconds_done,
        "model": job.model,
        "language": job.language,
        "pipeline": job.pipeline,
        "queue": job.queue,
        "priority": job.priority,
        "attempts": job.attempts,
        "retry_count": job.retry_count,
        "max_retries": job.max_retries,
        "worker": job.worker,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "completed_at": moment(job.completed_at),
        "processing_time": job.processing_time,
        "error": job.error,
    }


def _report(report: JobReport) -> dict[str, Any]:
    attempts = [
        {
            "ticket_id": attempt.ticket_id,
            "number": attempt.number,
            "worker": attempt.worker,
            "started_at": moment(attempt.started_at),
            "ended_at": moment(attempt.ended_at),
            "outcome": attempt.outcome,
            "windows_before": attempt.windows_before,
            "windows_heard": attempt.windows_heard,
            "seconds_done": attempt.seconds_done,
            "engine_seconds": attempt.engine_seconds,
            "error_kind": attempt.error_kind,
            "error": attempt.error,
        }
        for attempt in report.attempts
    ]
    return {**_facts(report.job), "llm": asdict(report.usage) if report.usage.calls else None, "history": attempts}
