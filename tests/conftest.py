"""Fixtures for every test: a clean environment and the shared recordings; models and databases come from fixtures/."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import hypothesis
import pytest

from tests.fixtures.missing import missing

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_DATA = Path(os.environ.get("TRAX_TEST_DATA", REPOSITORY.parent / "shared" / "data"))

hypothesis.settings.register_profile("trax", deadline=None)  # a busy machine is no fault
hypothesis.settings.load_profile("trax")

pytest_plugins = ["tests.fixtures.models", "tests.fixtures.database", "tests.fixtures.llm_server"]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer reaches a test; nothing is written outside the test's folder."""
    for name in list(os.environ):
        if name.startswith("TRAX_") and not name.startswith("TRAX_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    monkeypatch.setenv("TRAX_HOME", str(tmp_path / "trax-home"))
    monkeypatch.setenv("TRAX_OFFLINE", "1")
    monkeypatch.setenv("TRAX_ENCODER", "ctranslate2")  # results must not depend on what a benchmark finds


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings that stands beside the checkout; never part of the project."""
    if not (SHARED_DATA / "MANIFEST.md").exists():
        missing(f"the shared test data is not at {SHARED_DATA} (set TRAX_TEST_DATA)")
    return SHARED_DATA


def pytest_configure() -> None:
    """Ctrl-C is tested, too: a shell that starts the tests in the background has them ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
