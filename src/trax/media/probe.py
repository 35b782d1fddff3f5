"""What a media file says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trax.errors import UnreadableMedia
from trax.media.fence import Child, fenced, request_for
from trax.media.json_values import parse_object
from trax.media.wire import Kind, Limits
from trax.timeline import Seconds


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A media file by its container; `duration` is what that claims, which the decoded length may belie.

    `file_metadata`: format, codec, bitrate (bit/s), sample_rate (Hz), channels, ffmpeg_info: all jsonb accepts.
    """

    mime_type: str
    duration: Seconds | None
    file_metadata: dict[str, Any]


def probe(path: Path, *, track: int | None = None, limits: Limits | None = None) -> MediaInfo:
    """What the container says, read in a fenced child.

    Raises: MediaNotFound, UnreadableMedia, NoAudio; UsageError for a track that isn't there.
    """
    request = request_for(path, decode=False, limits=limits or Limits(), track=track, channel=None, max_duration=0.0)
    with fenced(path, request) as child:
        return receive_info(child)


def receive_info(child: Child) -> MediaInfo:
    """The child's first message."""
    kind, body = child.receive()
    try:
        said = parse_object(body)
        if kind is Kind.INFO:
            duration = said["duration"]
            return MediaInfo(
                mime_type=str(said["mime_type"])[:100],
                duration=None if duration is None else float(duration),
                file_metadata=dict(said["file_metadata"]),
            )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableMedia("The file can't be read: the decoder gave no answer.", "Get a fresh copy.") from error
    raise UnreadableMedia("The file can't be read: the decoder gave no answer.", "Get a fresh copy.")
