"""One file from the web into a draft: resumed where it broke off, hashed as it is written, told from what isn't media.

Beside the draft lie notes on what it is the beginning of. A part is only gone on with where the server says that it is
still the same file.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from trax.errors import (
    NotMedia,
    SourceError,
    SourceTooLarge,
    SourceUnavailable,
    SourceUnreachable,
    StoreError,
    StoreFull,
)
from trax.ingest.addresses import shown
from trax.ingest.draft_files import Notes, clear, clear_notes, held, read_notes, write_all, write_notes
from trax.ingest.exchange import LATER, Ask, Headers
from trax.ingest.file_names import file_name
from trax.ingest.web import Receiver, Web
from trax.media.magic import HEAD_BYTES, recognise
from trax.timeline import Seconds

TRIES: Final = 5  # in a row that bring next to nothing
WAITS: Final = (0.5, 1.0, 2.0, 4.0)  # seconds before each further try
STEP_BYTES: Final = 1 << 20  # what a try has to bring, or it was in vain
CHECKING: Final = 0.25  # seconds between two looks whether somebody wants to leave
SPARE_BYTES: Final = 64 << 20  # that a download leaves free on the disk: databases die of full ones
LOOKING: Final = 16 << 20  # bytes between two looks at the disk, where a server doesn't say how many will come
PACKED: Final = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"})

Told = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that has come as a whole."""

    sha256: str
    size_bytes: int
    filename: str  # safe to show and to store
    content_type: str
    final_url: str
    etag: str | None


def download(
    web: Web,
    url: str,
    draft: Path,
    *,
    told: Told = lambda done, total: None,
    check: Callable[[], None] = lambda: None,
    wait: Callable[[Seconds], None] | None = None,
) -> Downloaded:
    """The file at `url`, in `draft`; `check` may raise to stop, and what has come stays.

    Raises: SourceError: it can't be had, or is no media; only where a later try may help does a part stay. StoreError:
    it can't be written. ClaimHeld: another process is at this draft.
    """
    with held(draft) as descriptor:
        course = _Course(web, url, draft, descriptor, told, check)
        try:
            return _patiently(course, check, wait or _waiting(check))
        except (SourceError, StoreError) as error:
            if not error.retryable:
                clear(draft)
            raise
        finally:
            if not os.fstat(descriptor).st_size:
                clear(draft)


def _patiently(course: _Course, check: Callable[[], None], wait: Callable[[Seconds], None]) -> Downloaded:
    """Try after try, as long as they get us somewhere."""
    in_vain = farthest = 0
    while True:
        try:
            return course.run()
        except SourceUnreachable:  # a server that has us begin anew again and again gets us nowhere
            in_vain = 0 if course.farthest - farthest >= STEP_BYTES else in_vain + 1
            farthest = course.farthest
            if in_vain == TRIES:
                raise
        check()
        wait(WAITS[max(0, in_vain - 1)])


@dataclass(slots=True)
class _Course:
    """The tries at one file."""

    web: Web
    url: str
    draft: Path
    descriptor: int
    told: Told
    check: Callable[[], None]
    size_bytes: int = 0
    farthest: int = 0  # that any try came
    looked: int = 0  # bytes at the last look at the disk
    total: int | None = None
    notes: Notes | None = None  # on the part that this try goes on with
    digest: Any = field(default_factory=hashlib.sha256)
    head: bytearray = field(default_factory=bytearray)
    headers: Headers = field(default_factory=dict)
    is_whole: bool = False  # the server says that what we have is all

    def run(self) -> Downloaded:
        """One try, from where the last one ended."""
        self.notes = self._resumable()
        headers = {"Accept-Encoding": "identity"}
        if self.notes is not None and self.size_bytes:
            headers |= {"Range": f"bytes={self.size_bytes}-", "If-Range": str(self.notes.validator)}
        ask = Ask(self.url, headers=headers, as_browser=False)
        final_url = self.web.stream(ask, Receiver(self._begin, self._take, self.check))
        if self.is_whole or self.total is None or self.size_bytes == self.total:
            return self._finish(final_url)
        raise SourceUnreachable(f"{shown(self.url)} broke off before its end.", LATER)

    def _resumable(self) -> Notes | None:
        """What is known of the part that is there; without it, or where it doesn't fit, the file begins anew."""
        notes, size = read_notes(self.draft), os.fstat(self.descriptor).st_size
        fits = notes is not None and notes.url == self.url and notes.validator is not None
        if not fits or (notes is not None and notes.total is not None and size > notes.total):
            self._restart()
            return None
        if size != self.size_bytes:
            self._hash_again(size)
        return notes

    def _restart(self) -> None:
        os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        self.size_bytes, self.digest, self.head = 0, hashlib.sha256(), bytearray()
        self.looked = 0

    def _forget(self) -> None:
        """What has come is the beginning of nothing."""
        self._restart()
        write_notes(self.draft, Notes(self.url))

    def _hash_again(self, size: int) -> None:
        self.size_bytes, self.digest, self.head = 0, hashlib.sha256(), bytearray()
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        while self.size_bytes < size and (block := os.read(self.descriptor, 1 << 20)):
            self._count(block)

    def _begin(self, status: int, headers: Headers) -> None:
        self.check()
        self.headers = dict(headers)
        if status == 206 and self.size_bytes:
            self._go_on(headers)
        elif status == 200:
            self._restart()
            self.total = _length(headers)
            write_notes(self.draft, _notes_of(self.url, headers, self.total))
        elif status == 416 and self.size_bytes:
            self._beyond(headers)
            return
        else:
            raise _refusal(status, headers, self.url)
        if (packed := headers.get("content-encoding", "").strip().lower()) and not PACKED.isdisjoint(
            re.split(r"[\s,]+", packed)
        ):
            raise NotMedia(
                f"{shown(self.url)} comes packed ({packed[:40]}), which no media file does.", "Give another address."
            )
        self._check_size()

    def _go_on(self, headers: Headers) -> None:
        assert self.notes is not None
        found = re.fullmatch(r"bytes ([0-9]{1,19})-[0-9]{1,19}/([0-9]{1,19}|\*)", headers.get("content-range", ""))
        etag, known = headers.get("etag"), self.notes.total
        total = int(found[2]) if found is not None and found[2] != "*" else known
        is_same = (not etag or not self.notes.etag or etag == self.notes.etag) and known in (None, total)
        if found is None or int(found[1]) != self.size_bytes or not is_same:
            self._forget()  # not what was asked for: the next try begins anew
            raise SourceUnreachable(f"{shown(self.url)} was to go on, and began elsewhere.", LATER)
        self.total = total

    def _beyond(self, headers: Headers) -> None:
        """The server has nothing after what we have: that was all, or it is another file by now."""
        assert self.notes is not None
        if headers.get("content-range", "") == f"bytes */{self.size_bytes}":
            self.is_whole = True
            self.headers = {"etag": self.notes.etag} if self.notes.etag else {}  # the others tell of an error page
            return
        self._forget()
        raise SourceUnreachable(f"{shown(self.url)} has changed since its beginning came.", LATER)

    def _check_size(self) -> None:
        most = self.web.options.max_bytes
        if self.total is not None and self.total > most:
            raise _too_large(self.url, most)
        missing = (self.total or self.size_bytes) - self.size_bytes
        self.looked = self.size_bytes
        if shutil.disk_usage(self.draft.parent).free < missing + SPARE_BYTES:
            raise StoreFull(
                "There is no space left for the download.", "Free some, or name another folder in TRAX_STORE."
            )

    def _take(self, block: bytes) -> None:
        self.check()
        if self.is_whole:  # the body of the answer that there is no more
            return
        if self.size_bytes + len(block) > self.web.options.max_bytes:
            raise _too_large(self.url, self.web.options.max_bytes)
        if self.total is not None and self.size_bytes + len(block) > self.total:
            self._forget()
            raise SourceUnreachable(f"{shown(self.url)} sends more than there is of it.", LATER)
        write_all(self.descriptor, block)
        self._count(block)
        if self.total is None and self.size_bytes - self.looked >= LOOKING:
            self._check_size()
        self.told(self.size_bytes, self.total)

    def _count(self, block: bytes) -> None:
        self.digest.update(block)
        self.size_bytes += len(block)
        self.farthest = max(self.farthest, self.size_bytes)
        if len(self.head) < HEAD_BYTES:
            self.head += block[: HEAD_BYTES - len(self.head)]
            if len(self.head) == HEAD_BYTES:
                self._check_content()

    def _check_content(self) -> None:
        """Whether the first bytes may be media, whatever the name and the server say."""
        content = recognise(bytes(self.head))
        if content is not None and not content.media:
            raise NotMedia(
                f"What {shown(self.url)} sends is {content.words}, no media file.",
                "Give the address of the media file itself; the page may name it.",
            )

    def _finish(self, final_url: str) -> Downloaded:
        self._check_content()
        try:
            os.fsync(self.descriptor)
        except OSError as error:
            raise StoreError("The disk doesn't keep what was downloaded.", "Check the disk.") from error
        clear_notes(self.draft)
        self.told(self.size_bytes, self.size_bytes)
        return Downloaded(
            sha256=self.digest.hexdigest(),
            size_bytes=self.size_bytes,
            filename=file_name(self.headers, final_url),
            content_type=self.headers.get("content-type", "")[:200],
            final_url=final_url,
            etag=self.headers.get("etag"),
        )


def _refusal(status: int, headers: Headers, url: str) -> SourceError:
    where = shown(url)
    if status in (401, 403, 407):
        return SourceUnavailable(
            f"{where} is not for everybody (HTTP {status}).", "Ask its owner, or take another source."
        )
    if status == 451:
        return SourceUnavailable(f"{where} is withheld for legal reasons.", "Take another source.")
    if status in (404, 410):
        return SourceUnavailable(f"There is nothing at {where} (HTTP {status}).", "Check the address.")
    if status in (408, 425, 429) or status >= 500 or status < 200 or 300 <= status < 400:
        after = headers.get("retry-after", "")
        when = f"Try again in {after} seconds." if re.fullmatch("[0-9]{1,6}", after) else LATER
        return SourceUnreachable(f"The server of {where} can't answer now (HTTP {status}).", when)
    return SourceUnavailable(f"{where} can't be had (HTTP {status}).", "Check the address.")


def _too_large(url: str, most: int) -> SourceTooLarge:
    return SourceTooLarge(
        f"{shown(url)} is larger than {most / 1e9:.3g} GB.", "Raise TRAX_DOWNLOAD_LIMIT if it is to be had."
    )


def _length(headers: Headers) -> int | None:
    text = headers.get("content-length", "")
    if "transfer-encoding" in headers:  # the chunks say where the end is, and overrule it
        return None
    return int(text) if re.fullmatch("[0-9]{1,19}", text) else None


def _notes_of(url: str, headers: Headers, total: int | None) -> Notes:
    if headers.get("accept-ranges", "").lower() == "none":
        return Notes(url, total=total)
    return Notes(url, headers.get("etag"), headers.get("last-modified"), total)


def _waiting(check: Callable[[], None]) -> Callable[[Seconds], None]:
    def wait(seconds: Seconds) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            check()
            time.sleep(min(left, CHECKING))

    return wait
