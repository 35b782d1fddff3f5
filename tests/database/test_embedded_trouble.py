"""The embedded server under other users, on full disks and in damaged folders."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.fixtures.embedded import (
    CLIENT,
    Home,
    answers,
    end,
    first_line,
)
from trax.database import embedded
from trax.database.embedded import acl, find_binaries
from trax.database.embedded.acl import Entry
from trax.errors import DatabaseUnavailable

SOURCES = Path(embedded.__file__).parents[3]


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
    told = result.stderr[result.stderr.rindex("DatabaseUnavailable: ") :]
    assert told.startswith("DatabaseUnavailable: The disk is full")
    assert "The log ends with" not in told
    assert len(told) < 300
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


def test_an_error_is_gone_with_its_cause(home: Home) -> None:
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
