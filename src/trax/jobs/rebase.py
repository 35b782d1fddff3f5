"""A person's corrections of one version, carried over to a newer one that a machine has made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from trax.database import derived, documents, lookup, media, speakers
from trax.database.edits import EDIT, Tree, Version, facts_of
from trax.database.engine import Database, Transaction
from trax.database.models import MediaFile, TranscriptionResult
from trax.editing.merge import Conflict, Merged, Side, merged
from trax.errors import UsageError
from trax.jobs.edits import new_result
from trax.transcript import Transcript

LIST = "`trax versions` lists what there is."


@dataclass(frozen=True, slots=True)
class Rebased:
    """What became of it, as it is shown, with the names of speakers."""

    media_id: UUID
    title: str
    edit: Version
    onto: Version | None
    nothing: str | None = None  # why there is nothing to do
    before: Transcript | None = None  # the version that the corrections are carried over to
    merged: Merged | None = None
    result_id: UUID | None = None  # None: nothing was to be done, or to be stored


@dataclass(frozen=True, slots=True)
class _Plan:
    """The three versions."""

    base: Version
    edit: Version
    onto: Version


def rebase(
    database: Database, id: str, onto: str | None = None, take: Side = "edit", *, dry_run: bool = False
) -> Rebased:
    """Store a version with the corrections of another: of a media file the newest ones, in the newest of a machine.

    take: who has its way where both changed the same words.

    Raises: RecordNotFound, UsageError: no corrections, or versions that are not of the same sound.
    """
    with database.transaction() as session:
        file, found = lookup.media_or_result(session, id)
        media.lock(session, file.id)
        tree = Tree(session, file.id)
        edit = _edit(tree, file, found)
        target = _onto(session, tree, file, edit, onto)
        rebased = Rebased(file.id, file.filename, edit, target)
        if target is None:
            return replace(rebased, nothing="There is no other version to carry the corrections over to.")
        base = tree.before_edits(edit)
        if (why := _nothing(session, tree, base, edit, target, take)) is not None:
            return replace(rebased, nothing=why)
        if base is None:
            raise UsageError(f"What version {edit.version} was made from is no longer there.", LIST)
        return _carried_over(session, rebased, _Plan(base, edit, target), take, dry_run=dry_run)


def conflicts_of(content: Mapping[str, Any]) -> tuple[Conflict, ...]:
    """The conflicts of a stored version to which corrections were carried over.

    Raises: UsageError: it is none.
    """
    facts = content.get("edited")
    if not isinstance(facts, dict) or facts.get("how") != "rebase":
        raise UsageError("No corrections were carried over to this version.", LIST)
    return tuple(Conflict(**conflict) for conflict in facts.get("conflicts") or ())


def _edit(tree: Tree, file: MediaFile, found: TranscriptionResult | None) -> Version:
    if found is not None and found.pipeline_version != EDIT:
        raise UsageError(
            f"Nobody has corrected version {found.version} by hand.",
            f"`trax rebase {file.id} --onto {found.id}` carries the newest corrections over to it.",
        )
    edit = tree.newest_edit() if found is None else tree.versions[found.id]
    if edit is None:
        raise UsageError(f"Nobody has corrected {file.filename} by hand.", "`trax edit` does that.")
    return edit


def _onto(session: Transaction, tree: Tree, file: MediaFile, edit: Version, onto: str | None) -> Version | None:
    if onto is None:
        return tree.newest_of_machines(edit)
    other, found = lookup.media_or_result(session, onto)
    if other.id != file.id:
        raise UsageError(f"{onto} is a transcript of {other.filename}.", f"Name one of {file.filename} with --onto.")
    if found is None:
        raise UsageError(f"{onto} is a media file.", "Name one of its transcripts with --onto.")
    target = tree.versions[found.id]
    if not target.is_of_same_part(edit):
        raise UsageError(
            f"Version {edit.version} and version {target.version} are not of the same part of the recording.",
            "Name a version of the same part with --onto.",
        )
    return target


def _nothing(
    session: Transaction, tree: Tree, base: Version | None, edit: Version, onto: Version, take: Side
) -> str | None:
    """Why there is nothing to be done."""
    if edit.id in {one.id for one in tree.ancestry(onto.id)}:
        return f"Version {onto.version} has the corrections of version {edit.version}."
    on_the_way = list(tree.ancestry(edit.id))
    upwards = [one.id for one in on_the_way]
    if onto.id in upwards and (base is None or upwards.index(onto.id) <= upwards.index(base.id)):
        return f"Version {edit.version} was made from version {onto.version}: its corrections are of that one."
    for one in tree.versions.values():
        if one.is_edit and one.parent_id == onto.id:
            facts = facts_of(session.get_one(TranscriptionResult, one.id))
            if (facts.get("edit"), facts.get("take")) == (str(edit.id), take):
                return (
                    f"Version {one.version} has the corrections of version {edit.version} and the words of version "
                    f"{onto.version}."
                )
    return None


def _carried_over(session: Transaction, rebased: Rebased, plan: _Plan, take: Side, *, dry_run: bool) -> Rebased:
    base, edit, onto = (session.get_one(TranscriptionResult, one.id) for one in (plan.base, plan.edit, plan.onto))
    machine = documents.transcript_of(onto)
    if not machine.text.strip():
        raise UsageError(f"Version {onto.version} has no text with times.", "Name another version with --onto.")
    made = merged(documents.transcript_of(base), documents.transcript_of(edit), machine, take)
    rebased = replace(rebased, before=speakers.spoken(session, onto).transcript, merged=made)
    if dry_run:
        return rebased
    facts = {
        "from": str(onto.id),
        "how": "rebase",
        "edit": str(edit.id),
        "base": str(base.id),
        "take": take,
        "changes": made.edits,
        "known": made.known,
        "conflicts": [asdict(conflict) for conflict in made.conflicts],
        "checked": False,
    }
    asked = {"pipeline": "rebase", "parent": str(onto.id), "edit": str(edit.id)}
    stored = derived.store(session, new_result(onto, made.transcript, facts), asked=asked)
    return replace(rebased, result_id=stored.id)
