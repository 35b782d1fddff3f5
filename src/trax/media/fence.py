"""The fence around FFmpeg: every file is read by a child process of its own, under limits."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from trax import errors
from trax.errors import DecoderUnavailable, TraxError, UnreadableMedia
from trax.media.files import display_name, open_media
from trax.media.json_values import parse_object
from trax.media.wire import HEADER, LENGTH, MAX_BODY_BYTES, STATUS, Kind, Limits, Request

_FAILURES: Final = {
    kind.__name__: kind
    for kind in (errors.MediaError, errors.UnreadableMedia, errors.NoAudio, errors.MediaTooLong, errors.UsageError)
}
_END_SECONDS: Final = 5.0
_NO_FILE_AT_ALL: Final = "Get a fresh copy, or convert it with another program first."
# Trax is found where this process found it; its folder comes last, so that nothing in it hides a standard module.
_PROGRAM: Final = "import sys; sys.path.append(sys.argv[2]); from trax.media.zygote import main; main()"
# The rest of the environment holds secrets, and the zygote's children read hostile files.
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONHOME")


class Child:
    """One file's child process, seen from outside; everything that comes from it is distrusted."""

    def __init__(self, request: Request, line: socket.socket, leash: socket.socket) -> None:
        self._request = request
        self._line = line
        self._leash = leash
        line.settimeout(request.limits.stall_seconds)

    def receive(self) -> tuple[Kind, bytes]:
        """The next message; heartbeats are passed over.

        Raises: UnreadableMedia and what else the child found; an error too when it died or fell silent.
        """
        while True:
            try:
                kind, body = self._message()
            except TimeoutError as error:
                seconds = self._request.limits.stall_seconds
                raise UnreadableMedia(
                    f"Decoding stalled: nothing came out of {self._request.name} for {seconds:g} s.",
                    "Check the disk or network folder it lies on, or get a fresh copy.",
                ) from error
            except (OSError, EOFError, ValueError) as error:
                raise self._death() from error
            if kind is Kind.FAILURE:
                raise _failure(body)
            if kind is not Kind.ALIVE:
                return kind, body

    def close(self) -> None:
        """Let go of the child: if it still runs, it is killed."""
        self._line.close()
        self._leash.close()

    def _message(self) -> tuple[Kind, bytes]:
        code, length = HEADER.unpack(self._exactly(HEADER.size))
        kind = Kind(code)
        if length > MAX_BODY_BYTES[kind]:
            raise ValueError("longer than a message can be")
        return kind, self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        body = bytearray(length)
        rest = memoryview(body)
        while rest:
            count = self._line.recv_into(rest)
            if not count:
                raise EOFError
            rest = rest[count:]
        return bytes(body)

    def _death(self) -> TraxError:
        self._line.close()
        self._leash.settimeout(_END_SECONDS)
        try:
            report = self._leash.recv(STATUS.size)
        except OSError:
            report = b""
        if len(report) < STATUS.size:
            return DecoderUnavailable("The media decoder ended unexpectedly.", "Run the command again.")
        (status,) = STATUS.unpack(report)
        return UnreadableMedia(f"{self._request.name} {_death_words(status)}.", _NO_FILE_AT_ALL)


class _Zygote:
    """This process's server of children."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._control = ours
            self._lock = threading.Lock()
            environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-c", _PROGRAM, str(theirs.fileno()), _import_path()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )

    def start(self, request: Request, media: int) -> Child:
        line, child_line = socket.socketpair()
        leash, zygote_leash = socket.socketpair()
        body = request.to_bytes()
        with child_line, zygote_leash:
            descriptors = [media, child_line.fileno(), zygote_leash.fileno()]
            try:
                with self._lock:
                    socket.send_fds(self._control, [LENGTH.pack(len(body)) + body], descriptors)
            except BaseException:
                line.close()
                leash.close()
                raise
        return Child(request, line, leash)

    def stop(self) -> None:
        """End the server, and with it every child."""
        self._control.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def forget(self) -> None:
        """Give up a server that belongs to the process this one was forked from."""
        self._control.close()
        self._process.returncode = 0  # not a child of this process: nothing to wait for


_lock = threading.Lock()
_zygote: _Zygote | None = None


@contextmanager
def fenced(path: Path, request: Request) -> Iterator[Child]:
    """A child at work on the file; killed when the context is left before it ends.

    Raises: MediaNotFound, UnreadableMedia, DecoderUnavailable.
    """
    with open_media(path) as media:
        child = _start(request, media)
    try:
        yield child
    finally:
        child.close()


def request_for(path: Path, *, decode: bool, limits: Limits, **choices: Any) -> Request:
    """The request for one file."""
    return Request(name=display_name(path), suffix=path.suffix.lower(), decode=decode, limits=limits, **choices)


def warm_up() -> None:
    """Start the server of children now, in the background, so that the first file doesn't wait for it."""
    _running()


def _running() -> _Zygote:
    global _zygote
    with _lock:
        if _zygote is None:
            _zygote = _Zygote()
        return _zygote


def _start(request: Request, media: int) -> Child:
    try:
        try:
            return _running().start(request, media)
        except ConnectionError:  # the server was killed: a new one
            _discard()
            return _running().start(request, media)
    except OSError as error:
        raise DecoderUnavailable(
            f"The process that reads media files can't be started: {error.strerror}.", "Run `trax doctor`."
        ) from error


def _discard() -> None:
    global _zygote
    with _lock:
        zygote, _zygote = _zygote, None
    if zygote is not None:
        zygote.stop()


def _after_fork() -> None:
    global _zygote, _lock
    _lock = threading.Lock()
    if _zygote is not None:
        _zygote.forget()
        _zygote = None


atexit.register(_discard)
os.register_at_fork(after_in_child=_after_fork)


def _import_path() -> str:
    return str(Path(errors.__file__).resolve().parent.parent)


def _failure(body: bytes) -> TraxError:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        said = parse_object(body)
        kind = _FAILURES[said["error"]]
        return kind(str(said["message"])[:500], str(said["next_step"])[:500])
    return UnreadableMedia("The file can't be decoded.", _NO_FILE_AT_ALL)


def _death_words(status: int) -> str:
    if not os.WIFSIGNALED(status):
        return "broke the decoder"
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return "took more computing time than a media file may have"
    if number == signal.SIGKILL:
        return "can't be decoded: the decoder was killed, perhaps for lack of memory"
    return f"crashed the decoder ({signal.Signals(number).name})"
