"""A loopback server that does to its clients what servers of the web do: whatever a script says, byte by byte."""

from __future__ import annotations

import gzip
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PATIENCE = 20.0  # seconds after which a test hangs
BLOCK = b"\xaa" * 65_536


@dataclass(frozen=True)
class Request:
    """What was asked for."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case


@dataclass
class Site:
    """What a test sees of the server."""

    port: int
    requests: list[Request] = field(default_factory=list)
    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))  # up by one with each request
    faults: list[BaseException] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def ranges(self) -> list[str | None]:
        """The part that each request asked for."""
        return [request.headers.get("range") for request in self.requests]


@dataclass
class Line:
    """One connection with its request, as a script sees it."""

    connection: socket.socket
    request: Request
    number: int  # of the requests for this path so far, from 0

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def head(self, status: str, headers: Mapping[str, object] | None = None) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
        self.send("\r\n".join([*lines, "Connection: close", "", ""]).encode())

    def answer(self, status: str, body: bytes = b"", headers: Mapping[str, object] | None = None) -> None:
        self.head(status, {"Content-Length": len(body), **(headers or {})})
        if self.request.method != "HEAD":
            self.send(body)

    def endless(self, block: bytes = BLOCK) -> None:
        """Send for as long as somebody listens."""
        while True:
            self.send(block)

    def until_gone(self) -> None:
        """Say nothing until the client leaves."""
        while self.connection.recv(4096):
            pass

    def drip(self) -> None:
        """A byte at a time, about 20 in a second."""
        self.connection.settimeout(0.05)
        while True:
            self.send(b"\xaa")
            with suppress(TimeoutError):
                if not self.connection.recv(1):
                    return

    def reset(self) -> None:
        """Leave as a machine that was switched off does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Script = Callable[[Line], None]


@contextmanager
def hostile(routes: Mapping[str, Script], address: str = "127.0.0.1") -> Iterator[Site]:
    """A server that plays the script of each path; what isn't there is 404."""
    listener = socket.create_server((address, 0))
    site, calls = Site(listener.getsockname()[1]), _Calls()
    thread = threading.Thread(target=_accept, args=(listener, routes, site, calls))
    thread.start()
    try:
        yield site
    finally:
        calls.end(listener)
        thread.join(PATIENCE)
        listener.close()
        calls.join()
    assert not site.faults, site.faults


@dataclass
class _Calls:
    """The connections of a server."""

    open: dict[threading.Thread, socket.socket] = field(default_factory=dict)
    over: bool = False

    def end(self, listener: socket.socket) -> None:
        self.over = True
        with suppress(OSError):  # wakes `accept`
            listener.shutdown(socket.SHUT_RDWR)
        for connection in list(self.open.values()):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        for thread in list(self.open):
            thread.join(PATIENCE)
            assert not thread.is_alive()


def _accept(listener: socket.socket, routes: Mapping[str, Script], site: Site, calls: _Calls) -> None:
    while not calls.over:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        thread = threading.Thread(target=_serve, args=(connection, routes, site))
        calls.open[thread] = connection
        thread.start()


def _serve(connection: socket.socket, routes: Mapping[str, Script], site: Site) -> None:
    with connection:
        try:
            request = _read(connection)
            if request is None:
                return
            number = sum(earlier.path == request.path for earlier in site.requests)
            site.requests.append(request)
            site.asked.release()
            routes.get(request.path, NOTHING_THERE)(Line(connection, request, number))
        except ConnectionError:
            pass  # the client has seen enough
        except BaseException as fault:
            site.faults.append(fault)


def _read(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        block = connection.recv(65_536)
        if not block:
            return None
        data += block
    first, *lines = data.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    return Request(method, path, {name.strip().lower(): value.strip() for name, _, value in pairs})


# Scripts


def says(status: str, body: bytes = b"", headers: Mapping[str, object] | None = None) -> Script:
    """The same answer every time."""
    return lambda line: line.answer(status, body, headers)


NOTHING_THERE = says("404 Not Found", b"no")


def leads(to: str, status: str = "302 Found") -> Script:
    """A redirect."""
    return says(status, b"", {"Location": to})


def raw(data: bytes) -> Script:
    """These very bytes, and the end."""
    return lambda line: line.send(data)


def in_turn(*scripts: Script) -> Script:
    """Another script with each request, the last one for ever."""
    return lambda line: scripts[min(line.number, len(scripts) - 1)](line)


def stalls_after(script: Script) -> Script:
    """The script, and then silence."""

    def play(line: Line) -> None:
        script(line)
        line.until_gone()

    return play


@dataclass
class ServedFile:
    """A file as a good server has it, with parts of it on demand; `cut` bytes of an answer come, then the line dies."""

    body: bytes
    etag: str | None = '"one"'
    headers: Mapping[str, object] = field(default_factory=dict)
    cut: int | None = None
    times: int | None = None  # that it is cut; None: every time
    has_ranges: bool = True

    def __call__(self, line: Line) -> None:
        headers: dict[str, object] = {"Content-Type": "audio/mpeg", **self.headers}
        if self.etag is not None:
            headers["ETag"] = self.etag
        start = self._start(line.request)
        if start is None:
            return self._send(line, "200 OK", headers, self.body)
        if start >= len(self.body):
            return line.answer("416 Range Not Satisfiable", b"no", {"Content-Range": f"bytes */{len(self.body)}"})
        headers["Content-Range"] = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
        return self._send(line, "206 Partial Content", headers, self.body[start:])

    def _start(self, request: Request) -> int | None:
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        condition = request.headers.get("if-range")
        known = (self.etag, self.headers.get("Last-Modified"))
        if found is None or not self.has_ranges or (condition is not None and condition not in known):
            return None
        return int(found[1])

    def _send(self, line: Line, status: str, headers: Mapping[str, object], body: bytes) -> None:
        line.head(status, {"Content-Length": len(body), **headers})
        if line.request.method == "HEAD":
            return
        is_cut = self.cut is not None and (self.times is None or line.number < self.times)
        line.send(body[: self.cut] if is_cut else body)


def gzip_bomb(megabytes: int) -> bytes:
    """Zeros, packed a thousand times smaller."""
    return gzip.compress(bytes(megabytes << 20), 9)
