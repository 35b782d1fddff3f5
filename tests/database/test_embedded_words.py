"""What the embedded server's log becomes for the user: a sentence or two, not the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from trax.database.embedded.failures import explain, telling_line

LOG = Path("home") / "postgres" / "server.log"
STAMP = "2026-11-22 14:02:11.123 UTC [4711] "
TRACEBACK = """Traceback (most recent call last):
  File "keeper.py", line 51, in run
    self._keep()
  File "state.py", line 48, in write_state
    write_private(path, text)
OSError: [Errno 28] No space left on device: 'state.json.new'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "keeper.py", line 60, in run
    self._fail(error)
trax.errors.DatabaseUnavailable: The disk is full: state.json can't be written.
"""
OTHER_TRACEBACK = """Traceback (most recent call last):
  File "keeper.py", line 60, in run
    self._fail(error)
trax.errors.DatabaseUnavailable: It does not start. The log ends with: FATAL
"""
FULL = f"""{STAMP}ERROR:  duplicate key value violates unique constraint "media_sha256"
{STAMP}PANIC:  could not write to file "pg_wal/xlogtemp.4711": No space left on device
{STAMP}LOG:  startup process (PID 4711) was terminated by signal 6: Aborted
{TRACEBACK}"""


def test_a_known_cause_needs_no_quotation() -> None:
    error = explain("The database server does not start.", FULL, LOG)
    assert error.message == "The disk is full, so the database can't be written."
    assert error.next_step.count("Free some space") == 1


def test_a_damaged_folder_names_the_log() -> None:
    error = explain("It does not start.", f"{STAMP}PANIC:  invalid checkpoint record", LOG)
    assert error.message == "The data folder of the database is damaged."
    assert str(LOG) in error.next_step
    assert "{" not in error.next_step


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (
            f"{STAMP}FATAL:  the moon is full\n{STAMP}ERROR:  relation missing\n{OTHER_TRACEBACK}",
            "FATAL:  the moon is full",
        ),
        (
            f"initdb: error: the folder is odd\n{STAMP}LOG:  the database system is shut down\n",
            "initdb: error: the folder is odd",
        ),
        (f"{STAMP}FATAL:  the database system is starting up\n{STAMP}LOG:  farewell\n", "LOG:  farewell"),
        ('Traceback (most recent call last):\n  File "x", line 1\nImportError: no av\n', "ImportError: no av"),
        ("", ""),
    ],
)
def test_one_line_is_quoted_where_the_cause_is_unknown(log: str, line: str) -> None:
    assert telling_line(log) == line
    error = explain("It does not start.", log, LOG)
    assert error.message == ("It does not start. The log ends with: " + line if line else "It does not start.")


def test_a_line_without_end_is_shortened() -> None:
    assert len(telling_line("FATAL:  " + "x" * 10_000)) < 310
