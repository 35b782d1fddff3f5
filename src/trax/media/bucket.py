"""One bucket of S3, Google Cloud Storage or Azure, through obstore, which knows all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from trax.errors import MediaAway, StoreError, ToolMissing, TraxError, UsageError
from trax.media.object_errors import explained
from trax.timeline import Seconds

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig
    from obstore.store import ObjectStore as Client

RETRIES = 6  # with growing pauses, some 6 seconds in all
FIRST_PAUSE: Seconds = 0.1

_SILENCE: Final = timedelta(minutes=1)  # most that an answer, or its next bytes, may take
_PART_TIME: Final = timedelta(minutes=10)  # most that a part may take to go up, with the others that go with it
_PART: Final = 8 << 20  # large files go up in parts, and a process holds so many of them:
_PARTS_AT_ONCE: Final = 4
_MOST_PARTS: Final = 9_000  # S3 takes 10,000
_BLOCK: Final = 1 << 20
_VARIABLES: Final = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT", "AZURE_STORAGE_ENDPOINT")


def open_bucket(base: str) -> Bucket:
    """The bucket behind an address such as s3://bucket/folder; credentials come from the environment.

    Raises: UsageError: that is no such address. ToolMissing: obstore isn't installed. StoreError.
    """
    scheme = _checked(base).scheme
    _check_endpoints()
    try:
        from obstore.store import from_url
    except ImportError as error:
        raise ToolMissing(
            f"{base} is an object store, and the part of Trax that knows them isn't installed.",
            "Install it with: pip install 'trax-transcripts[object-store]'.",
        ) from error
    retries: RetryConfig = {
        "max_retries": RETRIES,
        "backoff": {"init_backoff": timedelta(seconds=FIRST_PAUSE)},
        "retry_timeout": timedelta(minutes=3),
    }
    with explained(base):
        reading, writing = (
            from_url(base, client_options=_client_options(scheme, patience), retry_config=retries)
            for patience in (_SILENCE, _PART_TIME)
        )
    return Bucket(base, reading, writing)


class Bucket:
    """Objects by key below an address. Every method may raise StoreError."""

    def __init__(self, base: str, reading: Client, writing: Client) -> None:
        self.base = base
        self._reading = reading
        self._writing = writing

    def size(self, key: str) -> int | None:
        """Length of an object, None where there is none."""
        import obstore
        from obstore.exceptions import PermissionDeniedError

        with explained(self.base):
            try:
                return obstore.head(self._reading, key)["size"]
            except FileNotFoundError:
                return None
            except PermissionDeniedError:  # HEAD can't say why, GET can
                return obstore.get(self._reading, key).meta["size"]

    def put(self, key: str, file: Path) -> None:
        """Put a file there, unless it is there; nobody ever sees half of it."""
        import obstore

        size_bytes = file.stat().st_size
        if self._size_if_known(key) == size_bytes:
            return
        part = max(_PART, -(-size_bytes // _MOST_PARTS))
        with explained(self.base):
            obstore.put(self._writing, key, file, chunk_size=part, max_concurrency=_PARTS_AT_ONCE)
        if self.size(key) != size_bytes:
            raise StoreError(f"{self.base} has not kept all of a file.", "Run the command again.")

    def blocks(self, key: str, offset: int) -> Iterator[bytes]:
        """The bytes of an object from there on. Raises: MediaAway: there is none."""
        import obstore

        with explained(self.base):
            answer = obstore.get(self._reading, key, options={"range": {"offset": offset}} if offset else None)
            yield from answer.stream(_BLOCK)

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        import obstore

        with explained(self.base), suppress(FileNotFoundError):  # some servers say so, others don't
            obstore.delete(self._reading, key)

    def why_absent(self, key: str) -> TraxError:
        """Why `size` found nothing, which it isn't told: perhaps there is no bucket at all."""
        import obstore

        try:
            with explained(self.base):
                obstore.get(self._reading, key)
        except TraxError as error:
            if not isinstance(error, MediaAway):
                return error
        return MediaAway(f"There is no {self.base}/{key} any more.", "Add the media again from where it came.")

    def _size_if_known(self, key: str) -> int | None:
        """S3 refuses to say that something is absent to whoever may not list the bucket, but may write there."""
        import obstore
        from obstore.exceptions import PermissionDeniedError

        with explained(self.base), suppress(FileNotFoundError, PermissionDeniedError):
            return obstore.head(self._reading, key)["size"]
        return None


def _client_options(scheme: str, patience: timedelta) -> ClientConfig:
    allow_http = os.environ.get(f"{_VARIABLES[scheme]}_ALLOW_HTTP", "").lower() in ("1", "true", "yes", "on")
    return {
        "allow_http": allow_http,  # what is given here takes the place of the environment
        "connect_timeout": timedelta(seconds=10),
        "read_timeout": patience,
        "timeout": timedelta(days=1),  # the default of 30 seconds is for the whole of a file
    }


def _checked(base: str) -> SplitResult:
    url = urlsplit(base)
    if "@" in url.netloc or url.query or url.fragment:  # never repeated in a message: that may be a password
        raise UsageError(
            f"The address of the {url.scheme}:// store holds more than a bucket and a folder.",
            "Put credentials into the environment.",
        )
    if not url.netloc or not base.isprintable():
        raise UsageError(f"{base!r} names no bucket.", "Write it as s3://bucket or s3://bucket/folder.")
    return url


def _check_endpoints() -> None:
    """An address without a host makes obstore panic."""
    for name in _ENDPOINTS:
        url = urlsplit(os.environ.get(name, "").strip() or "https://default")
        if url.scheme not in ("http", "https") or not url.hostname:
            raise UsageError(f"{name} is no web address.", "Write it as https://host or http://host:port.")
