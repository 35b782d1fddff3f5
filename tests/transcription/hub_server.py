"""A model hub on this machine that speaks the Hugging Face hub's protocol, as far as a download needs it."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """One repository and a record of what was asked."""

    repository: str
    files: dict[str, bytes]
    revision: str = REVISION
    endpoint: str = ""
    requests: list[str] = field(default_factory=list)  # "METHOD path"
    break_after: int | None = None  # bytes of a file after which the line goes dead, once

    def downloads(self, name: str) -> int:
        return sum(request.startswith("GET") and request.endswith(name) for request in self.requests)


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    served: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""

    def _answer(self, *, body: bool) -> None:
        hub, path = self.served, urlsplit(self.path).path
        hub.requests.append(f"{self.command} {path}")
        if path == f"/api/models/{hub.repository}/revision/{hub.revision}":
            files = [{"rfilename": name, "size": len(data)} for name, data in hub.files.items()]
            self._json({"id": hub.repository, "sha": hub.revision, "siblings": files})
        elif match := re.fullmatch(rf"/{hub.repository}/resolve/{hub.revision}/(.+)", path):
            self._file(match[1], body=body)
        else:
            self._error(404, "RepoNotFound")

    def _file(self, name: str, *, body: bool) -> None:
        data = self.served.files.get(name)
        if data is None:
            self._error(404, "EntryNotFound")
            return
        start = int(match[1]) if (match := re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))) else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", self.served.revision)
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if body:
            self._send(data[start:])

    def _send(self, data: bytes) -> None:
        limit = self.served.break_after
        if limit is not None and len(data) > limit:
            self.served.break_after = None
            self.wfile.write(data[:limit])
            self.close_connection = True
            return
        self.wfile.write(data)

    def _json(self, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Repo-Commit", self.served.revision)
        self.end_headers()
        self.wfile.write(data)

    def _error(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()
