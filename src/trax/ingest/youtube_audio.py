"""The sound of a YouTube video as a file: small, in its original language, and resumed where it broke off."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from trax.errors import (
    SourceError,
    SourceTooLarge,
    SourceUnreachable,
    ToolMissing,
    UnknownSource,
    VideoLive,
    VideoMembersOnly,
    VideoUpcoming,
)
from trax.ingest.youtube_states import state_error
from trax.ingest.yt_dlp_errors import Subject, just_ended
from trax.ingest.yt_dlp_session import YOUTUBE, AudioOptions, Session, versions, warn_of_missing_parts

__all__ = ["AudioFile", "AudioOptions", "download_audio", "versions"]

# The smallest sound in the original language that is not poorer than what telephones make of it: those below 40 kbit/s
# are. Compressed loudness (DRC) is not what was recorded. Where there is no sound alone, the smallest film has it.
FORMAT: Final = "ba[abr>=40][format_id!*=drc]/ba/ba*"
ORDER: Final = ("lang", "+size", "+br")

# Of what yt-dlp knows of a video, that which is worth keeping; addresses of media are stale after some hours.
_KEPT: Final = (
    *("id", "title", "channel", "channel_id", "duration", "upload_date", "availability", "live_status", "language"),
    *("chapters", "subtitles", "extractor", "format_id", "ext", "acodec", "abr", "asr", "audio_channels", "filesize"),
)

Told = Callable[[int, int | None], None]
Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class AudioFile:
    """Sound that has come."""

    path: Path
    info: dict[str, Any] = field(repr=False)  # what yt-dlp knows of it, ready for JSON


def download_audio(
    youtube_id: str,
    folder: Path,
    options: AudioOptions,
    told: Told = lambda done, total: None,
    check: Check = lambda: None,
) -> AudioFile:
    """The video's sound, in a folder that is for it alone; what is there of it is gone on with.

    `told` hears how many bytes have come, of how many; `check` may raise to stop, and what has come stays. Where the
    video can't be had the folder is empty afterwards.

    Raises: ToolMissing, VideoError, SourceError, StoreError, UsageError, and what `check` raises.
    """
    address = page_of(youtube_id, options)
    subject = subject_of(youtube_id)
    folder.mkdir(parents=True, exist_ok=True)
    watch = _Watch(youtube_id, subject, options.max_bytes, told, check)
    if options.is_youtube:
        warn_of_missing_parts()
    try:
        with Session(options, subject, extractors_of(options), check, **_parameters(watch, folder, options)) as session:
            info = _only_video(session.extract(address, download=True))
            path = _path_of(info, subject)
            _clear(folder, keep=path)
            plain = session.plain(info)
            return AudioFile(path, {name: plain[name] for name in _KEPT if name in plain})
    except SourceError as error:
        if not error.retryable and not isinstance(error, ToolMissing):
            _clear(folder)
        raise


def page_of(youtube_id: str, options: AudioOptions) -> str:
    """The address that yt-dlp is given: YouTube's, or that of the page on the server that stands for it.

    Raises: UnknownSource: that is no ID.
    """
    if not re.fullmatch(r"[0-9A-Za-z_-]{11}", youtube_id):
        raise UnknownSource("That is no ID of a YouTube video.", "One has 11 letters, digits, hyphens or underscores.")
    return f"{options.base_url.rstrip('/') if options.is_generic else YOUTUBE}/watch?v={youtube_id}"


def subject_of(youtube_id: str) -> Subject:
    return Subject("video", youtube_id)


def extractors_of(options: AudioOptions) -> list[str]:
    """Which of yt-dlp's thousand sites a video may be taken from."""
    return ["generic", "html5"] if options.is_generic else ["youtube"]


@dataclass(frozen=True, slots=True)
class _Watch:
    """Looks at a download as it begins and goes on."""

    youtube_id: str
    subject: Subject
    max_bytes: int
    told: Told
    check: Check

    def progress(self, event: Mapping[str, Any]) -> None:
        self.check()
        total = event.get("total_bytes")
        done = event.get("downloaded_bytes") or (total if event.get("status") == "finished" else None) or 0
        self._limit(max(done, total or 0))
        expected = total or event.get("total_bytes_estimate")
        self.told(int(done), int(expected) if expected else None)

    def match(self, info: Mapping[str, Any], *, incomplete: Any) -> None:
        """Before anything is downloaded: is it what was asked for, and of a size that is allowed?"""
        status = info.get("live_status")
        if status in ("is_upcoming", "is_live"):
            raise state_error(VideoUpcoming if status == "is_upcoming" else VideoLive, self.youtube_id)
        if status == "post_live":
            raise just_ended(self.subject)
        if info.get("extractor_key") == "Youtube" and info.get("id") != self.youtube_id:
            raise VideoMembersOnly(
                f"{self.subject} is to be bought; YouTube gives its trailer only.", "Name the trailer if you want it."
            )
        if not incomplete:
            self._limit(info.get("filesize") or 0)

    def _limit(self, size: int) -> None:
        if size > self.max_bytes:
            raise SourceTooLarge(
                f"The sound of {self.subject.inside} has more than {self.max_bytes} bytes.",
                "Set a higher TRAX_DOWNLOAD_LIMIT.",
            )


def _parameters(watch: _Watch, folder: Path, options: AudioOptions) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_sort": list(ORDER),
        "match_filter": watch.match,
        # a part is gone on with only if it is of the same format and length
        "outtmpl": {"default": f"{watch.youtube_id}.%(format_id)s.%(filesize|0)s.%(ext)s"},
        "paths": {"home": str(folder)},
        "playlist_items": "1",
        "progress_hooks": [watch.progress],
        "ratelimit": options.rate,
        "restrictfilenames": True,
    }


def _only_video(info: dict[str, Any]) -> dict[str, Any]:
    """The video of a page that holds several, of which one was fetched."""
    entries = info.get("entries") or [info]
    first: dict[str, Any] = entries[0] or {}
    return first


def _path_of(info: Mapping[str, Any], subject: Subject) -> Path:
    """Where the sound is: yt-dlp leaves a video out without a word for several reasons."""
    downloads = info.get("requested_downloads") or [{}]
    path = downloads[0].get("filepath")
    if not path or not Path(path).is_file():
        raise SourceUnreachable(
            f"yt-dlp has fetched nothing for {subject.inside}, and doesn't say why.",
            "Try again; if it stays so, update yt-dlp: pip install -U yt-dlp",
        )
    return Path(path)


def _clear(folder: Path, keep: Path | None = None) -> None:
    """Remove what is in the folder: parts of other formats, and what can't be used."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path != keep:
            path.unlink(missing_ok=True)
