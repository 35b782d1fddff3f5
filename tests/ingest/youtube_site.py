"""YouTube on this machine: watch pages, oEmbed and sound, as far as Trax and yt-dlp's generic extractor need them."""

from __future__ import annotations

import hashlib
import html
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TYPES = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".webm": "audio/webm", ".ogg": "audio/ogg"}


@dataclass(frozen=True)
class Request:
    """What the server was asked."""

    method: str
    path: str  # with its query
    headers: Mapping[str, str]  # names in lower case

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}


@dataclass(frozen=True)
class Answer:
    """What the server says; the line goes dead after `cut` bytes of the body."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


Page = str | Answer | Callable[[Request], Answer]


@contextmanager
def playing(
    pages: Mapping[str, Page], media: Mapping[str, Path] | None = None, requests: list[Request] | None = None
) -> Iterator[str]:
    """The base URL of a YouTube that has these videos.

    A key of `pages` is the ID of a video (its watch page), `oembed/ID`, or a path with its query, which wins; pages
    may be changed meanwhile. The watch page of an ID of `media` holds that sound. `requests` gets what is asked.
    """

    class Handler(_Handler):
        site = _Site(pages, media or {}, requests if requests is not None else [])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def watch_page(
    youtube_id: str,
    *,
    title: str = "A video",
    channel: str = "A channel",
    description: str = "What it is about.",
    seconds: int = 60,
    recorded: str | None = None,
    player: Mapping[str, Any] | None = None,
) -> str:
    """A watch page of that video, made of a recorded one or of a skeleton; `player` replaces parts of its JSON."""
    source = recorded if recorded is not None else SKELETON
    marker = re.search(r"ytInitialPlayerResponse = (?={)", source)
    assert marker is not None
    found, end = json.JSONDecoder().raw_decode(source, marker.end())
    known_id = found["videoDetails"]["videoId"]
    details = {"videoId": youtube_id, "title": title, "author": channel, "shortDescription": description}
    found["videoDetails"] |= {**details, "lengthSeconds": str(seconds)}
    microformat = found["microformat"]["playerMicroformatRenderer"]
    microformat |= {"title": {"simpleText": title}, "lengthSeconds": str(seconds + 1), "ownerChannelName": channel}
    found |= player or {}
    script = json.dumps(found, ensure_ascii=False).replace("</", "<\\/")
    return (source[: marker.end()] + script + source[end:]).replace(known_id, youtube_id)


def state_page(status: str, reason: str, **more: Any) -> str:
    """The watch page of a video that can't be played; `more` goes into its JSON."""
    player = {"playabilityStatus": {"status": status, "reason": reason}, **more}
    script = json.dumps(player, ensure_ascii=False).replace("</", "<\\/")
    return f"<!DOCTYPE html><html><body><script>var ytInitialPlayerResponse = {script};</script></body></html>"


def oembed(title: str, channel: str) -> Answer:
    """What the oEmbed endpoint says of a video that may be embedded."""
    said = {"title": title, "author_name": channel, "author_url": "https://www.youtube.com/@somebody", "type": "video"}
    return Answer(json.dumps(said).encode(), headers={"Content-Type": "application/json"})


def ranged(path: Path, request: Request, cut: int | None = None) -> Answer:
    """A file, or the part of it that was asked for; the line goes dead after `cut` bytes."""
    data = path.read_bytes()
    tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
    headers = {
        "Content-Type": TYPES.get(path.suffix, "application/octet-stream"),
        "Accept-Ranges": "bytes",
        "ETag": tag,
    }
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if asked is None or request.headers.get("if-range", tag) != tag:
        return Answer(data, headers=headers, cut=cut)
    start, last = int(asked[1]), int(asked[2] or len(data) - 1)
    if start >= len(data):
        return Answer(b"", 416, {**headers, "Content-Range": f"bytes */{len(data)}"})
    part = data[start : last + 1]
    headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(data)}"
    return Answer(part, 206, headers, cut)


@dataclass(frozen=True)
class _Site:
    pages: Mapping[str, Page]
    media: Mapping[str, Path]
    requests: list[Request]

    def answer(self, request: Request) -> Answer:
        url = urlsplit(request.path)
        if request.path in self.pages:
            return _said(self.pages[request.path], request)
        if url.path == "/watch":
            return self._watch(request)
        if url.path == "/oembed":
            return self._oembed(request)
        if url.path.startswith("/media/") and (path := self.media.get(Path(url.path).stem)):
            return ranged(path, request)
        return Answer(b"Not Found", 404)

    def _watch(self, request: Request) -> Answer:
        youtube_id = request.query.get("v", "")
        page = self.pages.get(youtube_id)
        if page is None and youtube_id in self.media:
            page = watch_page(youtube_id)
        if page is None:
            page = state_page("ERROR", "Video unavailable")
        if isinstance(page, str) and (path := self.media.get(youtube_id)):
            page = with_sound(page, f"http://{request.headers['host']}/media/{youtube_id}{path.suffix}")
        return _said(page, request)

    def _oembed(self, request: Request) -> Answer:
        youtube_id = parse_qs(urlsplit(request.query.get("url", "")).query).get("v", [""])[0]
        page = self.pages.get(f"oembed/{youtube_id}")
        return _said(page, request) if page is not None else Answer(b"Not Found", 404)


def with_sound(page: str, url: str) -> str:
    """The page with a player of that sound, and without YouTube's own."""
    bare = re.sub(r"<(?:meta|link)\b[^>]*(?:/embed/|og:video|twitter:player)[^>]*>", "", page)
    player = f'<video src="{html.escape(url)}" controls></video>'
    return bare.replace("<body", f'<meta property="og:video" content="{html.escape(url)}"><body', 1).replace(
        "</body>", f"{player}</body>", 1
    )


def _said(page: Page, request: Request) -> Answer:
    if isinstance(page, str):
        return Answer(page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
    return page if isinstance(page, Answer) else page(request)


class _Handler(BaseHTTPRequestHandler):
    site: _Site
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""

    def _answer(self) -> None:
        request = Request(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
        self.site.requests.append(request)
        answer = self.site.answer(request)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "GET":
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        try:
            self.wfile.write(answer.body[: answer.cut])
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # whoever asked has gone
        if answer.cut is not None and answer.cut < len(answer.body):
            self.close_connection = True


_SKELETON_PLAYER = {
    "playabilityStatus": {"status": "OK", "playableInEmbed": True},
    "videoDetails": {
        "videoId": "AAAAAAAAAAA", "channelId": "UC0000000000000000000000", "isPrivate": False, "isLiveContent": False,
    },
    "microformat": {
        "playerMicroformatRenderer": {
            "ownerProfileUrl": "http://www.youtube.com/@somebody", "isFamilySafe": True, "isUnlisted": False,
            "category": "Education", "publishDate": "2026-01-02T03:04:05-07:00",
            "uploadDate": "2026-01-02T03:04:05-07:00",
        }
    },
}  # fmt: skip

# What a real page has, a thousandth of its size
SKELETON = (
    '<!DOCTYPE html><html lang="en"><head><title>A video - YouTube</title></head><body>'
    f"<script>var ytInitialPlayerResponse = {json.dumps(_SKELETON_PLAYER)};var meta = 1;</script>"
    '<script>var ytInitialData = {"contents": {}};</script></body></html>'
)
