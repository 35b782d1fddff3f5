"""Captions that people have written for a YouTube video; its own guesses are no reference."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from trax.errors import TraxError
from trax.ingest.languages import language_code
from trax.ingest.youtube_audio import FORMAT, ORDER, extractors_of, page_of, subject_of
from trax.ingest.yt_dlp_session import AudioOptions, Session

FORMATS: Final = ("vtt", "srt")  # those that can be imported, the better first
MOST_BYTES: Final = 20 << 20
MOST_TRACKS: Final = 3  # where none is in the language that is spoken; captions are rationed sooner than sound

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CaptionFile:
    """Captions as they came."""

    language: str | None  # ISO 639-1
    body: bytes
    format: str  # vtt or srt
    track: str = ""  # YouTube's name of the track, such as en-GB


def captions(youtube_id: str, options: AudioOptions, info: Mapping[str, Any] | None = None) -> list[CaptionFile]:
    """The human captions of a video in the language that is spoken, or the first few if that is unknown.

    That there are none, or that YouTube doesn't give them, is no error. `info` is what a download has just told.
    """
    try:
        with Session(options, subject_of(youtube_id), extractors_of(options), **_parameters()) as session:
            found = info if info is not None else session.extract(page_of(youtube_id, options))
            return list(_fetched(session, found))
    except Exception as error:  # yt-dlp's parsers may trip over anything; the sound is there all the same
        log.info("captions of %s are left out: %s", youtube_id, error)
        return []


def tracks_of(info: Mapping[str, Any]) -> dict[str, str]:
    """Addresses of the tracks worth fetching, by YouTube's name of the track."""
    tracks: dict[str, str] = {}
    for name, forms in (info.get("subtitles") or {}).items():
        by_format = {form.get("ext"): form.get("url") for form in forms or [] if form.get("url")}
        address = next((by_format[form] for form in FORMATS if form in by_format), None)
        if address is not None:  # not live_chat, for one
            tracks[name] = address
    spoken = language_code(info.get("language"))
    heard = {name: address for name, address in tracks.items() if spoken and language_code(name) == spoken}
    return heard or dict(list(tracks.items())[:MOST_TRACKS])


def _fetched(session: Session, info: Mapping[str, Any]) -> Iterator[CaptionFile]:
    for name, address in tracks_of(info).items():
        try:
            body = session.fetch(address, MOST_BYTES)
        except TraxError as error:
            log.info("the captions %s are left out: %s", name, error)
            continue
        if form := _format_of(body):
            yield CaptionFile(language_code(name), body, form, name)


def _format_of(body: bytes) -> str | None:
    """What has come; YouTube answers 200 with nothing where it doesn't want to give captions."""
    text = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"WEBVTT"):
        return "vtt"
    return "srt" if b"-->" in text and not text.startswith(b"<") else None


def _parameters() -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_sort": list(ORDER),
        "ignore_no_formats_error": True,
        "playlist_items": "1",
        "skip_download": True,
        "writesubtitles": True,
    }
