"""Settings: where they come from, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from trax.errors import UsageError
from trax.settings import default_home, load_settings


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_environment_wins_over_the_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "trax.toml").write_text('model = "base"\npool_size = 7\n')
    monkeypatch.setenv("TRAX_MODEL", "tiny")
    settings = load_settings()
    assert (settings.model, settings.pool_size) == ("tiny", 7)
    assert load_settings(model="small").model == "small"


@pytest.mark.parametrize("name", ["TRAX_HOME", "TRAX_DATABASE_URL", "TRAX_LANGUAGE", "TRAX_THREADS", "TRAX_OFFLINE"])
def test_an_empty_variable_is_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name, raising=False)
    unset = load_settings()
    monkeypatch.setenv(name, "")
    assert load_settings() == unset


def test_home_is_never_the_current_folder_by_accident(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_HOME", "")
    assert load_settings().home == default_home()
    (here / "trax.toml").write_text('home = " "\n')
    with pytest.raises(UsageError, match="TRAX_HOME"):
        load_settings()


@pytest.mark.parametrize(("given", "meant"), [("EN", "en"), (" De ", "de"), ("", None), ("  ", None)])
def test_the_language_is_a_code(given: str, meant: str | None) -> None:
    assert load_settings(language=given).language == meant


@pytest.mark.parametrize("name", ["MAX_DURATION", "DATABASE_IDLE", "POOL_TIMEOUT"])
@pytest.mark.parametrize("value", ["inf", "nan", "0", "-1", "long"])
def test_times_are_finite(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TRAX_{name}", value)
    with pytest.raises(UsageError, match=f"TRAX_{name}"):
        load_settings()


def test_a_misspelt_setting_in_the_file_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_DEBUG", "1")  # not a setting, and no concern of the settings
    monkeypatch.setenv("TRAX_TEST_ANYTHING", "1")
    load_settings()
    (here / "trax.toml").write_text('modle = "tiny"\n')
    with pytest.raises(UsageError, match=r"'modle' \(did you mean model\?"):
        load_settings()


@pytest.mark.parametrize("content", ["model = ", "\xff"])
def test_a_broken_file_is_explained(here: Path, content: str) -> None:
    (here / "trax.toml").write_bytes(content.encode("latin-1"))
    with pytest.raises(UsageError, match=r"trax\.toml can't be read"):
        load_settings()


def test_a_home_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_HOME", "~nobody-by-that-name/trax")
    with pytest.raises(UsageError, match="TRAX_HOME"):
        load_settings()
