"""A server on the loopback that speaks enough of S3's protocol for a store, and checks signatures as the real one does.

Objects: PUT (also if absent), GET (also a range), HEAD, DELETE, bulk deletion. Large ones come in parts.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY_ID: Final = "AKIATESTTESTTESTTEST"
SECRET: Final = "wJalrXUtnFEMI-not-a-real-secret-K7MDENG"
_BLOCK: Final = 1 << 16
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=(\w+)"
)


@dataclass
class Fault:
    """What goes wrong with the next requests of one kind."""

    method: str
    status: int = 503
    code: str = "SlowDown"
    times: int = 1
    cut_after: int | None = None  # the answer breaks off after so many bytes of its body


@dataclass
class S3Server:
    """What the server has, and what it was asked."""

    folder: Path
    url: str = ""
    buckets: set[str] = field(default_factory=lambda: {"bucket"})
    requests: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    uploads: dict[str, dict[int, Path]] = field(default_factory=dict)  # in parts, neither completed nor given up
    objects: dict[str, Path] = field(default_factory=dict)  # "bucket/key"
    ranges: list[str] = field(default_factory=list)
    largest_body: int = 0
    _names: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, name: str, content: bytes) -> None:
        """Put an object there behind everybody's back."""
        path = self.new_path()
        path.write_bytes(content)
        self.objects[name] = path

    def new_path(self) -> Path:
        return self.folder / f"body-{next(self._names)}"

    def of(self, method: str) -> list[str]:
        """The requests of one method."""
        return [request for request in self.requests if request.startswith(f"{method} ")]

    def fault_of(self, method: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.method == method and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """The server at work, with an empty bucket of the name `bucket`."""
    folder.mkdir(parents=True, exist_ok=True)
    state = S3Server(folder)
    server = _Server(state)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close() waits for them

    def __init__(self, state: S3Server) -> None:
        self.state = state
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # the client has gone

    def server_close(self) -> None:
        with self._lock:
            for connection in self._connections:  # kept alive by the client
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        state = self.server.state
        url = urlsplit(self.path)
        self.query = dict(parse_qsl(url.query, keep_blank_values=True))
        self.name = unquote(url.path).lstrip("/")
        body = self._body()
        state.requests.append(f"{self.command} {self.path}")
        fault = self.fault = state.fault_of(self.command)
        if fault is not None and fault.cut_after is None:
            self._refuse(fault.status, fault.code)
        elif (wrong := self._wrong_signature(body)) is not None:
            self._refuse(403, *wrong)
        elif self.name.split("/")[0] not in state.buckets:
            self._refuse(404, "NoSuchBucket")
        else:
            getattr(self, f"_{self.command.lower()}")(body)

    def do_PUT(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _body(self) -> Path:
        left = int(self.headers.get("Content-Length", 0))
        self.server.state.largest_body = max(self.server.state.largest_body, left)
        path = self.server.state.new_path()
        with path.open("wb") as file:
            while left and (block := self.rfile.read(min(left, _BLOCK))):
                file.write(block)
                left -= len(block)
        if left:
            raise ConnectionAbortedError
        return path

    def _put(self, body: Path) -> None:
        state = self.server.state
        if "uploadId" in self.query:
            state.uploads[self.query["uploadId"]][int(self.query["partNumber"])] = body
        elif self.headers.get("If-None-Match") == "*" and self.name in state.objects:
            self._refuse(412, "PreconditionFailed")
            return
        else:
            state.objects[self.name] = body
        self._answer(200, headers={"ETag": _etag(body)})

    def _post(self, body: Path) -> None:
        if "uploads" in self.query:
            self._begin_upload()
        elif "uploadId" in self.query:
            self._complete_upload(body)
        elif "delete" in self.query:
            keys = re.findall(r"<Key>(.*?)</Key>", body.read_text())
            for key in keys:
                self.server.state.objects.pop(f"{self.name}/{key}", None)
            deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            self._answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())
        else:
            self._refuse(400, "InvalidRequest")

    def _begin_upload(self) -> None:
        upload = f"upload-{self.server.state.new_path().name}"
        self.server.state.uploads[upload] = {}
        self._answer(
            200,
            f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>".encode(),
        )

    def _complete_upload(self, body: Path) -> None:
        state = self.server.state
        parts = state.uploads.pop(self.query["uploadId"])
        named = [int(number) for number in re.findall(r"<PartNumber>(\d+)</PartNumber>", body.read_text())]
        whole = state.new_path()
        with whole.open("wb") as file:
            for number in named:
                file.write(parts[number].read_bytes())
        state.objects[self.name] = whole
        etag = escape(_etag(whole))
        self._answer(
            200,
            f"<CompleteMultipartUploadResult><ETag>{etag}</ETag></CompleteMultipartUploadResult>".encode(),
        )

    def _get(self, _: Path) -> None:
        path = self.server.state.objects.get(self.name)
        if path is None:
            self._refuse(404, "NoSuchKey")
            return
        content = path.read_bytes()
        headers = {"ETag": _etag(path), "Last-Modified": "Sun, 22 Nov 2026 00:00:00 GMT", "Accept-Ranges": "bytes"}
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if found is None:
            self._answer(200, content, headers)
            return
        first, last = int(found[1]), min(int(found[2] or len(content) - 1), len(content) - 1)
        if first > last:
            self._refuse(416, "InvalidRange")
            return
        self.server.state.ranges.append(found[0])
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        self._answer(206, content[first : last + 1], headers)

    _head = _get

    def _delete(self, _: Path) -> None:
        if "uploadId" in self.query:
            self.server.state.uploads.pop(self.query["uploadId"], None)
        else:
            self.server.state.objects.pop(self.name, None)
        self._answer(204)

    def _refuse(self, status: int, code: str, about: str = "") -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message>{about}</Error>".encode()
        self._answer(status, body, {"Content-Type": "application/xml"})

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        if self.fault is not None:
            self.send_header("Connection", "close")  # else the client may ask again where nobody listens any more
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.fault is not None:
            self.wfile.write(body[: self.fault.cut_after])
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(body)

    def _wrong_signature(self, body: Path) -> tuple[str, str] | None:
        """Error code and what S3 says beside it; None: the request is signed with the secret."""
        found = _AUTHORIZATION.fullmatch(self.headers.get("Authorization", ""))
        if found is None:
            return "AccessDenied", ""
        key_id, day, region, signed, signature = found.groups()
        if key_id != KEY_ID:
            return "InvalidAccessKeyId", f"<AWSAccessKeyId>{key_id}</AWSAccessKeyId>"
        payload = self.headers["x-amz-content-sha256"]
        if payload != "UNSIGNED-PAYLOAD" and payload != _sha256(body):
            return "XAmzContentSHA256Mismatch", ""
        scope = f"{day}/{region}/s3/aws4_request"
        digest = hashlib.sha256(self._canonical(signed, payload).encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{digest}"
        key = f"AWS4{SECRET}".encode()
        for part in (day, region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        if hmac.new(key, to_sign.encode(), "sha256").hexdigest() == signature:
            return None
        said = f"<AWSAccessKeyId>{key_id}</AWSAccessKeyId><StringToSign>{to_sign}</StringToSign>"
        return "SignatureDoesNotMatch", f"{said}<SignatureProvided>{signature}</SignatureProvided>"

    def _canonical(self, signed: str, payload: str) -> str:
        url = urlsplit(self.path)
        query = "&".join(
            f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(self.query.items())
        )
        headers = "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in signed.split(";"))
        return f"{self.command}\n{url.path}\n{query}\n{headers}\n{signed}\n{payload}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _etag(path: Path) -> str:
    return f'"{path.name}"'  # a body is written once
