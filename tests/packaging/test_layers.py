"""The shape of the code, kept by machine: import layers, a light start, public names that exist."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import trax
from tests.conftest import REPOSITORY

HEAVY = ("numpy", "sqlalchemy", "alembic", "av", "ctranslate2", "faster_whisper", "onnxruntime", "pydantic", "rich")


def test_imports_point_down() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; from trax.cli.main import app; print([name for name in sys.argv[1:] if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code, *HEAVY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_keeper_stays_small() -> None:
    code = "import sys, trax.database.embedded.keeper; print([n for n in sys.argv[1:] if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code, *HEAVY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_exist_and_no_module_takes_their_place() -> None:
    modules = {module.name for module in pkgutil.iter_modules(trax.__path__)}
    assert modules.isdisjoint(trax.__all__)
    for name in trax.__all__:
        assert getattr(trax, name) is not None
    assert trax.Result.__module__ == "trax.result"
