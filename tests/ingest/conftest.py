"""Fixtures of tests that fetch: a guard against asking the internet."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Hosts that were asked for; any but this machine fails the test."""
    asked: list[str] = []
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def checked(ours: socket.socket, address: Any) -> None:
        _check(address[0] if isinstance(address, tuple) else "127.0.0.1", asked)
        connect(ours, address)

    def resolved(host: Any, *arguments: Any, **more: Any) -> Any:
        _check(host, asked)
        return resolve(host, *arguments, **more)

    monkeypatch.setattr(socket.socket, "connect", checked)
    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    yield asked
    assert not [host for host in asked if host not in ("127.0.0.1", "localhost", "::1")]


def _check(host: Any, asked: list[str]) -> None:
    name = host.decode() if isinstance(host, bytes) else str(host)
    asked.append(name)
    if name not in ("127.0.0.1", "localhost", "::1"):
        raise ConnectionRefusedError(f"{name} is not this machine")
