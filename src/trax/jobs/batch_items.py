"""What a batch keeps of an item, so that it is the same when it is fetched later, or from another folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from trax.database.batch_steps import NewItem
from trax.errors import MediaNotFound, UnknownSource
from trax.ingest.locator import locate
from trax.ingest.sources import Episode, ListFile, LocalPath
from trax.jobs.gather import Found
from trax.jobs.origins import address_of
from trax.jobs.selection import Selection
from trax.media.files import path_text

EPISODE: TypeAdapter[Episode] = TypeAdapter(Episode)


def new_item(found: Found) -> NewItem:
    """What was found, for a row; of what failed, the source by which it can be tried again."""
    if found.item is None:
        return NewItem(whole(found.source), str(found.error))
    details = EPISODE.dump_python(found.item, mode="json") if isinstance(found.item, Episode) else None
    return NewItem(address_of(found.item), details=details)


def episode_of(details: dict[str, Any]) -> Episode:
    """The episode that `new_item` has kept."""
    return EPISODE.validate_python(details)


def whole(source: str) -> str:
    """The source as it means the same in another folder: what is no path here stays as it was named."""
    if not source.strip() or "://" in source:
        return source
    try:
        located = locate(source)
    except MediaNotFound:
        path = Path(source)  # to which something may come yet
    except UnknownSource:
        return source
    else:
        if not isinstance(located, LocalPath | ListFile):
            return source
        path = Path(located.text) if isinstance(located, LocalPath) else located.path
    try:
        return path_text(path.expanduser().absolute())
    except RuntimeError:  # no such user
        return source


def selection_as_json(selection: Selection) -> dict[str, Any]:
    """For the batch's config: nothing where all is wanted."""
    if selection == Selection():
        return {}
    since = None if selection.since is None else selection.since.isoformat()
    return {"selection": {"since": since, "limit": selection.limit}}


def selection_of(config: dict[str, Any]) -> Selection:
    """The selection in a batch's config."""
    kept = config.get("selection", {})
    since = kept.get("since")
    return Selection(None if since is None else date.fromisoformat(since), kept.get("limit"))
