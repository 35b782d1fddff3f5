"""Settings from the environment (`TRAX_...`) and `trax.toml`, read once by a face and passed down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from trax.errors import UsageError

DEFAULT_MODEL = "distil-large-v3"


def default_home() -> Path:
    return platformdirs.user_data_path("trax", appauthor=False)


class Settings(BaseSettings):
    """Every setting with its default; the environment wins over `trax.toml` in the current folder."""

    model_config = SettingsConfigDict(env_prefix="TRAX_", toml_file="trax.toml", extra="ignore", frozen=True)

    home: Path = Field(default_factory=default_home, description="data folder: embedded server, models, store")
    database_url: SecretStr | None = Field(None, description="any PostgreSQL 15+ instead of the embedded one")
    database_idle: float = Field(300.0, gt=0, description="seconds that the embedded server stays up unused")
    pool_size: int = Field(20, ge=1)
    pool_overflow: int = Field(30, ge=0)
    pool_timeout: float = Field(30.0, gt=0, description="seconds to wait for a free connection")
    model: str = Field(DEFAULT_MODEL, description="Whisper model: a name, or the path of a CTranslate2 folder")
    language: str | None = Field(None, description="ISO 639-1 code; empty: detect")
    device: str = Field("auto", pattern="^(auto|cpu|cuda)$")
    compute_type: str = Field("auto", description="CTranslate2 compute type")
    threads: int = Field(0, ge=0, description="CPU threads of the engine; 0: one per core")
    batch_size: int = Field(0, ge=0, description="windows decoded together; 0: chosen by device")
    offline: bool = Field(False, description="never ask a model hub")
    max_duration: float = Field(24 * 3600.0, gt=0, description="longest media that is decoded, seconds")

    @field_validator("home", mode="after")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**overrides: Any) -> Settings:
    """The settings in force; `overrides` win where they are not None.

    Raises: UsageError: a value is not valid; the message names the setting.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        problems = "; ".join(f"TRAX_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise UsageError(
            f"A setting is not valid: {problems}.", "Correct it in the environment or trax.toml."
        ) from error
    except ValueError as error:
        raise UsageError(f"trax.toml can't be read: {error}.", "Correct or remove the file.") from error
