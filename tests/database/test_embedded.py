"""The embedded server, for real: started, shared, killed in every way, moved, misled, and asked to stop."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import pytest

from trax.database import embedded
from trax.database.embedded import acl, find_binaries
from trax.database.embedded.acl import Entry
from trax.database.embedded.cluster import Cluster
from trax.database.embedded.folders import Folders
from trax.database.embedded.locks import FileLock, is_held
from trax.database.embedded.ownership import server_user
from trax.database.embedded.server import Server, bound_log
from trax.database.embedded.state import State, read_state
from trax.errors import DatabaseUnavailable

SOURCES = Path(embedded.__file__).parents[3]
LONG = 600.0  # idle seconds that no test waits for
SHORT = 1.0

# Attaches, says the address and the server, does what else is asked, and waits to be killed or let go.
CLIENT = """
import sys, psycopg
from pathlib import Path
from trax.database import embedded
url = embedded.ensure_running(Path(sys.argv[1]), float(sys.argv[2]), lambda _: None)
connection = psycopg.connect(url, autocommit=True)
row = connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()
print(url, row[0], flush=True)
{then}
sys.stdin.read()
"""
WRITE_ROWS = """
for number in range(1_000_000):
    connection.execute("INSERT INTO kept VALUES (%s)", [number])
    print(number, flush=True)
"""
LONG_QUERY = """
print(connection.info.backend_pid, flush=True)
try:
    connection.execute("SELECT count(*) FROM generate_series(1, 1000000000000)")
except psycopg.OperationalError:
    connection.close()
"""


@dataclass
class Home:
    """A home with an initialised server, in a folder that only its owner may enter."""

    path: Path
    said: list[str] = field(default_factory=list)

    def start(self, idle_seconds: float = LONG) -> str:
        return embedded.ensure_running(self.path, idle_seconds, self.said.append)

    @property
    def folders(self) -> Folders:
        return Folders(self.path)

    @property
    def is_running(self) -> bool:
        return embedded.status(self.path).running

    def state(self) -> State:
        state = read_state(self.folders.state)
        assert state is not None
        return state

    def is_quiet(self) -> bool:
        return not is_held(self.folders.keeper_lock) and not is_held(self.folders.server_lock)

    def client(self, idle_seconds: float = LONG, then: str = "") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", CLIENT.format(then=then), str(self.path), str(idle_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    private = tmp_path_factory.mktemp("private")
    private.chmod(0o700)
    home = Home(private / "home")
    home.start()
    yield home
    embedded.stop(home.path)


@pytest.fixture
def home(shared_home: Home) -> Home:
    """The shared home with its server stopped."""
    embedded.stop(shared_home.path)
    shared_home.said.clear()
    return shared_home


@pytest.fixture
def running(shared_home: Home) -> Home:
    """The shared home with its server running, whoever started it."""
    shared_home.start()
    return shared_home


def eventually(is_so: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def read_value(url: str, query: str) -> object:
    with psycopg.connect(url, connect_timeout=10) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def answers(url: str) -> bool:
    try:
        return read_value(url, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def first_line(client: subprocess.Popen[str]) -> list[str]:
    assert client.stdout is not None
    return client.stdout.readline().split(maxsplit=1)


def end(*clients: subprocess.Popen[str]) -> None:
    for client in clients:
        client.kill()
        client.communicate()


# Starting, sharing, stopping


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


# Killed


def test_after_kill_9_of_the_keeper_the_next_client_finds_everything(home: Home) -> None:
    url = home.start()
    execute(url, "DROP TABLE IF EXISTS kept", "CREATE TABLE kept AS SELECT 8 AS number")
    before = home.state()
    os.kill(before.keeper_pid, signal.SIGKILL)
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
    assert eventually(lambda: answers(url) and embedded.status(home.path).pid != pid)
    assert home.start() == url
    assert read_value(url, "SELECT number FROM kept") == 9


def test_after_kill_9_of_everything_no_committed_row_is_lost(home: Home) -> None:
    execute(home.start(), "DROP TABLE IF EXISTS kept", "CREATE TABLE kept (number int)")
    client = home.client(then=WRITE_ROWS)
    assert client.stdout is not None
    lines = [client.stdout.readline() for _ in range(200)]
    assert lines[-1]
    keeper = psutil.Process(home.state().keeper_pid)
    client.kill()
    for process in [keeper, *keeper.children(recursive=True)]:
        process.kill()
    committed = int([*lines, *client.communicate()[0].splitlines()][-1])
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
        assert eventually(lambda: answers(url))
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


# What the server is


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
        "shared_buffers": "128MB",
        "jit": "off",
        "fsync": "on",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
    }
    with psycopg.connect(url) as connection:
        found = {name: connection.execute(f"SHOW {name}".encode()).fetchone() for name in settings}
    assert found == {name: (value,) for name, value in settings.items()}


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


# Who runs it


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as another user")
def test_root_opens_its_folders_to_the_servers_user_alone(running: Home) -> None:
    private = running.path.parent
    running.start()
    pid = embedded.status(running.path).pid
    assert pid is not None
    uid = psutil.Process(pid).uids().real
    assert uid != 0
    assert private.stat().st_mode & 0o707 == 0o700
    assert acl.permissions_of(private, uid, frozenset()) == acl.EXECUTE
    assert acl.permissions_of(private, uid + 1, frozenset({private.stat().st_gid})) == 0
    stranger = subprocess.run(
        ["ls", running.path], user=uid + 1, group=uid + 1, extra_groups=[], capture_output=True, check=False
    )
    assert b"Permission denied" in stranger.stderr
    assert running.folders.password.stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as a plain user already")
def test_a_plain_user_runs_the_server_as_itself() -> None:
    user = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, user.pw_uid, user.pw_gid)
        home = Home(Path(folder) / "home")
        python, environment = interpreter_for(user.pw_uid)
        environment["HOME"] = folder
        client = subprocess.Popen(
            [python, "-c", CLIENT.format(then=""), home.path, "600"],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert first_line(client)
            state = home.state()
            assert state.server_pid is not None
            owners = {psutil.Process(pid).uids().real for pid in (state.keeper_pid, state.server_pid)}
            assert owners == {user.pw_uid}
            assert {path.stat().st_uid for path in home.folders.root.rglob("*")} == {user.pw_uid}
            # Root comes second, finds the server of the folder's owner and leaves nothing of its own there.
            assert answers(home.start())
            assert embedded.stop(home.path)
            assert answers(home.start())
            assert {path.stat().st_uid for path in home.folders.root.rglob("*")} == {user.pw_uid}
        finally:
            end(client)
            embedded.stop(home.path)


def interpreter_for(uid: int) -> tuple[str, dict[str, str]]:
    """A Python that another user may run, with our packages; the environment's own may lie in /root."""
    search_path = [str(SOURCES), str(Path(psycopg.__file__).parents[1])]
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(search_path)}
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, system):
        try:
            subprocess.run(
                [python, "-c", "import psutil, psycopg; from trax.database import embedded as e; e.find_binaries()"],
                user=uid,
                group=uid,
                extra_groups=[],
                env=environment,
                cwd="/",
                capture_output=True,
                check=True,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return python, environment
    pytest.skip("no other user may run a Python with these packages (they lie in a private folder of root)")


def test_a_right_for_one_user_changes_nobody_elses() -> None:
    # rwx for user 5 and the group, cut down to r-- by the mask.
    before = [Entry(1, 7), Entry(2, 7, 5), Entry(4, 7), Entry(16, 4), Entry(32, 0)]
    assert acl.merged(before, 9, acl.EXECUTE) == [
        Entry(1, 7),
        Entry(2, 4, 5),
        Entry(2, 1, 9),
        Entry(4, 4),
        Entry(16, 5),
        Entry(32, 0),
    ]
    again = acl.merged(before, 5, acl.EXECUTE)
    assert again == [Entry(1, 7), Entry(2, 5, 5), Entry(4, 4), Entry(16, 5), Entry(32, 0)]
    assert acl.merged(again, 5, acl.EXECUTE) == again


# What goes wrong is explained


@pytest.mark.parametrize("folder", ["17", str(find_binaries().major)])
def test_a_data_folder_of_another_version_is_left_alone(tmp_path: Path, folder: str) -> None:
    data = tmp_path / "home" / "postgres" / folder / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("17\n")
    with pytest.raises(DatabaseUnavailable, match=r"PostgreSQL 17") as caught:
        Home(tmp_path / "home").start()
    assert "pg_dump" in caught.value.next_step
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]
    assert {path.name for path in data.parents[1].iterdir() if path.is_dir()} == {folder}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnavailable, match=r"file") as caught:
        Home(tmp_path / "file" / "home").start()
    assert "TRAX_HOME" in caught.value.next_step


def test_a_full_disk_is_told_and_leaves_nothing_half_made(tmp_path: Path) -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
    command = [sys.executable, "-c", limited + CLIENT.format(then=""), str(tmp_path), "60"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "DatabaseUnavailable: The disk is full" in result.stderr
    home = Home(tmp_path)
    assert home.is_quiet()
    assert not home.folders.data(find_binaries().major).exists()


def test_a_damaged_data_folder_is_told_with_the_servers_own_words(home: Home) -> None:
    control = home.folders.data(find_binaries().major) / "global" / "pg_control"
    away = control.with_name("pg_control.away")
    control.rename(away)
    try:
        with pytest.raises(DatabaseUnavailable, match=r"pg_control|control file"):
            home.start()
    finally:
        away.rename(control)
    assert answers(home.start())


def test_a_crash_while_a_client_waits_is_told_once_per_client(home: Home) -> None:
    """An error of an earlier attempt is not repeated: the next client tries anew."""
    data = home.folders.data(find_binaries().major)
    away = data.with_name("away")
    data.rename(away)
    data.mkdir()
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseUnavailable, match=r"PostgreSQL 16"):
        home.start()
    shutil.rmtree(data)
    away.rename(data)
    assert answers(home.start())
