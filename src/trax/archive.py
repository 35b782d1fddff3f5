"""The archive as a Python object: what the command line does, for programs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from trax.database import edits, lookup, media, media_views, transcripts
from trax.database.media_views import MediaFilter, MediaSummary
from trax.database.models import MediaFile
from trax.errors import HOPELESS, RecordNotFound, TraxError
from trax.flow import EnhanceOptions, Hook, Purse, Request
from trax.jobs import acquire
from trax.jobs.acquire import Acquirer
from trax.jobs.asking import passes_by, request_from, with_llm
from trax.jobs.batch_work import BatchWork
from trax.jobs.batches import Batches
from trax.jobs.board import Board
from trax.jobs.cleanup import open_tidy
from trax.jobs.concurrency import jobs_at_once
from trax.jobs.downloads import Downloads
from trax.jobs.gather import Found, Gathering, only_item
from trax.jobs.local import LocalWork, Task
from trax.jobs.selection import Selection
from trax.jobs.submit import SubmitOptions, Submitted, submit_media
from trax.jobs.suppliers import Suppliers
from trax.media.channels import Channels
from trax.media.fence import warm_up
from trax.result import Result, result_of
from trax.settings import Settings, load_settings
from trax.stages.engines import engines_for
from trax.timeline import Seconds
from trax.transcription.engines import Engines
from trax.turns import SpeakerCount

if TYPE_CHECKING:
    from trax.editing.merge import Side
    from trax.finding import Finder
    from trax.jobs.describe import Described


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of several sources: a result, or the reason why there is none."""

    source: Path  # the file, or what the media is called
    result: Result | None
    error: TraxError | None = None
    address: str | None = None  # the path or URL that it came from; None for what leads to nothing


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a source that was to be queued."""

    source: Path  # the file, or what the media is called
    submitted: Submitted | None
    error: TraxError | None = None
    address: str | None = None  # the path or URL that it came from; None for what leads to nothing


class Archive:
    """Media files and their transcripts in one PostgreSQL; use it in a `with` block.

    `engines` are models that are loaded already, to be shared by several archives.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        announce: Callable[[str], None] = lambda _: None,
        engines: Engines | None = None,
    ) -> None:
        self.settings = settings or load_settings()
        self._announce = announce
        self._engines = engines
        self.database = open_tidy(self.settings, announce)
        self.suppliers = Suppliers(self.settings)
        self.board = Board(self.database)
        self.batches = Batches(self.database, self.suppliers)

    def transcribe(
        self, source: str | Path, *, hook: Hook | None = None, force: bool = False, **options: Any
    ) -> Result:
        """The stored transcript of one file, video or episode; `options` are fields of `Request`, such as model or
        language, and beam_size, prompt, track, channel, channels, start, end, speakers (a number), glossary, max_cost.

        Raises: TraxError: what went wrong, and what to do about it.
        """
        request = self.request(**options)
        gathering = Gathering(self.database, self.suppliers)
        found = Found(str(source), only_item(gathering, str(source)))
        with self._local_work(hook) as work:
            (task,) = work.feed(self._acquirer(hook), [found], request, self.submit_options(force=force))
            return self._result_of(work, task)

    def transcribe_all(
        self,
        sources: Sequence[str],
        *,
        hook: Hook | None = None,
        force: bool = False,
        selection: Selection = Selection(),
        **options: Any,
    ) -> Iterator[Outcome]:
        """Outcomes in order, one as soon as its file is done; a source that fails doesn't hold up the others.

        Raises: UsageError, UnknownModel: at once, for a request that can't be met whatever the file.
        """
        request = self.request(**options)
        warm_up()  # the decoder starts while the first file is hashed and the model is loaded
        return self._outcomes(self._gather(sources, selection, hook), request, hook, force)

    def _outcomes(self, found: Iterator[Found], request: Request, hook: Hook | None, force: bool) -> Iterator[Outcome]:
        with self._local_work(hook) as work:
            for task in work.feed(self._acquirer(hook), found, request, self.submit_options(force=force)):
                yield self._outcome_of(work, task)

    def diarize(
        self,
        ids: Sequence[str],
        *,
        speakers: int | SpeakerCount | None = None,
        version: int | None = None,
        hook: Hook | None = None,
        force: bool = False,
    ) -> Generator[Outcome, None, None]:
        """Tell the speakers of stored transcripts apart: outcomes in order, each a child of the one that is meant.

        ids: of media files, whose newest transcript is meant unless a version is named, or of results.

        Raises: UsageError: a number of speakers that can't be. ModelUnavailable, DatabaseError, ...: none can be done.
        """
        count = SpeakerCount(exact=speakers) if isinstance(speakers, int) else speakers or SpeakerCount()
        request = Request(pipeline="diarize", speakers=count)
        return self._built_on(ids, version, request, hook, force)

    def enhance(
        self,
        ids: Sequence[str],
        *,
        glossary: Sequence[str] = (),
        max_cost: float | None = None,
        version: int | None = None,
        hook: Hook | None = None,
        force: bool = False,
    ) -> Generator[Outcome, None, None]:
        """Have a language model correct stored transcripts, as far as the sound agrees: outcomes as of `diarize`.

        max_cost: US dollars, for all of them together.

        Raises: UsageError: a glossary or a limit that can't be. LlmNotSetUp, DatabaseError, ...: none can be done.
        """
        purse = None if max_cost is None else Purse(max_cost)
        request = Request(pipeline="enhance", enhance=EnhanceOptions(glossary=tuple(glossary)), purse=purse)
        return self._built_on(ids, version, with_llm(request, self.settings), hook, force)

    def passes(
        self,
        ids: Sequence[str],
        *,
        second_model: str | None = None,
        glossary: Sequence[str] = (),
        version: int | None = None,
        hook: Hook | None = None,
        force: bool = False,
    ) -> Generator[Outcome, None, None]:
        """Hear again what is doubtful in stored transcripts: outcomes as of `diarize`.

        second_model: a name, of a model that hears it, too. glossary: names and terms that may have been misheard.

        Raises: UnknownModel, UsageError. ModelUnavailable, DatabaseError, ...: none can be done.
        """
        request = Request(pipeline="passes", passes=passes_by(second_model, glossary))
        return self._built_on(ids, version, request, hook, force)

    def revert_edit(self, id: str, edit_id: str) -> Result:
        """A new version of a corrected transcript without that one edit.

        Raises: RecordNotFound, UsageError: no corrected transcript, or no such edit in force.
        """
        from trax.jobs.revert import revert_edit

        result_id = revert_edit(self.database, id, edit_id)
        return self.result(str(result_id))

    def edit(
        self, id: str, document: str = "", *, replacing: Sequence[tuple[str, str]] = (), checked: bool | None = None
    ) -> Result:
        """A new version with what a person has corrected; the one that was meant, `existed`, where nothing differs.

        document: as `trax edit --print` writes it. replacing: texts and what is right, instead. checked: somebody has
        read all of it, so that others are measured by it; None: so it is with a document.

        Raises: RecordNotFound, UsageError: the document can't be read, or a text isn't there.
        """
        from trax.jobs.edits import Wanted, edit

        wanted = Wanted("replace" if replacing else "file", document, tuple(replacing), checked)
        edited = edit(self.database, id, wanted)
        return self._made(edited.result_id, edited.parent_id)

    def rebase(self, id: str, onto: str | None = None, *, take: Side = "edit") -> Result:
        """A new version of a machine's with the corrections of another; that one, `existed`, if nothing is to be done.

        Raises: RecordNotFound, UsageError: no corrections, or versions that don't belong together.
        """
        from trax.jobs.rebase import rebase

        rebased = rebase(self.database, id, onto, take)
        return self._made(rebased.result_id, (rebased.onto or rebased.edit).id)

    def _made(self, result_id: UUID | None, otherwise: UUID) -> Result:
        return replace(self.result(str(result_id or otherwise)), existed=result_id is None)

    def _built_on(
        self, ids: Sequence[str], version: int | None, request: Request, hook: Hook | None, force: bool
    ) -> Generator[Outcome, None, None]:
        """What becomes of transcripts that a stage builds on: one after the other, while the next ones are at work."""
        options = self.submit_options(force=force)
        with self._local_work(hook) as work:
            for task in [work.submit_on(id, version, request, options) for id in ids]:
                yield self._outcome_of(work, task)

    def add(
        self,
        sources: Sequence[str],
        request: Request,
        options: SubmitOptions,
        *,
        selection: Selection = Selection(),
        copy: bool = False,
        hook: Hook | None = None,
    ) -> Iterator[Added]:
        """Fetch, register and queue all media of the sources; a source that fails doesn't hold up the others.

        `copy`: files of this machine are copied into the store.
        """

        def queued(outcome: acquire.Outcome) -> Added:
            if outcome.acquired is None:
                return Added(outcome.name, None, outcome.error, outcome.address)
            with self.database.transaction() as session:
                submitted = submit_media(session, outcome.acquired.media_id, request, options)
            return Added(outcome.name, submitted, address=outcome.address)

        acquirer = self._acquirer(hook, copy=copy)
        with closing(acquirer.each_then(self._gather(sources, selection, hook), queued)) as added:
            yield from added

    def describe(
        self, sources: Sequence[str], *, selection: Selection = Selection(), hook: Hook | None = None
    ) -> Iterator[Described]:
        """Store what YouTube's pages say of the videos among the sources, and fetch no sound."""
        from trax.jobs.describe import describe

        for found in self._gather(sources, selection, hook):
            yield describe(self.database, self.suppliers, found)

    def batch_work(self, concurrency: int | None = None) -> BatchWork:
        """A worker of this process for one batch, with so many files at a time (None: as the settings say)."""
        return BatchWork(self.database, self.settings, self._models(), concurrency or jobs_at_once(self.settings))

    def media(self, wanted: MediaFilter = MediaFilter(), *, limit: int | None = None) -> Sequence[MediaSummary]:
        """Media files that are `wanted`, in its order: all of them, newest first, unless it says otherwise."""
        with self.database.transaction() as session:
            return media_views.listing(session, wanted, limit)

    def media_file(self, media_id: str) -> MediaFile:
        """The media file with that ID, which may be shortened."""
        with self.database.transaction() as session:
            return lookup.media(session, media_id)

    def result(self, id: str, version: int | None = None) -> Result:
        """A stored transcript: of a media file the newest or the given version, or the one with that result ID.

        Raises: RecordNotFound, UsageError: no such ID, or not a unique one.
        """
        with self.database.transaction() as session:
            file, found = lookup.media_or_result(session, id)
            if found is None or (version is not None and found.version != version):
                found = transcripts.of_media(session, file.id, version)
            return replace(result_of(session, found, file), lacks=edits.lacking(session, found))

    @property
    def finder(self) -> Finder:
        """Searches this archive: `archive.finder.find("words")`."""
        from trax.finding import Finder, embedder_of

        return Finder(self.database, lambda: embedder_of(self.settings, self._announce))

    def versions(self, id: str) -> list[Result]:
        """All versions of a media file's transcript, oldest first."""
        with self.database.transaction() as session:
            file, _ = lookup.media_or_result(session, id)
            return [result_of(session, found, file) for found in transcripts.versions(session, file.id)]

    def close(self) -> None:
        """Give the connections back; the embedded server goes on for a while, for the next one."""
        self.database.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(self, **options: Any) -> Request:
        """What is asked for by these options and, where they are silent, by the settings.

        Raises: UsageError, UnknownModel: it can't be met whatever the file.
        """
        return request_from(options, self.settings, self._models())

    def _gather(self, sources: Sequence[str], selection: Selection, hook: Hook | None) -> Iterator[Found]:
        return Gathering(self.database, self.suppliers, selection, (hook or Hook()).notice).each(sources)

    def _acquirer(self, hook: Hook | None, *, copy: bool = False) -> Acquirer:
        return Acquirer(self.database, self.suppliers, Downloads(hook or Hook()), copy=copy)

    def _local_work(self, hook: Hook | None) -> LocalWork:
        concurrency = jobs_at_once(self.settings)
        return LocalWork(self.database, self.settings, self._models(), hook or Hook(), concurrency=concurrency)

    def submit_options(self, *, queue: str | None = None, priority: int = 0, force: bool = False) -> SubmitOptions:
        """How jobs are queued; what is not given comes from the settings."""
        settings = self.settings
        return SubmitOptions(
            queue=queue or settings.queue, priority=priority, max_retries=settings.max_retries, force=force
        )

    def _outcome_of(self, work: LocalWork, task: Task) -> Outcome:
        try:
            return Outcome(task.path, self._result_of(work, task), address=task.address)
        except TraxError as error:
            if isinstance(error, HOPELESS) and not isinstance(error, RecordNotFound):
                raise
            return Outcome(task.path, None, error, task.address)

    def _result_of(self, work: LocalWork, task: Task) -> Result:
        finished = work.wait(task)
        with self.database.transaction() as session:
            file = media.get(session, finished.result.media_file_id)
            made = result_of(session, finished.result, file)
            return replace(made, existed=finished.existed, lacks=edits.lacking(session, finished.result))

    def _models(self) -> Engines:
        if self._engines is None:
            self._engines = engines_for(self.settings, self._announce)
        return self._engines


def transcribe(
    source: str | Path,
    *,
    model: str | None = None,
    language: str | None = None,
    pipeline: str | None = None,
    speakers: int | SpeakerCount | None = None,
    device: str | None = None,
    compute_type: str | None = None,
    beam_size: int | None = None,
    prompt: str | None = None,
    track: int | None = None,
    channel: int | None = None,
    channels: Channels | None = None,
    start: Seconds | None = None,
    end: Seconds | None = None,
    force: bool = False,
    settings: Settings | None = None,
) -> Result:
    """The stored transcript of one local file: `trax.transcribe("talk.mp3", model="tiny.en")`.

    What is None comes from `settings`, which are those of the environment unless given. Pipeline "v4" tells speakers
    apart, and so does a number of `speakers`.
    """
    settings = settings or load_settings()
    engine = {"device": device, "compute_type": compute_type}
    settings = settings.model_copy(update={name: value for name, value in engine.items() if value is not None})
    with Archive(settings) as archive:
        return archive.transcribe(
            source,
            force=force,
            model=model,
            language=language,
            pipeline=pipeline,
            speakers=speakers,
            beam_size=beam_size,
            prompt=prompt,
            track=track,
            channel=channel,
            channels=channels,
            start=start,
            end=end,
        )
