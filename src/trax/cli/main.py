"""The `trax` program: its commands, and what a failure looks like to a person."""

from __future__ import annotations

import atexit
import errno
import os
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException

from trax import __version__
from trax.cli import (
    add,
    batch,
    benchmark,
    db,
    diarize,
    diff,
    doctor,
    edit,
    enhance,
    evaluate,
    export,
    import_,
    jobs,
    media,
    models,
    passes,
    plan,
    rebase,
    reference,
    revert_edit,
    search,
    show,
    speaker,
    speakers,
    stats,
    transcribe,
    versions,
    watch,
    work,
)
from trax.cli.console import say, say_cause
from trax.errors import TraxError

UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
INTERRUPTED = 130  # what shells expect of a program that ended by Ctrl-C

app = typer.Typer(
    name="trax",
    help="The transcript database: speech in, accurate, versioned transcripts in PostgreSQL out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("transcribe")(transcribe.transcribe)
app.command("add")(add.add)
app.command("diarize")(diarize.diarize)
app.command("enhance")(enhance.enhance)
app.command("passes")(passes.passes)
app.command("diff")(diff.diff)
app.command("revert-edit")(revert_edit.revert_edit)
app.command("edit")(edit.edit)
app.command("rebase")(rebase.rebase)
app.command("watch")(watch.watch)
app.command("work")(work.work)
app.add_typer(jobs.app, name="jobs")
app.add_typer(batch.app, name="batch")
app.add_typer(media.app, name="media")
app.command("search")(search.search)
app.command("show")(show.show)
app.command("speakers")(speakers.speakers)
app.add_typer(speaker.app, name="speaker")
app.command("stats")(stats.stats)
app.command("versions")(versions.versions)
app.command("export")(export.export)
app.command("import")(import_.import_)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(reference.app, name="reference")
app.add_typer(models.app, name="models")
app.command("benchmark")(benchmark.benchmark)
app.command("plan")(plan.plan)
app.add_typer(db.app, name="db")
app.command("doctor")(doctor.doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trax {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The transcript database: speech in, accurate, versioned transcripts in PostgreSQL out."""


def main() -> None:
    """Run the program; errors become one or two sentences on standard error and an exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks to go on
        signal.signal(signal.SIGHUP, _interrupt)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller; the next file to be opened must not take its place
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - to the end
    _leave(_run())


def _leave(code: int) -> NoReturn:
    """End now: the interpreter would take every object apart, and wait for threads of which nobody wants anything."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # what was to be written has been, or was complained of
            stream.flush()
    os._exit(code)


def _run() -> int:
    try:
        code = int(app(standalone_mode=False) or 0)
    except TraxError as error:
        say(f"trax: {error}")
        say_cause(error)
        return error.exit_code
    except TyperException as error:
        return _refuse(error)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit as ended:  # what Typer makes of a broken pipe
        if not (isinstance(ended.__context__, BrokenPipeError) and _reader_has_gone()):
            raise
        _write_nothing_more()
        return 0
    except Exception as error:
        if os.environ.get("TRAX_DEBUG"):
            raise
        say(f"trax: {_explained(error)}")
        return 1
    if code == INTERRUPTED:
        say("trax: interrupted; what was finished is kept.")
    return code


def _explained(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in UNWRITABLE:
        _write_nothing_more()
        where = error.filename or "The output"
        return f"{where} can't be written: {error.strerror}. Make room, or send the output elsewhere."
    return (
        f"unexpected {type(error).__name__}: {error}. This is a fault in Trax; "
        "run it again with TRAX_DEBUG=1 to see where."
    )


def _reader_has_gone() -> bool:
    """Whether nobody reads our output any more: `head`, for instance, has seen enough."""
    poll = select.poll()
    poll.register(1, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _write_nothing_more() -> None:
    """What is still to be written would fail once more when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _refuse(error: TyperException) -> int:
    """Show what is wrong with the command line, in Typer's own words."""
    show = getattr(error, "show", None)
    if callable(show):
        show()
    else:
        typer.echo(f"trax: {error.format_message()}", err=True)
    return error.exit_code


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
