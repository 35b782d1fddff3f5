"""A fenced child: one file, hard limits, no way to open anything else."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import sys
import time
from typing import Any, Final, NoReturn

import numpy as np

from trax.errors import TraxError, UnreadableMedia
from trax.media import container as containers
from trax.media import pcm
from trax.media.endings import find_ending
from trax.media.resampling import Pcm
from trax.media.wire import HEADER, MAX_PCM_BYTES, Kind, Limits, Request

MEDIA: Final = 3
OUTPUT: Final = 4
SPARE_DESCRIPTORS: Final = 1  # FFmpeg duplicates MEDIA; nothing else can ever be opened
ALIVE_SECONDS: Final = 2.0
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38


class Line:
    """The child's way to its parent."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._last = time.monotonic()

    def send(self, kind: Kind, body: bytes | memoryview = b"") -> None:
        self._write(HEADER.pack(kind.value, len(body)))
        self._write(body)
        self._last = time.monotonic()

    def send_json(self, kind: Kind, value: dict[str, Any]) -> None:
        self.send(kind, json.dumps(value).encode("ascii"))

    def send_pcm(self, samples: Pcm) -> None:
        body = memoryview(samples.astype("<i2", copy=False).tobytes())
        for start in range(0, len(body), MAX_PCM_BYTES):
            self.send(Kind.PCM, body[start : start + MAX_PCM_BYTES])

    def alive(self) -> None:
        """Say so when nothing else was said for a while."""
        if time.monotonic() - self._last > ALIVE_SECONDS:
            self.send(Kind.ALIVE)

    def _write(self, body: bytes | memoryview) -> None:
        rest = memoryview(body)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


def run(request: Request, media: int, output: int, parent: int) -> NoReturn:
    """Do the request in this forked process, say how it went, and exit."""
    try:
        _keep_only(media, output)
        _die_with(parent)
        _limit(request.limits)
        _answer(request, Line(OUTPUT))
    except BaseException:
        os._exit(1)
    os._exit(0)


def _answer(request: Request, line: Line) -> None:
    try:
        _work(request, line)
    except MemoryError:
        line.send_json(Kind.FAILURE, _failure(_needs_memory(request)))
    except TraxError as error:
        line.send_json(Kind.FAILURE, _failure(error))
    except BrokenPipeError:
        raise
    except Exception as error:
        unread = UnreadableMedia(
            f"{request.name} can't be decoded ({type(error).__name__}: {error}).", containers.DAMAGED
        )
        line.send_json(Kind.FAILURE, _failure(unread))


def _work(request: Request, line: Line) -> None:
    np.seterr(all="ignore")
    with containers.open_container(MEDIA, request) as container:
        stream = containers.audio_stream(container, request)
        ending = find_ending(MEDIA, container, stream)
        line.send_json(Kind.INFO, containers.describe(container, stream, MEDIA, ending))
        if request.decode:
            report = pcm.decode(container, stream, request, ending, line.send_pcm, line.alive)
            line.send_json(Kind.REPORT, report)


def _failure(error: TraxError) -> dict[str, str]:
    return {"error": type(error).__name__, "message": error.message, "next_step": error.next_step}


def _needs_memory(request: Request) -> UnreadableMedia:
    return UnreadableMedia(
        f"{request.name} asks for more memory than a media file may have ({request.limits.memory_bytes >> 20} MiB).",
        containers.DAMAGED,
    )


def _keep_only(media: int, output: int) -> None:
    """Close every descriptor but the two: the child can't reach other files, children or the parent's line."""
    media, output = (fcntl.fcntl(descriptor, fcntl.F_DUPFD, 16) for descriptor in (media, output))
    os.dup2(media, MEDIA)
    os.dup2(output, OUTPUT)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.closerange(OUTPUT + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _limit(limits: Limits) -> None:
    with contextlib.suppress(ValueError, OSError):  # SIGXCPU first: it says why
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))
    values = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: OUTPUT + 1 + SPARE_DESCRIPTORS,
    }
    for name, value in values.items():
        with contextlib.suppress(ValueError, OSError):  # macOS knows no RLIMIT_AS
            resource.setrlimit(name, (value, value))
