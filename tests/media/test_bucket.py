"""What is said where a bucket can't be used, and that no key is ever said."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media.s3_server import KEY_ID, SECRET, Fault, S3Server
from tests.media.stores import BASE, CONTENT, KEY, NAME, SHA256, Machine, local
from trax.errors import StoreError, StoreFull, ToolMissing, UsageError
from trax.media.object_store import ObjectStore
from trax.media.store import open_store
from trax.settings import load_settings

pytestmark = pytest.mark.usefixtures("no_credentials")


def problem(attempt: Callable[[], object]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        attempt()
    shown = "".join(traceback.format_exception(caught.value)) + str(caught.value)
    for secret in (SECRET, KEY_ID, "AKIAWRONG", "not-the-secret", "AWS4-HMAC", "StringToSign"):
        assert secret not in shown
    assert caught.value.retryable
    return caught.value


@pytest.mark.parametrize(
    ("variables", "words", "hint"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "not-the-secret"}, "doesn't let us in (SignatureDoesNotMatch)", "credentials"),
        ({"AWS_ACCESS_KEY_ID": "AKIAWRONG"}, "doesn't let us in (InvalidAccessKeyId)", "credentials"),
        ({"AWS_ALLOW_HTTP": "no"}, "without encryption", "AWS_ALLOW_HTTP"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "doesn't answer", "network"),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_METADATA_ENDPOINT": "http://127.0.0.1:9"},
            "no credentials",
            "AWS_ACCESS_KEY_ID",
        ),
    ],
)
def test_settings_that_dont_fit(
    on_s3: Machine,
    server: S3Server,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    words: str,
    hint: str,
) -> None:
    server.put(NAME, CONTENT)
    for name, value in variables.items():
        monkeypatch.delenv(name, raising=False)
        if value:
            monkeypatch.setenv(name, value)
    for attempt in (
        lambda: on_s3("one").take(source),
        lambda: on_s3("two").locate(f"{BASE}/{KEY}", SHA256),
        lambda: on_s3("three").forget(f"{BASE}/{KEY}"),
    ):
        error = problem(attempt)
        assert words in error.message
        assert hint in error.next_step


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault("PUT", 507, "XMinioStorageFull", times=9), StoreFull, "No space is left in s3://bucket"),
        (Fault("PUT", 403, "QuotaExceeded", times=9), StoreFull, "No space is left in s3://bucket"),
        (Fault("PUT", 403, "AccessDenied", times=9), StoreError, "AccessDenied"),
        (Fault("PUT", 301, "PermanentRedirect", times=9), StoreError, "another region"),
        (Fault("PUT", 503, "SlowDown", times=9), StoreError, "answers SlowDown"),
        (Fault("PUT", 400, "Not A Code <b>", times=9), StoreError, "answers 400"),
    ],
)
def test_servers_that_refuse(
    on_s3: Machine, server: S3Server, source: Path, tmp_path: Path, fault: Fault, kind: type[StoreError], words: str
) -> None:
    server.faults.append(fault)
    error = problem(lambda: on_s3("one").take(source))
    assert type(error) is kind
    assert words in error.message
    assert error.next_step
    assert local(tmp_path, "one") == []


def test_a_bucket_that_is_not_there(on_s3: Machine, server: S3Server, source: Path) -> None:
    server.buckets.clear()
    for attempt in (
        lambda: on_s3("one").take(source),
        lambda: on_s3("one").locate(f"{BASE}/{KEY}", SHA256),
    ):
        assert "no such bucket" in problem(attempt).message


def test_stores_of_other_makers_say_what_they_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="no credentials for az://") as caught:
        open_store(load_settings(home=tmp_path, store="az://container"))
    assert "AZURE_STORAGE_ACCOUNT_NAME" in caught.value.next_step
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    for store in ("az://container/folder", "gs://bucket/folder"):
        opened = open_store(load_settings(home=tmp_path, store=store))
        assert isinstance(opened, ObjectStore)
        assert opened.base == store


@pytest.mark.parametrize(
    "store", ["s3://", "s3:///folder", "s3://key:secret@bucket", "gs://bucket?sig=secret", "s3://a\tb"]
)
def test_addresses_that_are_none(tmp_path: Path, store: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(load_settings(home=tmp_path, store=store))
    assert "secret" not in str(caught.value)
    assert "\t" not in str(caught.value)


@pytest.mark.parametrize("address", ["nonsense", "host:9000", "ftp://host", "http://"])
def test_a_server_that_is_no_web_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL is no web address"):
        open_store(load_settings(home=tmp_path, store=BASE))


def test_obstore_is_asked_for_only_where_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("obstore", "obstore.store"):
        monkeypatch.setitem(sys.modules, name, None)
    open_store(load_settings(home=tmp_path)).draft("row")
    with pytest.raises(ToolMissing) as caught:
        open_store(load_settings(home=tmp_path, store="s3://bucket"))
    assert "pip install 'trax-transcripts[object-store]'" in caught.value.next_step
