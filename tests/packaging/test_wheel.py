"""What users install: the wheel works outside the checkout, with the same migrations."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.fixtures.database import fresh_database
from tests.fixtures.missing import missing


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel; its dependencies come from the running environment."""
    uv = shutil.which("uv") or os.environ.get("UV")
    if uv is None:
        missing("uv is not on the search path")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([uv, "build", "--wheel", "--quiet", "--out-dir", str(folder), str(REPOSITORY)], check=True)
    (wheel,) = folder.glob("trax_transcripts-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(site: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    code = "import trax, sys; sys.argv[0] = 'trax'; print(trax.__file__, file=sys.stderr)\n"
    code += "from trax.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd="/",
        env=os.environ | {"PYTHONPATH": str(site)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_the_package_and_the_migrations_and_no_tests(installed: Path) -> None:
    assert (installed / "trax" / "py.typed").exists()
    packaged = {path.name for path in (installed / "trax" / "migrations" / "versions").glob("*.py")}
    assert packaged == {path.name for path in (REPOSITORY / "migrations" / "versions").glob("*.py")}
    assert not (installed / "tests").exists()


def test_the_wheel_holds_the_recording_that_benchmarks_measure_on(installed: Path) -> None:
    code = "from trax.speeds.sample import sample_path; print(sample_path())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(installed)}, capture_output=True, text=True
    )
    assert Path(done.stdout.strip()) == installed / "trax" / "samples" / "conversation.ogg", done.stderr
    assert Path(done.stdout.strip()).read_bytes() == (REPOSITORY / "samples" / "conversation.ogg").read_bytes()


def test_db_upgrade_works_from_the_wheel(installed: Path, embedded_server: str) -> None:
    with fresh_database(embedded_server) as url:
        done = run(installed, "db", "upgrade", TRAX_DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
        assert str(installed) in done.stderr
        assert "upgraded from nothing" in done.stderr
        assert run(installed, "db", "upgrade", TRAX_DATABASE_URL=url).stderr.strip().endswith("was up to date.")
        assert run(installed, "media", "list", "--json", TRAX_DATABASE_URL=url).stdout.strip() == "[]"
