"""Inside the fence: opening a container and saying what it says of itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, Final

import av
import av.error
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.container import InputContainer
from av.stream import Disposition, Stream

from trax.errors import NoAudio, UnreadableMedia, UsageError
from trax.media.endings import Ending
from trax.media.formats import DEMUXER_BY_SUFFIX, DEMUXERS, mime_type
from trax.media.magic import HEAD_BYTES, recognise
from trax.media.wire import Request
from trax.timeline import Seconds

DAMAGED: Final = "If other programs play it, convert it with them first; otherwise get a fresh copy."
SAMPLE_RATES: Final = range(1_000, 768_001)  # Hz
CHANNELS: Final = range(1, 65)
MICROSECONDS: Final = 1_000_000
_LONGEST: Final = 1e8  # seconds; a container that declares more declares nonsense
_PROBE_BYTES: Final = 8 << 20  # a cover image of megabytes may stand before the sound


@contextmanager
def open_container(descriptor: int, request: Request) -> Iterator[InputContainer]:
    """The media file behind the descriptor, opened by content; a suffix helps only where the content is mute.

    Raises: UnreadableMedia.
    """
    try:
        container = _open(descriptor, None)
    except av.error.FFmpegError as error:
        demuxer = DEMUXER_BY_SUFFIX.get(request.suffix)
        head = os.pread(descriptor, HEAD_BYTES, 0)
        if demuxer is None or _is_something_else(head):
            raise _unreadable(request, head, error) from error
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            container = _open(descriptor, demuxer)
        except av.error.FFmpegError as second:
            raise _unreadable(request, head, second) from second
    with container:
        yield container


def audio_stream(container: InputContainer, request: Request) -> AudioStream:
    """The track asked for; else the one marked as default, else the first.

    Raises: NoAudio, UnreadableMedia, UsageError.
    """
    tracks = container.streams.audio
    if not tracks:
        if len(container.streams) == 0:
            raise UnreadableMedia(f"{request.name} is damaged or cut short: it has no tracks.", DAMAGED)
        raise NoAudio(f"{request.name} has no sound: {_track_words(container)}.", "Give a file with an audio track.")
    if request.track is None:
        stream = next((s for s in tracks if s.disposition & Disposition.default), tracks[0])
    elif 0 <= request.track < len(tracks):
        stream = tracks[request.track]
    else:
        raise _no_such("audio track", request.track, len(tracks), request)
    _check_stream(stream, request)
    return stream


def describe(container: InputContainer, stream: AudioStream, descriptor: int, ending: Ending) -> dict[str, Any]:
    """`mime_type`, `duration` and `file_metadata` as MediaInfo has them, not yet cleaned."""
    has_video = any(_is_video(other) for other in container.streams)
    duration = declared_duration(container, stream, ending)
    context = stream.codec_context
    return {
        "mime_type": mime_type(container.format.name, has_video, os.pread(descriptor, 64, 0)),
        "duration": duration,
        "file_metadata": {
            "format": container.format.name,
            "codec": codec_name(stream),
            "bitrate": _bitrate(container, stream, duration),
            "sample_rate": context.sample_rate,
            "channels": context.channels,
            "ffmpeg_info": _ffmpeg_info(container, stream, duration, has_video),
        },
    }


def declared_duration(container: InputContainer, stream: AudioStream, ending: Ending) -> Seconds | None:
    """The length that the container claims, else that the track claims."""
    seconds = ending.declared
    if seconds is None:
        seconds = container.duration / MICROSECONDS if container.duration else track_duration(stream)
    return seconds if seconds is not None and 0 < seconds < _LONGEST else None


def track_duration(stream: AudioStream) -> Seconds | None:
    return _seconds(stream.duration, stream.time_base)


def track_start(stream: AudioStream) -> Seconds | None:
    """Where the track begins on the container's clock."""
    return _seconds(stream.start_time, stream.time_base)


def start_time(container: InputContainer) -> Seconds | None:
    """Where the media's time axis begins on the container's clock."""
    return _seconds(container.start_time, Fraction(1, MICROSECONDS))


def is_only_audio(container: InputContainer) -> bool:
    return len(container.streams.audio) == 1 and not any(_is_video(stream) for stream in container.streams)


def codec_name(stream: Stream) -> str | None:
    """The codec's name, whichever decoder stands for it ("mp3", not "mp3float")."""
    context = _context(stream)
    return None if context is None else str(context.codec.canonical_name)


def codec_tag(stream: Stream) -> str:
    context = _context(stream)
    return "" if context is None else str(context.codec_tag)


def _seconds(ticks: int | None, base: Fraction | None) -> Seconds | None:
    return None if ticks is None or base is None else float(ticks * base)


def _context(stream: Stream) -> CodecContext | None:
    return stream.codec_context  # None without a decoder, whatever the annotation says


def _open(descriptor: int, demuxer: str | None) -> InputContainer:
    options = {
        "fd": str(descriptor),
        "protocol_whitelist": "fd",  # nothing can be opened by name, whatever the file asks for
        "format_whitelist": ",".join(DEMUXERS),
        "formatprobesize": str(_PROBE_BYTES),
    }
    return av.open("fd:", "r", format=demuxer, options=options, metadata_errors="replace")


def _is_something_else(head: bytes) -> bool:
    content = recognise(head)
    return content is not None and not content.media


def _unreadable(request: Request, head: bytes, error: av.error.FFmpegError) -> UnreadableMedia:
    content = recognise(head)
    if content is None:
        return UnreadableMedia(f"{request.name} is no media file that Trax knows.", "Give an audio or video file.")
    if content.media:
        return UnreadableMedia(
            f"{request.name} looks like {content.words} file but is damaged or cut short ({error.strerror}).", DAMAGED
        )
    return UnreadableMedia(f"{request.name} is {content.words}, not media.", "Give an audio or video file.")


def _check_stream(stream: AudioStream, request: Request) -> None:
    context = _context(stream)
    if context is None:
        raise UnreadableMedia(f"{request.name} uses an audio codec that Trax has no decoder for.", DAMAGED)
    rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
    if rate not in SAMPLE_RATES or channels not in CHANNELS:
        raise UnreadableMedia(f"{request.name} is damaged: it claims {channels} channels at {rate} Hz.", DAMAGED)
    if request.channel is not None and not 0 <= request.channel < channels:
        raise _no_such("channel", request.channel, channels, request)


def _no_such(thing: str, wanted: int, count: int, request: Request) -> UsageError:
    if count == 1:
        return UsageError(
            f"There is no {thing} {wanted}: {request.name} has one {thing}, number 0.", "Name 0, or none at all."
        )
    return UsageError(
        f"There is no {thing} {wanted}: {request.name} has {count} {thing}s.", f"Choose one of 0 to {count - 1}."
    )


def _track_words(container: InputContainer) -> str:
    kinds = sorted({str(stream.type) for stream in container.streams} - {"None"})
    return "only " + " and ".join(kinds) if kinds else "no track is known"


def _is_video(stream: Stream) -> bool:
    return stream.type == "video" and not stream.disposition & Disposition.attached_pic


def _bitrate(container: InputContainer, stream: AudioStream, duration: Seconds | None) -> int | None:
    if rate := stream.codec_context.bit_rate or (container.bit_rate if is_only_audio(container) else None):
        return int(rate)
    if duration and container.size > 0 and is_only_audio(container):
        return round(container.size * 8 / duration)
    return None


def _ffmpeg_info(
    container: InputContainer, stream: AudioStream, duration: Seconds | None, has_video: bool
) -> dict[str, Any]:
    return {
        "format_long_name": container.format.long_name,
        "profile": stream.profile,
        "channel_layout": stream.codec_context.layout.name,
        "track": list(container.streams.audio).index(stream),
        "duration_declared": duration,
        "start_time": start_time(container),
        "bit_rate": container.bit_rate,
        "tags": dict(container.metadata),
        "chapters": [_chapter(chapter) for chapter in container.chapters()],
        "streams": [_stream(other) for other in container.streams],
        "has_video": has_video,
        "cover_art": any(other.disposition & Disposition.attached_pic for other in container.streams),
        "library_versions": {
            "ffmpeg": av.ffmpeg_version_info,
            "pyav": av.__version__,
            **{name: ".".join(map(str, version)) for name, version in av.library_versions.items()},
        },
    }


def _chapter(chapter: Any) -> dict[str, Any]:
    base = float(chapter["time_base"] or 0)
    return {
        "start": chapter["start"] * base,
        "end": chapter["end"] * base,
        "title": chapter["metadata"].get("title", ""),
    }


def _stream(stream: Stream) -> dict[str, Any]:
    return {
        "type": stream.type,
        "codec": codec_name(stream),
        "language": stream.language,
        "disposition": [flag.name for flag in Disposition if stream.disposition & flag],
        "tags": dict(stream.metadata),
    }
