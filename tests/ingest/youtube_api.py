"""What yt-dlp's own YouTube extractor asks for: watch pages, the player's API and the media behind it, on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from trax.ingest.yt_dlp_session import AudioOptions

VIDEO = "AAAAAAAAAAA"
MEDIA = "/videoplayback"
SOUND = bytes(range(256)) * 800  # 200 kB; yt-dlp doesn't look inside
PLAYER, NEXT, BROWSE = "/youtubei/v1/player", "/youtubei/v1/next", "/youtubei/v1/browse"
RESOLVE = "/youtubei/v1/navigation/resolve_url"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str  # with its query
    range: str | None
    cookie: str | None
    body: bytes


@dataclass(frozen=True)
class Said:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None  # the line goes dead after so many bytes


Answer = Said | bytes | dict[str, Any] | Callable[[Asked], Said]


@dataclass
class Api:
    """A running server; `answers` by path may be changed meanwhile."""

    url: str
    answers: dict[str, Answer]
    asked: list[Asked] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [urlsplit(request.path).path for request in self.asked]

    def answer(self, request: Asked) -> Said:
        found = self.answers.get(request.path) or self.answers.get(urlsplit(request.path).path)
        match found:
            case None:
                return Said(b"Not Found", 404)
            case Said():
                return found
            case bytes():
                return Said(found)
            case dict():
                return Said(json.dumps(found).encode(), headers={"Content-Type": "application/json"})
        return found(request)


@contextmanager
def serving(answers: Mapping[str, Answer] | None = None) -> Iterator[Api]:
    """A server for the length of the block; watch pages are empty ones, so that the API is asked."""
    api = Api("", {"/watch": page(), NEXT: {"contents": {"some": 1}}, **(answers or {})})

    class Handler(_Handler):
        pass

    Handler.api = api
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def one_video() -> Iterator[Api]:
    """A YouTube with one video, whose sound is SOUND."""
    with serving({MEDIA: lambda request: ranged(SOUND, request)}) as api:
        api.answers[PLAYER] = player(formats=[sound(249, 50, api.url + MEDIA, size=len(SOUND))])
        yield api


def options(url: str, **more: Any) -> AudioOptions:
    """As for any server: sound is taken out of its pages."""
    return AudioOptions(**{"base_url": url, "cookies": None, "rate": None, "max_bytes": 1 << 30, "pause": 0.0} | more)


def youtubes(api: Api, **more: Any) -> AudioOptions:
    """As for YouTube itself: by yt-dlp's own extractor."""
    return options(api.url, allow_generic=False, **more)


def page(data: Mapping[str, Any] | None = None) -> Said:
    """A page with that ytInitialData."""
    script = json.dumps(data if data is not None else {"contents": {"some": 1}})
    html = f"<!DOCTYPE html><html><body><script>var ytInitialData = {script};</script></body></html>"
    return Said(html.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def player(youtube_id: str = VIDEO, formats: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """What the player's API says of a video that can be played."""
    details = {"videoId": youtube_id, "title": "A video", "lengthSeconds": "60", "isLiveContent": False}
    return {
        "playabilityStatus": {"status": "OK"},
        "videoDetails": details,
        "streamingData": {"adaptiveFormats": formats or []},
        **more,
    }


def closed(status: str, reason: str, **more: Any) -> dict[str, Any]:
    """What the player's API says of a video that can't be played."""
    return {"playabilityStatus": {"status": status, "reason": reason, **more}, "videoDetails": {"videoId": VIDEO}}


def sound(itag: int, kilobits: int, url: str, *, track: str = "", size: int | None = None) -> dict[str, Any]:
    """A format of sound alone; a track is `en.4 English original`: its ID and its name."""
    name, _, words = track.partition(" ")
    named = {"audioTrack": {"id": name, "displayName": words, "audioIsDefault": False}} if track else {}
    return {
        "itag": itag,
        "url": url,
        "mimeType": 'audio/webm; codecs="opus"',
        "bitrate": kilobits * 1000,
        "averageBitrate": kilobits * 1000,
        "contentLength": str(size if size is not None else kilobits * 7500),
        "audioQuality": "AUDIO_QUALITY_LOW",
        "approxDurationMs": "60000",
        "audioChannels": 2,
        **named,
    }


def ranged(data: bytes, request: Asked, cut: int | None = None) -> Said:
    """The part of the data that was asked for."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.range or "")
    if asked is None:
        return Said(data, headers={"Content-Type": "audio/webm"}, cut=cut)
    start, last = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
    where = {"Content-Type": "audio/webm", "Content-Range": f"bytes {start}-{last}/{len(data)}"}
    return Said(data[start : last + 1], 206, where, cut)


class _Handler(BaseHTTPRequestHandler):
    api: Api
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Asked(self.command, self.path, self.headers.get("Range"), self.headers.get("Cookie"), body)
        self.api.asked.append(request)
        said = self.api.answer(request)
        self.send_response(said.status)
        for name, value in {"Content-Length": str(len(said.body)), "Connection": "close", **said.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked has gone
            self.wfile.write(said.body[: said.cut])
