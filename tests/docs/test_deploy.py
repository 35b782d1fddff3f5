"""What workers are deployed with says what is so: the unit, the files beside it, and the metrics that rules name."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import typer.main
from prometheus_client import generate_latest

from tests.conftest import REPOSITORY
from trax.cli.main import app
from trax.database import Database
from trax.jobs.logbook import ENDINGS
from trax.jobs.metrics import OUTCOMES, Metrics
from trax.settings import Settings

DEPLOY = REPOSITORY / "deploy"
MACHINES = REPOSITORY / "docs" / "many-machines.md"
UNIT = DEPLOY / "trax-worker@.service"


def assignments(path: Path) -> dict[str, str]:
    """The last value of each key of a unit or a file of variables."""
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not on this machine")
    copy = tmp_path / "trax-worker@gpu.service"
    trax = shutil.which("true")  # the program of the unit is not where it would be
    copy.write_text(UNIT.read_text("utf-8").replace("/opt/trax/bin/trax", str(trax)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    about_ours = [
        line for line in done.stderr.splitlines() if "trax" in line
    ]  # the machine's own units may have faults
    assert (done.returncode, about_ours) == (0, []), done.stderr


def test_a_worker_is_given_more_time_to_stop_than_it_gives_its_jobs() -> None:
    grace = float(assignments(DEPLOY / "trax.env.example")["TRAX_SHUTDOWN_GRACE"])
    assert float(assignments(UNIT)["TimeoutStopSec"]) >= grace + 15
    compose = load("compose.yaml")
    workers = [service for name, service in compose["services"].items() if name.startswith("worker")]
    assert len(workers) == 2
    for worker in workers:
        grace = float(worker["environment"]["TRAX_SHUTDOWN_GRACE"])
        assert float(worker["stop_grace_period"].removesuffix("s")) >= grace + 15


def test_every_setting_in_the_files_exists_and_is_valid() -> None:
    known = {f"TRAX_{name.upper()}" for name in Settings.model_fields}
    for path in DEPLOY.iterdir():
        named = set(re.findall(r"TRAX_[A-Z_]+\b", path.read_text("utf-8")))
        assert named <= known | {"TRAX_DB_PASSWORD", "TRAX_MEDIA"}, path.name
    example = {name: value for name, value in assignments(DEPLOY / "trax.env.example").items() if name in known}
    values: dict[str, Any] = {name.removeprefix("TRAX_").lower(): value for name, value in example.items()}
    assert Settings(**values).shutdown_grace == 60


def test_every_command_in_the_files_exists() -> None:
    container = (DEPLOY / "Containerfile").read_text("utf-8")
    started = shlex.split(assignments(UNIT)["ExecStart"])
    compose = load("compose.yaml")["services"]
    default = re.findall(r'^CMD \["(\w+)"\]', container, re.M)
    for words in (started[1:], default, compose["upgrade"]["command"], compose["worker-1"]["command"]):
        command: Any = typer.main.get_command(app)
        for word in words:
            command = command.commands[word]


def test_every_file_that_goes_into_the_container_is_there() -> None:
    container = (DEPLOY / "Containerfile").read_text("utf-8")
    copied = [name for line in re.findall(r"^COPY (?!--from)(.+)$", container, re.M) for name in line.split()[:-1]]
    assert "uv.lock" in copied
    assert all((REPOSITORY / name).exists() for name in copied)


def test_metrics_are_those_that_are_described(embedded_database: Database) -> None:
    metrics = Metrics(embedded_database)
    metrics.started(UUID(int=1), "here:1", ("default",), 1)
    served = set(re.findall(r"^# TYPE (\w+) ", generate_latest(metrics.registry).decode(), re.M))
    served = {name for name in served if not name.endswith("_created")}
    described = set(re.findall(r"^\| `(trax_\w+)", MACHINES.read_text("utf-8"), re.M))
    assert described == served
    for text in ((DEPLOY / "alerts.yml").read_text("utf-8"), MACHINES.read_text("utf-8")):
        assert set(re.findall(r"\b(trax_\w+)", text)) - {"trax_jobs"} <= served


def test_alerts_in_the_page_are_those_of_the_file() -> None:
    rules = {rule["alert"]: rule["expr"] for rule in load("alerts.yml")["groups"][0]["rules"]}
    page = MACHINES.read_text("utf-8")
    shown = re.findall(r"^- alert: (\w+)\n  expr: (.+)$", page, re.M)
    assert len(shown) == 2
    assert all(rules[name] == expression for name, expression in shown)


def test_every_event_of_the_log_is_described() -> None:
    section = MACHINES.read_text("utf-8").split("## Logs")[1]
    described = set(re.findall(r"`(\w+)`", section.split("Events are")[1]))
    assert {f"attempt_{outcome}" for outcome in ENDINGS} <= described
    source = "".join(path.read_text("utf-8") for path in (REPOSITORY / "src" / "trax").rglob("*.py"))
    said = set(re.findall(r'_log\(\s*"(\w+)"', source)) | set(re.findall(r'"event": "(\w+)"', source))
    assert "worker_failed" in said
    assert said <= described


def test_outcomes_are_the_same_everywhere() -> None:
    assert set(OUTCOMES) == set(ENDINGS)
    (row,) = re.findall(r"^\| `trax_attempts_total.*: (.+) \|$", MACHINES.read_text("utf-8"), re.M)
    assert set(row.split(", ")) == set(OUTCOMES)


def load(name: str) -> Any:
    return importlib.import_module("yaml").safe_load((DEPLOY / name).read_text("utf-8"))
