"""`trax watch`: folders whose files are queued as soon as they are finished."""

from __future__ import annotations

import json
import os
import select
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import one_line, say, say_cause, say_progress
from trax.cli.enhance_options import Glossary, MaxCost, enhance_options
from trax.cli.options import (
    BeamSize,
    Channel,
    Channels,
    Diarize,
    Fast,
    Language,
    LeastSpeakers,
    Model,
    MostSpeakers,
    Pipeline,
    Priority,
    Prompt,
    Queue,
    Speakers,
    Track,
    request_options,
    speaker_options,
)
from trax.errors import (
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseUnavailable,
    MediaChanged,
    MediaNotFound,
    StoreError,
    TraxError,
    UsageError,
)

if TYPE_CHECKING:
    from trax.archive import Added, Archive
    from trax.flow import Request
    from trax.ingest.watch import SettledFile, Watcher
    from trax.jobs.submit import SubmitOptions

# Seconds before each further try; at once first, for an embedded server that had ended because nobody used it.
DELAYS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
PASSING = (DatabaseUnavailable, DatabaseFull, DatabaseReadOnly, StoreError)
AT_ONCE = 500  # files in one query
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Folders = Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders, with everything below them.")]


def watch(
    folders: Folders,
    settle: Annotated[
        float, typer.Option(min=0, max=86_400, help="Seconds without a change after which a file is finished.")
    ] = 10.0,
    rescan: Annotated[
        float, typer.Option(min=1, max=86_400, help="Seconds between two looks at everything: events can be lost.")
    ] = 300.0,
    once: Annotated[bool, typer.Option("--once", help="Take what is there now, when it is finished, and end.")] = False,
    polling: Annotated[
        bool, typer.Option("--polling", help="Look every 5 s instead of waiting for events: for network shares.")
    ] = False,
    pipeline: Pipeline = None,
    model: Model = None,
    language: Language = None,
    beam_size: BeamSize = None,
    fast: Fast = False,
    prompt: Prompt = None,
    track: Track = None,
    channel: Channel = None,
    channels: Channels = None,
    diarize: Diarize = False,
    speakers: Speakers = None,
    min_speakers: LeastSpeakers = None,
    max_speakers: MostSpeakers = None,
    glossary: Glossary = None,
    max_cost: MaxCost = None,
    priority: Priority = 0,
    queue: Queue = None,
    copy: Annotated[bool, typer.Option("--copy", help="Copy the files into the store.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line for each event.")] = False,
) -> None:
    """Queue a job for each media file that comes into a folder, until SIGTERM or Ctrl-C.

    A file is taken when it has stopped growing. Files that are there at the start are taken, too, but none twice: the
    command may be stopped and started at will. Hidden files and unfinished downloads are left alone. With --once the
    exit code is 1 if a file can't be used.
    """
    report = Report(as_json)
    try:
        from trax.archive import Archive
        from trax.settings import load_settings

        watcher = _watcher(folders, settle, rescan, has_events=not (once or polling))
        with Archive(load_settings(model=model, language=language), say_progress) as archive:
            request = archive.request(
                **speaker_options(pipeline, diarize, speakers, min_speakers, max_speakers),
                **enhance_options(glossary, max_cost),
                **request_options(beam_size, fast, prompt, track, channel, channels),
            )
            options = archive.submit_options(queue=queue, priority=priority)
            intake = Intake(archive, watcher, request, options, report, copy=copy, once=once)
            with _stopped_by_signals(intake):
                report.tell("watching", _greeting(folders, settle), folders=[_text(folder) for folder in folders])
                intake.run()
    except KeyboardInterrupt:  # SIGTERM, too, before there was anything to stop
        if once:
            raise
    if not once:
        report.stopped()
    elif report.refused:
        raise typer.Exit(1)


def _watcher(folders: Sequence[Path], settle: float, rescan: float, *, has_events: bool) -> Watcher:
    from trax.ingest.folder_events import FolderEvents
    from trax.ingest.watch import POLLING, Watcher

    for folder in folders:
        _check(folder)
    if not has_events:
        return Watcher(folders, settle=settle, rescan=min(rescan, POLLING))
    return Watcher(folders, settle=settle, rescan=rescan, wakeups=FolderEvents())


def _check(folder: Path) -> None:
    """Raises: UsageError: there is no such folder now; later it may come and go."""
    name = one_line(str(folder))
    if not folder.exists():
        raise UsageError(f"There is no folder {name}.", "Create it, or mount the share that it is on.")
    if not folder.is_dir():
        raise UsageError(f"{name} is no folder.", "`trax add` takes single files.")


def _greeting(folders: Sequence[Path], settle: float) -> str:
    names = ", ".join(one_line(str(folder)) for folder in folders)
    return f"Watching {names}; a file is taken once it has not changed for {settle:g} s."


@contextmanager
def _stopped_by_signals(intake: Intake) -> Iterator[None]:
    """The first signal ends the intake, and the process if that takes long; the next one ends the process at once.

    A signal is written to a pipe and read by a thread. Python's own handlers wait until the main thread does something,
    and if it is just about to wait for changes, that is minutes later.
    """
    if intake.once:  # which has an end, and no long waits
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    heeded = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup
    before = {number: signal.signal(number, lambda *_: None) for number in heeded}
    pipe_before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_heed, args=(intake, reading), name="trax-stop", daemon=True).start()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(pipe_before)
        os.close(writing)


def _heed(intake: Intake, reading: int) -> None:
    if not os.read(reading, 1):  # the end, without any signal
        return
    intake.stop()
    again, _, _ = select.select([reading], [], [], intake.archive.settings.shutdown_grace)
    if not again:  # a large file is being read: what is in hand is taken by the next start
        intake.report.stopped()
        os._exit(0)
    if number := os.read(reading, 1):
        os._exit(128 + number[0])


@dataclass(slots=True)
class Report:
    """What happens, for people (jobs on standard output, all else beside it) or as JSON lines for programs."""

    as_json: bool
    refused: int = 0
    _told: dict[Path, tuple[SettledFile, str]] = field(default_factory=dict)

    def tell(self, event: str, words: str, *, is_product: bool = False, **facts: Any) -> None:
        if self.as_json:
            typer.echo(json.dumps({"event": event, **facts}, ensure_ascii=False))
        elif is_product:
            typer.echo(words)
        else:
            say(words)

    def added(self, item: Added) -> None:
        submitted = item.submitted
        assert submitted is not None
        name, job_id = one_line(str(item.source)), submitted.job_id
        if job_id is None:
            event, words = "known", f"{'was transcribed before':36}  {name}"
        elif submitted.created:
            event, words = "queued", f"{job_id}  {name}"
        else:
            event, words = "known", f"{job_id}  {name} (was in the queue already)"
        self.tell(
            event,
            words,
            is_product=True,
            path=_text(item.source),
            media_id=str(submitted.media_id),
            job_id=job_id and str(job_id),
            result_id=submitted.result_id and str(submitted.result_id),
        )

    def stopped(self) -> None:
        self.tell("stopped", "trax: stopped watching.")

    def could_not_take(self, file: SettledFile, error: TraxError) -> None:
        """Once for each content of a file, and for each reason."""
        if self._told.get(file.path) != (file, error.message):
            self._told[file.path] = file, error.message
            self.refuse(file.path, error)

    def refuse(self, path: Path, error: TraxError) -> None:
        from trax.cli.delivery import named

        self.refused += 1
        self.tell("refused", f"trax: {named(path, str(error))}", path=_text(path), error=str(error))
        say_cause(error)


@dataclass(slots=True)
class Intake:
    """Brings what a watcher finds into the archive."""

    archive: Archive
    watcher: Watcher
    request: Request
    options: SubmitOptions
    report: Report
    copy: bool
    once: bool
    _stopping: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Take nothing more; for other threads."""
        self._stopping.set()
        self.watcher.stop()

    def run(self) -> None:
        """Until the watcher ends.

        Raises: TraxError: it can't go on; with `once` also where the database stays away.
        """
        from trax.ingest.watch import RefusedFile, SettledFile

        for found in self.watcher.batches(once=self.once):
            for item in found:
                if isinstance(item, RefusedFile):
                    self.report.refuse(item.path, item.error)
                elif not isinstance(item, SettledFile):
                    words = f"trax: {one_line(str(item.folder))}: {item.text}"
                    self.report.tell(f"folder_{item.event}", words, folder=_text(item.folder), message=item.text)
            files = (item for item in found if isinstance(item, SettledFile))
            while (chunk := list(islice(files, AT_ONCE))) and not self._stopping.is_set():
                self._take_patiently(chunk)

    def _take_patiently(self, files: list[SettledFile]) -> None:
        """Take the files, however long the database or the store is away."""
        waiting = {file.path: file for file in files}
        told = False
        delays = chain(DELAYS, () if self.once else repeat(DELAYS[-1]))
        while True:
            try:
                self._take(waiting)
            except PASSING as error:
                delay = next(delays, None)
                if delay is None:
                    raise
                if delay:
                    told = True
                    words = f"trax: {error} {len(waiting)} files wait; next try in {delay:g} s."
                    self.report.tell("waiting", words, files=len(waiting), retry_in=delay, error=str(error))
                if self._stopping.wait(delay):
                    return
                self._wake()
            else:
                if told:
                    self.report.tell("resumed", "trax: that works again.")
                return

    def _take(self, waiting: dict[Path, SettledFile]) -> None:
        """Take what waits, and strike it off.

        Raises: DatabaseError, StoreError.
        """
        known = [] if self.copy else list(self._known(waiting.values()))
        for path in known:
            del waiting[path]
        if known:
            self.report.tell("skipped", f"{len(known)} files are in the archive already.", files=len(known))
        if not waiting:
            return
        sources = [str(path) for path in waiting]
        for item in self.archive.add(sources, self.request, self.options, copy=self.copy):
            file = waiting.pop(item.source, None)
            if item.error is None:
                self.report.added(item)
            elif file is not None:
                self._not_taken(file, item.error)
            if self._stopping.is_set():
                return

    def _known(self, files: Iterable[SettledFile]) -> Iterator[Path]:
        """Files of which the very same was asked before, whatever became of it; none of them is read."""
        from trax.database.known_files import FileState, known_files
        from trax.jobs.requests import request_id
        from trax.media.files import path_text

        files = list(files)
        states = [FileState(path_text(file.path), file.size_bytes, file.mtime_ns) for file in files]
        with self.archive.database.transaction() as session:
            found = known_files(session, states)
        for file, known in zip(files, found, strict=True):
            if known is not None and request_id(known.media_id, self.request) in known.request_ids:
                yield file.path

    def _not_taken(self, file: SettledFile, error: TraxError) -> None:
        has_changed = isinstance(error, MediaChanged | MediaNotFound)
        if has_changed or isinstance(error.__cause__, OSError):  # a share that broke off, say
            self.watcher.give_back(file, soon=has_changed)
        if not has_changed:
            self.report.could_not_take(file, error)

    def _wake(self) -> None:
        try:
            self.archive.database.wake()
        except TraxError as error:  # the next try says so
            say_cause(error)


def _text(path: Path) -> str:
    from trax.media.files import path_text

    return path_text(path)
