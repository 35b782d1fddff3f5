"""A small server that forks one limited child for every file.

It has FFmpeg loaded and nothing else of the program that uses it, and runs a single thread, so that a fork is
cheap and safe. It belongs to one parent, and ends with it.

The parent sends a length, a request, and three descriptors: the media file, where the child writes its messages,
and a leash. When the parent lets go of the leash the child is killed; when the child has ended, its wait status
is written on the leash.
"""

from __future__ import annotations

import codecs
import contextlib
import gc
import importlib
import os
import pkgutil
import selectors
import signal
import socket
import sys
from dataclasses import dataclass, field

import av

from trax.media import child
from trax.media.wire import LENGTH, STATUS, Request


@dataclass(slots=True)
class Zygote:
    """The server's state: its line to the parent, and a leash for each child that lives."""

    control: socket.socket
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    leashes: dict[int, socket.socket] = field(default_factory=dict)  # by process

    def serve(self) -> None:
        """Answer requests until the parent is gone."""
        wake_reader, wake_writer = socket.socketpair()
        wake_reader.setblocking(False)
        wake_writer.setblocking(False)
        signal.set_wakeup_fd(wake_writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(self.control, selectors.EVENT_READ)
        self.selector.register(wake_reader, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.control:
                    if not self._accept():
                        return
                elif key.fileobj is wake_reader:
                    wake_reader.recv(4096)
                    self._reap()
                elif isinstance(key.data, int):
                    self._let_go(key.data)

    def end(self) -> None:
        """Leave no child behind."""
        for process in self.leashes:
            os.kill(process, signal.SIGKILL)

    def _accept(self) -> bool:
        header, descriptors, _, _ = socket.recv_fds(self.control, LENGTH.size, 3)
        if len(header) < LENGTH.size or len(descriptors) != 3:
            return False
        (length,) = LENGTH.unpack(header)
        body = bytearray()
        while len(body) < length:
            part = self.control.recv(length - len(body))
            if not part:
                return False
            body += part
        media, output, leash = descriptors
        self._fork(Request.from_bytes(bytes(body)), media, output, socket.socket(fileno=leash))
        os.close(media)
        os.close(output)
        return True

    def _fork(self, request: Request, media: int, output: int, leash: socket.socket) -> None:
        parent = os.getpid()
        try:
            process = os.fork()
        except OSError:
            leash.close()
            return
        if process == 0:
            child.run(request, media, output, parent)
        self.leashes[process] = leash
        self.selector.register(leash, selectors.EVENT_READ, process)

    def _let_go(self, process: int) -> None:
        if process in self.leashes:
            self.selector.unregister(self.leashes[process])
            os.kill(process, signal.SIGKILL)  # not reaped yet: the number is still its own

    def _reap(self) -> None:
        while self.leashes:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            leash = self.leashes.pop(process)
            with contextlib.suppress(KeyError):  # let go before
                self.selector.unregister(leash)
            with contextlib.suppress(OSError):  # nobody waits for it
                leash.send(STATUS.pack(status))
            leash.close()


def _load_everything() -> None:
    """Import all of PyAV, which loads its parts lazily: a child can't open files any more."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith(("__main__", "datasets")):
            importlib.import_module(module.name)
    for encoding in ("ascii", "utf-8", "latin-1"):
        codecs.lookup(encoding)


def main() -> None:
    """Run the server on the socket whose descriptor is the first argument."""
    _load_everything()
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silence = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # FFmpeg and a crashing C library write where they like
        os.dup2(silence, standard)
    os.chdir("/")
    gc.collect()
    gc.freeze()
    zygote = Zygote(control)
    try:
        zygote.serve()
    finally:
        zygote.end()
