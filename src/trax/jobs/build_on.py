"""A stage on a transcript that is there: from the ID of a result to a job, or to what it has led to before.

The job names the pipeline, which is that one stage, and its parent; its request is the parent's with the options of the
stage. So the same sound is heard, and what the stage makes says everything that shaped it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from trax.database import lineage, lookup, transcripts
from trax.database.engine import Transaction
from trax.errors import MediaNotFound
from trax.flow import Request
from trax.jobs.answers import as_made, asked_of_parent
from trax.jobs.submit import SubmitOptions, Submitted, submit_media
from trax.pipeline import stages_of


@dataclass(frozen=True, slots=True)
class Ground:
    """A transcript that a stage is to build on."""

    media_id: UUID
    result_id: UUID
    name: Path  # what the media is called
    request: Request  # to the stage


def ground_of(session: Transaction, id: str, version: int | None, request: Request) -> Ground:
    """The transcript that is meant by the ID of a media file or a result, and what is asked of the stage with it.

    The stage is the pipeline of `request`, and its options are there, too; all else comes from the transcript. Where
    the stage has made that very result, what it was made from is meant.

    Raises: RecordNotFound, UsageError. MediaNotFound: there is a transcript, and no recording.
    """
    media, result = lookup.media_or_result(session, id)
    if result is None or (version is not None and result.version != version):
        result = transcripts.of_media(session, media.id, version)
    if media.local_path is None:
        raise MediaNotFound(f"There is no recording of {media.filename} here.", "Add it with `trax add` first.")
    stage = stages_of(request.pipeline)[0]
    base = lineage.base_of(session, result, stage.makes)
    stage.check_parent(as_made(base))
    return Ground(media.id, base.id, Path(media.filename), asked_of_parent(base, request))


def submit_on(session: Transaction, ground: Ground, options: SubmitOptions) -> Submitted:
    """Queue the stage, unless it has made the same of that transcript before or is queued to do so."""
    return submit_media(session, ground.media_id, ground.request, options, parent_id=ground.result_id)
