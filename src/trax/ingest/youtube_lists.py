"""The videos of a playlist or a channel, fetched page by page as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from trax.errors import SourceUnavailable
from trax.ingest.sources import VideoList
from trax.ingest.yt_dlp_errors import Subject, one_line
from trax.ingest.yt_dlp_session import YOUTUBE, AudioOptions, Session
from trax.timeline import Seconds

EXTRACTORS: Final = ("youtube:tab", "youtube:playlist")
MOST_REDIRECTS: Final = 3

# Of entries that can't be fetched, what yt-dlp says of them and what we say.
_LIVE: Final = {"is_live": "it is live", "is_upcoming": "it hasn't begun", "post_live": "its recording isn't ready yet"}
_CLOSED: Final = {"premium_only": "it is for money", "subscriber_only": "it is for members of its channel"}
_TITLES: Final = {"[Private video]": "it is private", "[Deleted video]": "it has been removed"}


@dataclass(frozen=True, slots=True)
class ListedVideo:
    """A video as its list has it."""

    youtube_id: str
    title: str | None
    duration: Seconds | None


def expand(
    video_list: VideoList,
    options: AudioOptions,
    *,
    limit: int | None = None,
    notice: Callable[[str], None] = lambda _: None,
) -> Iterator[ListedVideo]:
    """The list's videos in its order, each once; those that can't be had are left out, and `notice` hears why.

    Only as many pages of the list are fetched as the caller takes videos.

    Raises: ToolMissing, SourceError: the list can't be read, or holds nothing.
    """
    return islice(_videos(video_list, options, notice), limit)


def _videos(video_list: VideoList, options: AudioOptions, notice: Callable[[str], None]) -> Iterator[ListedVideo]:
    subject = Subject(video_list.kind, one_line(video_list.key))
    seen: set[str] = set()
    with Session(options, subject, EXTRACTORS, extract_flat=True) as session:
        for entry in _entries(session, YOUTUBE + video_list.path):
            youtube_id = entry.get("id")
            if entry.get("ie_key") != "Youtube" or not youtube_id or youtube_id in seen:
                continue  # a list or a channel that stands in the list
            seen.add(youtube_id)
            reason = _reason_against(entry, options)
            if reason is None:
                yield ListedVideo(youtube_id, entry.get("title"), entry.get("duration"))
            else:
                notice(f"The video {youtube_id} is left out: {reason}.")
    if not seen:
        raise SourceUnavailable(f"{subject} has no videos.", "Check the address in a browser.")


def _entries(session: Session, address: str) -> Iterator[Mapping[str, Any]]:
    """The entries of a list as they come; YouTube may lead from one address to another first."""
    for _ in range(MOST_REDIRECTS):
        found = session.extract(address, process=False)
        if found.get("_type") not in ("url", "url_transparent"):
            break
        address = found["url"]
    entries = iter(found.get("entries") or ())
    while True:
        try:
            entry = next(entries)
        except StopIteration:
            return
        except Exception as error:
            session.give_up(error)
        if entry:
            yield entry


def _reason_against(entry: Mapping[str, Any], options: AudioOptions) -> str | None:
    """Why a video isn't worth asking for."""
    if (status := entry.get("live_status")) in _LIVE:
        return _LIVE[status]
    if (title := entry.get("title")) in _TITLES:
        return _TITLES[title]
    availability = entry.get("availability")
    if availability == "private":
        return _TITLES["[Private video]"]
    return _CLOSED.get(availability or "") if options.cookies is None else None
