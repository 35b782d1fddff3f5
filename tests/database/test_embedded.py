"""The embedded server as programs see it: started on demand, shared, stopped when unused, easy to reach."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.fixtures.embedded import (
    LONG,
    SHORT,
    Home,
    answers,
    end,
    eventually,
    execute,
    first_line,
    read_value,
)
from trax.database import embedded
from trax.database.embedded import find_binaries
from trax.database.embedded.locks import is_held
from trax.database.embedded.server import bound_log


def test_the_first_start_is_announced_and_the_next_use_is_quick_and_quiet(home: Home) -> None:
    url = home.start()
    assert home.said == ["Starting the database."]
    home.said.clear()
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        assert home.start() == url
        times.append(time.perf_counter() - begin)
    assert home.said == []
    assert min(times) < 0.1
    status = embedded.status(home.path)
    assert status.running
    assert status.url == url
    assert status.pid is not None
    assert psutil.Process(status.pid).name() == "postgres"
    assert status.data_folder == home.path / "postgres" / str(find_binaries().major) / "data"
    assert status.version == find_binaries().version
    assert status.idle_seconds == LONG
    assert status.started_at is not None
    assert status.started_at <= time.time()


def test_processes_that_come_at_once_share_one_server(home: Home) -> None:
    clients = [home.client() for _ in range(4)]
    try:
        assert len({tuple(first_line(client)) for client in clients}) == 1
    finally:
        end(*clients)


def test_a_server_in_use_stays_and_a_killed_client_does_not_keep_it_up(home: Home) -> None:
    client = home.client(SHORT)
    try:
        assert first_line(client)
        assert not eventually(lambda: not home.is_running, 2.5 * SHORT)
    finally:
        end(client)
    assert eventually(home.is_quiet)
    assert not home.is_running


def test_the_newest_idle_time_holds(home: Home) -> None:
    home.start(SHORT)
    home.start(LONG)
    assert embedded.status(home.path).idle_seconds == LONG
    assert eventually(lambda: home.state().idle_seconds == SHORT)
    assert not eventually(lambda: not home.is_running, 2.5 * SHORT)


def test_stop_ends_every_process_and_the_address_stays(home: Home) -> None:
    url = home.start()
    execute(url, "DROP TABLE IF EXISTS kept", "CREATE TABLE kept AS SELECT 7 AS number")
    pid = embedded.status(home.path).pid
    assert pid is not None
    assert embedded.stop(home.path)
    assert home.is_quiet()
    assert not answers(url)
    assert not embedded.stop(home.path)
    assert home.start() == url
    assert read_value(url, "SELECT number FROM kept") == 7


def test_status_and_stop_make_nothing(tmp_path: Path) -> None:
    assert not embedded.status(tmp_path / "home").running
    assert not embedded.stop(tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_port_that_is_taken_is_replaced(home: Home) -> None:
    url = home.start()
    embedded.stop(home.path)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", home.state().port or 0))
        other.listen()
        moved = home.start()
    assert moved != url
    assert answers(moved)


def test_a_removed_folder_ends_its_server(home: Home) -> None:
    url = home.start(SHORT)
    away = home.path / "away"
    home.folders.root.rename(away)
    try:
        assert eventually(lambda: not is_held(away / "keeper.lock") and not is_held(away / "server.lock"))
        assert not answers(url)
    finally:
        away.rename(home.folders.root)


def test_text_of_every_language_is_understood(running: Home) -> None:
    url = running.start()
    execute(url, "CREATE EXTENSION IF NOT EXISTS pg_trgm")
    assert read_value(url, "SELECT show_trgm('機械学习') <> '{}'") is True
    assert read_value(url, "SELECT lower('ÉÄΣ')") == "éäσ"
    assert read_value(url, "SELECT to_tsvector('simple', 'Émile 機械学习')::text") == "'émile':1 '機械学习':2"


def test_settings_are_in_force(running: Home) -> None:
    url = running.start()
    settings = {
        "max_connections": "200",
        "jit": "off",
        "fsync": "on",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
    }
    with psycopg.connect(url) as connection:
        found = {name: connection.execute(f"SHOW {name}".encode()).fetchone() for name in settings}
        (cache,) = connection.execute("SELECT pg_size_bytes(current_setting('shared_buffers'))").fetchone() or (0,)
    assert found == {name: (value,) for name, value in settings.items()}
    assert 128 * 2**20 <= cache <= 2**30


def test_nobody_gets_in_without_the_password(running: Home) -> None:
    url = running.start()
    password = running.folders.password.read_text()
    for wrong in (url.replace(password, "guess"), url.replace(f":{password}", "")):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong, passfile="/dev/null")
    assert running.folders.password.stat().st_mode & 0o077 == 0
    assert running.folders.data(find_binaries().major).stat().st_mode & 0o077 == 0


def test_a_lost_password_is_replaced(home: Home) -> None:
    home.folders.password.unlink()
    assert answers(home.start())


def test_the_address_works_in_psql(running: Home) -> None:
    url = running.start()
    for program in {str(find_binaries().folder / "psql"), shutil.which("psql") or "psql"}:
        if not shutil.which(program):
            continue
        command = [program, url, "-Atc", "select 40 + 2"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (result.stdout, result.stderr) == ("42\n", "")


def test_settings_of_other_postgresql_clients_do_no_harm(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    harmful = {
        "PGHOSTADDR": "192.0.2.1",
        "PGSSLMODE": "verify-full",
        "PGOPTIONS": "-c no_such_setting=1",
        "PGPORT": "1",
        "PGDATA": "/nowhere",
        "LC_ALL": "no_such_locale",
    }
    for name, value in harmful.items():
        monkeypatch.setenv(name, value)
    home.start()
    assert home.is_running


def test_the_log_is_bounded(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old\n")
        bound_log(log)
        writer.write(b"new\n")
    assert log.read_bytes() == b"new\n"
    assert (tmp_path / "server.old.log").read_bytes() == b"old\n"


def test_the_keeper_is_small() -> None:
    heavy = "{'sqlalchemy', 'numpy', 'pydantic', 'psycopg'}"
    code = f"import sys, trax.database.embedded.keeper; sys.exit(str({heavy} & set(sys.modules) or ''))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stderr.strip() == ""
