"""Batches as tables and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trax.cli.console import clock, local, moment, one_line, short
from trax.cli.follow import Tables

if TYPE_CHECKING:
    from trax.database.batch_views import BatchView, Progress
    from trax.jobs.batches import BatchReport

RESTLESS = ("run_seconds", "audio_per_second", "items_per_hour", "seconds_left")  # that change with the clock alone


def list_table(batches: Sequence[BatchView]) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    """One row for each batch."""
    columns = ("id", "status", "files", "done", "good", "failed", "added", "ended", "note")
    rows = [
        (
            short(batch.id),
            batch.status,
            batch.total,
            batch.processed,
            batch.successful,
            batch.failed,
            local(batch.created_at),
            local(batch.completed_at) if batch.completed_at else "-",
            one_line(" ".join(batch.patterns)),
        )
        for batch in batches
    ]
    return columns, rows


def report_tables(report: BatchReport) -> Tables:
    """What a person wants to know of a batch: a table of facts, and one of failed files."""
    batch, progress = report.batch, report.progress
    facts = {
        "id": str(batch.id),
        "status": batch.status,
        "sources": one_line(" ".join(batch.patterns)),
        "queue": batch.config.get("queue"),
        "files": f"{batch.processed} of {batch.total} done: {batch.successful} good, {batch.failed} failed",
        "under way": _under_way(progress),
        "audio": _audio(batch, progress),
        "rate": _rate(progress),
        "time left": None if progress.seconds_left is None else clock(progress.seconds_left),
        "run time": None if progress.run_seconds is None else clock(progress.run_seconds),
        "added": local(batch.created_at),
        "started": batch.started_at and local(batch.started_at),
        "ended": batch.completed_at and local(batch.completed_at),
        "problem": batch.error and one_line(batch.error),
    }
    tables: list[tuple[Sequence[str], Sequence[Sequence[Any]]]] = [
        (("fact", "note"), [(name, value) for name, value in facts.items() if value])
    ]
    if report.failures:
        rows = [
            (
                failure.position,
                failure.status,
                short(failure.job_id) if failure.job_id else "-",
                one_line(failure.source),
                one_line(failure.error or ""),
            )
            for failure in report.failures
        ]
        tables.append((("number", "status", "job", "file", "problem"), rows))
    return tables


def list_facts(batch: BatchView) -> dict[str, Any]:
    """A batch as JSON, less what has to be counted for it."""
    return {
        "id": str(batch.id),
        "status": batch.status,
        "file_patterns": list(batch.patterns),
        "config": batch.config,
        "total_items": batch.total,
        "processed_items": batch.processed,
        "successful_items": batch.successful,
        "failed_items": batch.failed,
        "created_at": moment(batch.created_at),
        "started_at": moment(batch.started_at),
        "completed_at": moment(batch.completed_at),
        "error": batch.error,
    }


def report_facts(report: BatchReport) -> dict[str, Any]:
    """A batch as JSON, with its progress and what failed."""
    progress = report.progress
    return {
        **list_facts(report.batch),
        "waiting_items": progress.waiting,
        "pending_items": progress.pending,
        "running_items": progress.running,
        "measured_items": progress.measured_items,
        "measured_seconds": progress.measured_seconds,
        "seconds_done": progress.seconds_done,
        "run_seconds": progress.run_seconds,
        "audio_per_second": progress.audio_per_second,
        "items_per_hour": progress.items_per_hour,
        "seconds_left": progress.seconds_left,
        "failures": [
            {
                "position": failure.position,
                "source": failure.source,
                "status": failure.status,
                "job_id": failure.job_id and str(failure.job_id),
                "error": failure.error,
            }
            for failure in report.failures
        ],
    }


def _under_way(progress: Progress) -> str:
    counts = {"running": progress.running, "pending": progress.pending, "to be queued": progress.waiting}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _audio(batch: BatchView, progress: Progress) -> str | None:
    if not progress.measured_items:
        return None
    some = (
        "" if progress.measured_items >= batch.total - batch.failed else f" in the {progress.measured_items} measured"
    )
    return f"{clock(progress.seconds_done)} of {clock(progress.measured_seconds)}{some}"


def _rate(progress: Progress) -> str | None:
    if progress.audio_per_second is None:
        return None
    files = "" if progress.items_per_hour is None else f", {progress.items_per_hour:.0f} files an hour"
    return f"{progress.audio_per_second:.1f} s of audio a second{files}"
