"""`trax plan`: what lies ahead, before anything is done."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.benchmark import facts
from trax.cli.console import clock, one_line, print_json, say, say_progress, size
from trax.cli.follow import print_tables
from trax.cli.options import AsJson, Sources
from trax.cli.source_options import Newest, Since, selection_of
from trax.errors import UsageError

if TYPE_CHECKING:
    from trax.jobs.selection import Selection
    from trax.settings import Settings
    from trax.speeds.corrections import Corrections
    from trax.speeds.forecast import Stock
    from trax.speeds.record import Speed

UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}  # seconds
STEP = 500  # files between two words of progress


def plan(
    sources: Sources,
    models: Annotated[
        list[str] | None, typer.Option("--model", help="Model to plan with; may be repeated. [default: all measured]")
    ] = None,
    within: Annotated[str | None, typer.Option(help="Deadline, such as 24h, 90m or 2d12h.")] = None,
    since: Since = None,
    limit: Newest = None,
    pipeline: Annotated[
        str | None, typer.Option(help="v2: also what the corrections of a language model take. [default: v1]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what would happen: hours of sound, what is known, how long the rest takes here, and what room it needs.

    Files are opened and not decoded, and nothing is fetched but pages and feeds: lengths are what containers, pages and
    feeds say. Nothing is stored. Times come from what `trax benchmark` measured on this machine. Exit code 1 if
    something can't be used.
    """
    from trax.settings import load_settings
    from trax.speeds.record import Memory

    settings = load_settings()
    deadline = _seconds(within)
    is_corrected = _is_corrected(pipeline)
    speeds, unmeasured = _chosen(Memory(settings.home).recall(), models, settings)
    stock = _stock(sources, settings, selection_of(since, limit))
    corrections = _corrections(stock, settings) if is_corrected else None
    if as_json:
        print_json(_document(stock, speeds, unmeasured, deadline, settings, corrections))
    else:
        tables = [
            _stock_table(stock, settings, corrections),
            _time_table(stock, speeds, within, deadline),
            _trouble_table(stock),
        ]
        print_tables([table for table in tables if table[1]])
        _say_what_is_in_vain(stock, speeds, within, deadline)
        _say_what_is_unmeasured(speeds, unmeasured)
    if stock.unusable:
        raise typer.Exit(1)


def _stock(sources: list[str], settings: Settings, selection: Selection) -> Stock:
    """Everything the sources stand for; a database that isn't there yet isn't made."""
    from trax.database.connect import existing_database
    from trax.speeds.outlook import Outlook

    database = existing_database(settings)
    try:
        return Outlook(settings, database, selection, say).take_stock(sources, _told)
    finally:
        if database is not None:
            database.close()


def _is_corrected(pipeline: str | None) -> bool:
    """Raises: UsageError: there is no such pipeline, or not from media."""
    from trax.pipeline import stages_of

    stages = stages_of(pipeline or "v1")
    if stages[0].builds_on:
        raise UsageError(f"{pipeline} needs transcripts that are there.", "Plan with v1, v2, v3 or v4.")
    return any("enhance" in stage.options for stage in stages)


def _corrections(stock: Stock, settings: Settings) -> Corrections:
    from trax.enhancement.budget import price_of
    from trax.speeds.corrections import corrections_for

    return corrections_for(stock.seconds, settings.llm_model, price_of(settings.llm_model, settings.llm_prices))


def _cost(corrections: Corrections | None) -> str:
    if corrections is None:
        return "nothing: all of it is done on this machine"
    tokens = f"about {corrections.sent:,} tokens to {corrections.model}, {corrections.received:,} back"
    return f"{tokens}: " + ("of no known price" if corrections.cost is None else f"${corrections.cost:.2f}")


def _seconds(text: str | None) -> int | None:
    """Raises: UsageError: that is no length of time."""
    if text is None:
        return None
    parts = re.findall(r"(\d+)([dhms])", text.replace(" ", "").lower())
    seconds = sum(int(count) * UNITS[unit] for count, unit in parts)
    if not seconds or "".join(map("".join, parts)) != text.replace(" ", "").lower():
        raise UsageError(f"{text!r} is no length of time.", "Write it like 24h, 90m or 2d12h.")
    return seconds


def _chosen(speeds: list[Speed], models: list[str] | None, settings: Settings) -> tuple[list[Speed], list[str]]:
    """The speeds to plan with, and the models that would have to be measured first."""
    from trax.transcription.models import canonical_name

    known = {speed.model for speed in speeds}
    if not models:
        return speeds, [] if speeds else [canonical_name(settings.model)]
    names = list(dict.fromkeys(map(canonical_name, models)))
    return [speed for speed in speeds if speed.model in names], [name for name in names if name not in known]


def _told(count: int) -> None:
    if count % STEP == 0:
        say_progress(f"Looked at {count} files ...")


def _stock_table(
    stock: Stock, settings: Settings, corrections: Corrections | None
) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    rows = [("files", len(stock.usable)), ("sound", clock(stock.seconds)), ("size", size(_bytes(stock)))]
    if stock.known:
        rows.append(("transcribed before", f"{len(stock.known)} files, not counted"))
    if fetched := stock.to_be_fetched:
        unknown = f" and {fetched.of_unknown_size} of unknown size" if fetched.of_unknown_size else ""
        rows.append(("to be downloaded", f"{fetched.count} files, {size(fetched.bytes)}{unknown}"))
    if stock.silent_about_length:
        rows.append(("of unknown length", f"{len(stock.silent_about_length)} files, not counted in the sound"))
    rows.append(("transcripts", f"about {size(stock.result_bytes)} in the database"))
    rows.append(("cost", _cost(corrections)))
    if settings.database_url is None:
        rows.append(("free", f"{size(_free_bytes(settings.home))} in {settings.home}"))
    return ("fact", "value"), rows


def _time_table(
    stock: Stock, speeds: list[Speed], within: str | None, deadline: int | None
) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    from trax.speeds.forecast import machines_for, time_for

    columns = ["model", "device", "encoder", "mode", "times real time", "time here", "measured"]
    rows = [
        [
            speed.model,
            f"{speed.device} {speed.compute_type}",
            speed.encoder,
            speed.mode,
            f"{speed.speed:.1f}",
            clock(time_for(stock, speed)),
            speed.measured_at[:10],
        ]
        for speed in speeds
    ]
    if deadline is not None:
        columns.insert(-1, f"machines for {within}")
        for row, speed in zip(rows, speeds, strict=True):
            row.insert(-1, _at_least(machines_for(stock, speed, deadline)))
    return columns, rows


def _at_least(machines: int | None) -> str:
    """One is enough for sure; among several, files may not share out evenly."""
    if machines is None:
        return "-"
    return "1" if machines == 1 else f"at least {machines}"


def _trouble_table(stock: Stock) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    return ("file", "problem"), [(one_line(found.source), str(found.error)) for found in stock.unusable]


def _say_what_is_in_vain(stock: Stock, speeds: list[Speed], within: str | None, deadline: int | None) -> None:
    from trax.speeds.forecast import machines_for

    if deadline is not None and any(machines_for(stock, speed, deadline) is None for speed in speeds):
        say(
            f"Where it says -, no number of machines is done in {within}: a file is the work of one machine, and "
            "loading the model and hearing the longest file alone take longer."
        )


def _say_what_is_unmeasured(speeds: list[Speed], unmeasured: list[str]) -> None:
    from importlib.metadata import version

    ours = version("trax-transcripts")
    for name in unmeasured:
        say(f"{name} has not been measured on this machine: `trax benchmark --model {name}` does it.")
    if any(speed.version != ours for speed in speeds):
        say("Some speeds were measured with another version of Trax; `trax benchmark` measures anew.")


def _document(
    stock: Stock,
    speeds: list[Speed],
    unmeasured: list[str],
    deadline: int | None,
    settings: Settings,
    corrections: Corrections | None,
) -> dict[str, Any]:
    from trax.speeds.forecast import machines_for, time_for

    return {
        "files": len(stock.usable),
        "sound_seconds": round(stock.seconds, 3),
        "files_of_unknown_length": len(stock.silent_about_length),
        "bytes": _bytes(stock),
        "transcribed_before": len(stock.known),
        "downloads": stock.to_be_fetched and asdict(stock.to_be_fetched),
        "cost": 0.0 if corrections is None else corrections.cost,
        "corrections": corrections and asdict(corrections),
        "transcript_bytes": stock.result_bytes,
        "free_bytes": None if settings.database_url else _free_bytes(settings.home),
        "within_seconds": deadline,
        "estimates": [
            {
                **facts(speed),
                "seconds": round(time_for(stock, speed), 1),
                "machines": None if deadline is None else machines_for(stock, speed, deadline),
            }
            for speed in speeds
        ],
        "unmeasured": unmeasured,
        "unusable": [{"path": found.source, "problem": str(found.error)} for found in stock.unusable],
    }


def _bytes(stock: Stock) -> int:
    return sum(found.size_bytes or 0 for found in stock.usable)


def _free_bytes(folder: Path) -> int:
    """Of the disk that the folder is on, or will be."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return shutil.disk_usage(there).free
