"""Settings from the environment (`TRAX_...`) and `trax.toml`, read once by a face and passed down."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from trax.errors import UsageError

DEFAULT_MODEL = "distil-large-v3"

# PostgreSQL's channels, on which workers are told of jobs, have short names; those with an @ are processes' own.
QUEUE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"


def check_queue(name: str) -> None:
    """Raises: UsageError: that is no name for a queue."""
    if not re.fullmatch(QUEUE_NAME, name):
        raise UsageError(
            f"{name!r} is no name for a queue.",
            "A name has at most 40 letters, digits, dots, hyphens and underscores, and begins with a letter or digit.",
        )


def bytes_of(size: str) -> int | None:
    """Bytes of a size such as 4G, 512M or 1.5 GiB; None for an empty one.

    Raises: ValueError: that is no size.
    """
    if not size.strip():
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", size, re.IGNORECASE)
    if found is None:
        raise ValueError(f"{size!r} is no size; write 4G or 512M")
    return int(float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " "))


Finite = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def default_home() -> Path:
    return platformdirs.user_data_path("trax", appauthor=False)


class Settings(BaseSettings):
    """Every setting with its default; the environment wins over `trax.toml` in the current folder."""

    # "forbid" is about trax.toml: of the environment only the variables of the fields below are looked at
    model_config = SettingsConfigDict(
        env_prefix="TRAX_", env_ignore_empty=True, toml_file="trax.toml", extra="forbid", frozen=True
    )

    home: Path = Field(default_factory=default_home, description="data folder: embedded server, models, store")
    database_url: SecretStr | None = Field(None, description="any PostgreSQL 15+ instead of the embedded one")
    database_idle: Finite = Field(300.0, description="seconds that the embedded server stays up unused")
    pool_size: int = Field(20, ge=1)
    pool_overflow: int = Field(30, ge=0)
    pool_timeout: Finite = Field(30.0, description="seconds to wait for a free connection")
    model: str = Field(DEFAULT_MODEL, description="Whisper model: a name, or the path of a CTranslate2 folder")
    language: str | None = Field(None, description="ISO 639-1 code; empty: detect")
    device: str = Field("auto", pattern="^(auto|cpu|cuda)$")
    compute_type: str = Field("auto", description="CTranslate2 compute type")
    threads: int = Field(0, ge=0, description="CPU threads of the engine; 0: one per core")
    encoder: str = Field("auto", pattern="^(auto|ctranslate2|openvino)$", description="what encodes; auto: the fastest")
    batch_size: int = Field(0, ge=0, description="windows decoded together; 0: chosen by device")
    memory: int | None = Field(None, ge=0, description="most memory to plan for, such as 4G; none: half the machine's")
    concurrency: int = Field(0, ge=0, le=64, description="files in work at a time; 0: as many as keep the engine busy")
    embedding_model: Path | None = Field(
        None, description="folder of a sentence encoder for searches by meaning; none: all-MiniLM-L6-v2"
    )
    diarizer: str = Field("auto", pattern="^(auto|community1|pyannote)$", description="what tells speakers apart")
    diarize_models: Path | None = Field(
        None, description="folder with the weights of community-1; none: the installed package, the cache, or the web"
    )
    voice_prints: bool = Field(False, description="keep the voices of speakers, to know them again in other files")
    llm_base_url: str = Field(
        "https://api.deepseek.com", pattern="^https?://", description="where the language model answers"
    )
    llm_api_key: SecretStr | None = Field(None, description="key of the language model's API")
    llm_model: str = Field("deepseek-chat", min_length=1, description="language model that corrects transcripts")
    llm_concurrency: int = Field(4, ge=1, le=64, description="requests to the language model at a time")
    llm_requests_per_minute: int | None = Field(None, ge=1, description="most requests to the language model a minute")
    llm_timeout: Finite = Field(120.0, description="seconds without an answer after which a request has failed")
    llm_retries: int = Field(5, ge=0, description="further tries at a request that failed for a passing reason")
    llm_max_cost: Finite | None = Field(None, description="US dollars that the corrections of one transcript may cost")
    llm_prices: str | None = Field(
        None, description="US dollars per million tokens of a model without a price in Trax: input/cached/output"
    )
    offline: bool = Field(False, description="never ask a model hub")
    max_duration: Finite = Field(24 * 3600.0, description="longest media that is decoded, seconds")
    store: str | None = Field(None, description="where downloads are kept: a folder, s3://, gs:// or az://")
    store_cache: int = Field(20 << 30, ge=0, description="most bytes of an object store that are kept on this machine")
    downloads: int = Field(3, ge=1, le=16, description="files that are downloaded at a time")
    download_limit: int = Field(20 << 30, ge=1, description="largest file that is downloaded, such as 20G")
    download_rate: int | None = Field(None, ge=1, description="bytes per second of each download, such as 2M")
    download_stall: Finite = Field(30.0, description="seconds without a byte after which a download has failed")
    allow_private_addresses: bool = Field(False, description="also download from this machine and its network")
    youtube_base_url: str = Field("https://www.youtube.com", description="where YouTube's pages are")
    youtube_cookies: Path | None = Field(None, description="cookies file (Netscape format) of a YouTube session")
    youtube_pause: float = Field(5.0, ge=0, description="seconds between two downloads from YouTube")
    queue: str = Field("default", pattern=QUEUE_NAME, description="queue that jobs are put in")
    max_retries: int = Field(3, ge=0, description="further attempts at a job that failed for a passing reason")
    retry_delay: Finite = Field(5.0, description="seconds before the first retry; doubled for each further one")
    heartbeat_interval: Finite = Field(10.0, description="seconds between a worker's signs of life")
    stall_timeout: Finite = Field(30.0, description="seconds of silence after which a worker counts as dead")
    shutdown_grace: float = Field(5.0, ge=0, description="seconds that a worker's jobs have to finish at its end")
    metrics_port: int | None = Field(None, ge=0, le=65535, description="port of a worker's metrics; 0: any free one")
    metrics_host: str = Field("127.0.0.1", description="address that a worker's metrics are served on")
    log_format: str = Field("text", pattern="^(text|json)$", description="form of a worker's log")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="least level that is logged")

    @model_validator(mode="after")
    def _two_beats_before_death(self) -> Settings:
        if self.stall_timeout < 2 * self.heartbeat_interval:
            raise ValueError("stall_timeout must be at least twice heartbeat_interval, or living workers count as dead")
        return self

    @field_validator("home", "embedding_model", "diarize_models", mode="before")
    @classmethod
    def _no_empty_path(cls, path: Any) -> Any:
        if isinstance(path, str) and not path.strip():
            raise ValueError("an empty path is no folder")  # to Path it would be the current one
        return path

    @field_validator("home", mode="after")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        try:
            return path.expanduser().absolute()
        except RuntimeError as error:  # ~name where there is no such user
            raise ValueError(str(error)) from error

    @field_validator("memory", "store_cache", "download_limit", "download_rate", mode="before")
    @classmethod
    def _in_bytes(cls, size: Any) -> Any:
        return bytes_of(size) if isinstance(size, str) else size

    @field_validator("language", mode="before")
    @classmethod
    def _as_a_code(cls, language: Any) -> Any:
        return (language.strip().lower() or None) if isinstance(language, str) else language

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
        problems = "; ".join(_problem(".".join(map(str, e["loc"])), e["type"], e["msg"]) for e in error.errors())
        raise UsageError(
            f"A setting is not valid: {problems}.", "Correct it in the environment or trax.toml."
        ) from error
    except (ValueError, OSError) as error:
        raise UsageError(f"trax.toml can't be read: {error}.", "Correct or remove the file.") from error


def _problem(name: str, kind: str, message: str) -> str:
    if kind != "extra_forbidden":
        return f"TRAX_{name.upper()}: {message}" if name else message
    near = get_close_matches(name, Settings.model_fields, n=1)
    return f"trax.toml: there is no setting {name!r}" + (f" (did you mean {near[0]}?)" if near else "")
