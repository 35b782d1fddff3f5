"""The embedded server killed in every way: nothing that was committed is lost, and nobody else is hurt."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess

import psutil

from tests.fixtures.embedded import (
    LONG_QUERY,
    WRITE_ROWS,
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
from trax.database.embedded.cluster import Cluster
from trax.database.embedded.locks import FileLock, is_held
from trax.database.embedded.ownership import server_user
from trax.database.embedded.server import Server


def test_after_kill_9_of_the_keeper_the_next_client_finds_everything(home: Home) -> None:
    url = home.start()
    execute(url, "DROP TABLE IF EXISTS kept", "CREATE TABLE kept AS SELECT 8 AS number")
    before = home.state()
    os.kill(before.keeper_pid, signal.SIGKILL)
    assert eventually(lambda: not is_held(home.folders.keeper_lock))
    url = home.start()
    assert read_value(url, "SELECT number FROM kept") == 8
    after = home.state()
    assert after.keeper_pid != before.keeper_pid
    assert after.server_pid != before.server_pid


def test_a_server_that_is_killed_while_it_starts_starts_again(home: Home) -> None:
    client = home.client()
    try:
        before = home.state().server_pid
        assert eventually(lambda: home.state().server_pid not in (None, before))
        os.kill(home.state().server_pid or 0, signal.SIGKILL)
        assert answers(first_line(client)[0])
    finally:
        end(client)


def test_stop_ends_a_server_whose_keeper_was_killed(home: Home) -> None:
    url = home.start()
    os.kill(home.state().keeper_pid, signal.SIGKILL)
    embedded.stop(home.path)
    assert home.is_quiet()
    assert not answers(url)


def test_after_kill_9_of_the_postmaster_the_server_comes_back_at_the_same_address(home: Home) -> None:
    url = home.start()
    execute(url, "DROP TABLE IF EXISTS kept", "CREATE TABLE kept AS SELECT 9 AS number")
    pid = embedded.status(home.path).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: answers(url) and embedded.status(home.path).pid != pid), home.log()
    assert home.start() == url
    assert read_value(url, "SELECT number FROM kept") == 9


def test_after_kill_9_of_everything_no_committed_row_is_lost(home: Home) -> None:
    execute(home.start(), "DROP TABLE IF EXISTS kept", "CREATE TABLE kept (number int)")
    client = home.client(then=WRITE_ROWS)
    assert client.stdout is not None
    lines = [client.stdout.readline() for _ in range(200)]
    assert lines[-1]
    keeper = psutil.Process(home.state().keeper_pid)
    for process in [psutil.Process(client.pid), keeper, *keeper.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):  # it saw the others die
            process.kill()
    committed = int([*lines, *client.communicate()[0].splitlines()][-1])
    assert eventually(lambda: not is_held(home.folders.keeper_lock))
    url = home.start()
    kept = read_value(url, f"SELECT count(*) FROM generate_series(0, {committed}) n JOIN kept ON number = n")
    assert kept == committed + 1


def test_a_server_without_a_keeper_is_ended_before_a_new_one_starts(home: Home) -> None:
    """As on systems that don't end the server together with its killed keeper."""
    lock = FileLock(home.folders.server_lock)
    assert lock.try_exclusive()
    cluster = Cluster(home.folders, find_binaries(), server_user(home.folders.root, home.said.append))
    orphan = Server(cluster, lock)
    try:
        pid_file = cluster.data / "postmaster.pid"
        assert eventually(lambda: pid_file.exists() and "ready" in pid_file.read_text())
        assert not embedded.status(home.path).running
        assert answers(home.start())
        assert orphan.has_ended
        assert embedded.status(home.path).pid != orphan.pid
    finally:
        orphan.stop()


def test_a_query_that_outlives_its_postmaster_is_ended(home: Home) -> None:
    url = home.start()
    client = home.client(then=LONG_QUERY)
    try:
        first_line(client)
        backend = int(first_line(client)[0])
        pid = embedded.status(home.path).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: answers(url)), home.log()
        assert not psutil.pid_exists(backend) or psutil.Process(backend).status() == psutil.STATUS_ZOMBIE
    finally:
        end(client)


def test_process_ids_of_strangers_fool_nobody(home: Home) -> None:
    stranger = subprocess.Popen(["sleep", "100"])
    try:
        old = home.state()
        text = home.folders.state.read_text().replace(str(old.keeper_pid), str(stranger.pid))
        home.folders.state.write_text(text.replace('"stopped"', '"ready"'))
        data = home.folders.data(find_binaries().major)
        # As a killed server leaves it, its process id given away since.
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n1\n{old.port}\n\n127.0.0.1\n\nready\n")
        assert not embedded.status(home.path).running
        assert not embedded.stop(home.path)
        assert answers(home.start())
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
