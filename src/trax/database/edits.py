"""Queries about versions that a person has corrected, and about which versions lack these corrections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from trax.database.models import TranscriptionResult
from trax.database.transcripts import IMPORT

EDIT = "edit"  # the pipeline version


@dataclass(frozen=True, slots=True)
class Version:
    """A result in the tree of its media's versions."""

    id: UUID
    parent_id: UUID | None
    pipeline_version: str
    version: int
    start: float | None  # of the part that it is of; both None: the whole
    end: float | None

    @property
    def is_edit(self) -> bool:
        return self.pipeline_version == EDIT

    def is_of_same_part(self, other: Version) -> bool:
        return ((self.start or 0.0), self.end) == ((other.start or 0.0), other.end)


class Tree:
    """The versions of a media file, by who was made from whom."""

    def __init__(self, session: Session, media_id: UUID) -> None:
        result = TranscriptionResult
        decode = result.model_config["request"]["decode"]
        columns: Any = (result.id, result.parent_result_id, result.pipeline_version, result.version)
        statement = select(*columns, decode["start"].astext, decode["end"].astext)
        found = session.execute(statement.where(result.media_file_id == media_id).order_by(result.version))
        read = (Version(row[0], row[1], row[2], row[3], _seconds(row[4]), _seconds(row[5])) for row in found)
        self.versions: dict[UUID, Version] = {version.id: version for version in read}

    def ancestry(self, result_id: UUID) -> Iterator[Version]:
        """That version, what it was made from, and so on."""
        version = self.versions.get(result_id)
        while version is not None:
            yield version
            version = None if version.parent_id is None else self.versions.get(version.parent_id)

    def newest_edit(self) -> Version | None:
        """The newest version that a person has corrected."""
        return max((one for one in self.versions.values() if one.is_edit), key=lambda one: one.version, default=None)

    def before_edits(self, edit: Version) -> Version | None:
        """What a person corrected first of all on the way to that version; None: it is gone."""
        first = next(one for one in reversed(list(self.ancestry(edit.id))) if one.is_edit)
        return None if first.parent_id is None else self.versions.get(first.parent_id)

    def newest_of_machines(self, like: Version) -> Version | None:
        """The newest version of the same sound that no person has corrected; others' where there is none of ours."""
        made = [one for one in self.versions.values() if not one.is_edit and one.is_of_same_part(like)]
        return max(made, key=lambda one: (one.pipeline_version != IMPORT, one.version), default=None)

    def lacks(self, result_id: UUID) -> Version | None:
        """The newest correction of the same sound that is older than that version and has not come into it.

        None, too, where that one has been corrected itself.
        """
        version = self.versions[result_id]
        is_corrected = any(one.is_edit and one.parent_id == result_id for one in self.versions.values())
        if version.is_edit or is_corrected or version.pipeline_version == IMPORT:
            return None
        made_from = {one.id for one in self.ancestry(result_id)}
        edits = [
            one
            for one in self.versions.values()
            if one.is_edit and one.version < version.version and one.is_of_same_part(version)
        ]
        newest = max(edits, key=lambda one: one.version, default=None)
        return None if newest is None or newest.id in made_from else newest


def facts_of(result: TranscriptionResult) -> dict[str, Any]:
    """What a corrected result says of its corrections; nothing, if others have stored it."""
    facts = result.content.get("edited")
    return facts if isinstance(facts, dict) else {}


def is_checked() -> ColumnElement[bool]:
    """Whether a corrected result has been read as a whole by the person: so it is where nothing else is said."""
    return func.coalesce(TranscriptionResult.content["edited"]["checked"].astext, "true") != "false"


def lacking(session: Session, result: TranscriptionResult) -> int | None:
    """The version whose corrections by hand that result should have and lacks."""
    any_edit = select(TranscriptionResult.id).where(
        TranscriptionResult.media_file_id == result.media_file_id, TranscriptionResult.pipeline_version == EDIT
    )
    if session.scalars(any_edit.limit(1)).first() is None:
        return None
    found = Tree(session, result.media_file_id).lacks(result.id)
    return None if found is None else found.version


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:  # whoever has written the document wrote something else
        return None
