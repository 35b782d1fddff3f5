"""The real model, where the package that carries its weights is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fixtures.missing import missing
from trax.embedding import Embedder, open_embedder
from trax.embedding.weights import INSTALL, PACKAGE


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """all-MiniLM-L6-v2, loaded."""
    if find_spec(PACKAGE) is None:
        missing(f"the weights of all-MiniLM-L6-v2 are not installed ({INSTALL})")
    nowhere: Path = tmp_path_factory.mktemp("no-models")
    return open_embedder(None, models_folder=nowhere, offline=True)
