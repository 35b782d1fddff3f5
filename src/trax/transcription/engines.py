"""Loaded models, each loaded once per `Engines`, and the choice of the one that understands a language."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from threading import Lock, RLock, Thread
from typing import TYPE_CHECKING, Any

from trax.errors import LlmNotSetUp, ModelUnavailable, UnknownModel, UsageError
from trax.settings import DEFAULT_MODEL
from trax.transcription.device import plan
from trax.transcription.models import ResolvedModel, at_hand, canonical_name, resolve
from trax.transcription.transcriber import Transcriber
from trax.turns import Diarizer

if TYPE_CHECKING:
    from trax.enhancement.llm import Llm

DETECTORS = ("tiny", "base", "small", "large-v3-turbo", "medium", "large-v3", "large-v2")  # cheapest first
MULTILINGUAL_FALLBACK = "large-v3-turbo"  # for languages that an English-only model doesn't know

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Where models lie and what they run on."""

    models_folder: Path
    offline: bool = False
    device: str = "auto"
    compute_type: str = "auto"
    threads: int = 0  # 0: one per core
    batch_size: int = 0  # 0: chosen by device
    memory: int | None = None  # bytes to plan for; None: half the machine's
    encoder: str = "auto"  # or ctranslate2, openvino
    judge: str = DEFAULT_MODEL  # hears which words are right, where a transcript is from no model of ours
    cache_folder: Path | None = None  # for what is measured and compiled; None: it isn't kept


@dataclass(slots=True)
class Download:
    """Announces every tenth of a download."""

    name: str
    announce: Callable[[str], None]
    _tenths: int = -1

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        tenths = 10 * done_bytes // max(1, total_bytes)
        if tenths > self._tenths:
            self._tenths = tenths
            self.announce(f"Downloading {self.name}: {done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB")


def _no_diarizer() -> Diarizer:
    raise ModelUnavailable("These engines tell no speakers apart.", "Use the engines of an archive.")


def _no_llm(_: str) -> Llm:
    raise LlmNotSetUp("These engines correct nothing.", "Use the engines of an archive.")


@dataclass(slots=True)
class Engines:
    """Speech engines by model name, the one that tells speakers apart, and language models by name.

    Threads may share them, and wait for each other's loading.
    """

    options: EngineOptions
    announce: Callable[[str], None]
    open_diarizer: Callable[[], Diarizer] = _no_diarizer
    open_llm: Callable[[str], Llm] = _no_llm
    diarizing: Lock = field(default_factory=Lock)  # held by whoever uses the diarizer
    _loaded: dict[tuple[str, str], Transcriber] = field(default_factory=dict)  # by model and compute type
    _ahead: dict[tuple[str, str], Future[Transcriber | None]] = field(default_factory=dict)  # each is begun once
    _fruitless: set[str] = field(default_factory=set)  # ways to a detector that led nowhere, not to be tried again
    _lock: RLock = field(default_factory=RLock)
    _diarizer: Diarizer | None = None
    _diarizer_lock: Lock = field(default_factory=Lock)
    _llms: dict[str, Llm] = field(default_factory=dict)

    def check(self, name: str, language: str | None = None) -> None:
        """Refuse, before any work, what can't be run here whatever the file.

        Raises: UnknownModel, UsageError: a device, compute type or encoder that this machine lacks, or no language of
            Whisper's.
        """
        from trax.transcription.encoder_choice import check_wanted

        options = self.options
        if (canonical_name(name), options.compute_type) not in self._loaded:
            chosen = plan(options.device, options.compute_type, options.threads, options.batch_size)
            check_wanted(options.encoder, chosen.device)
        if language is not None:
            _check_language(language)

    def get(self, name: str, compute_type: str = "auto") -> Transcriber:
        """The engine for that model, loaded now if it isn't yet; where the compute type is "auto", as the options say.

        Raises: UnknownModel, ModelUnavailable, UsageError: the machine doesn't have that compute type.
        """
        key = (canonical_name(name), self.options.compute_type if compute_type == "auto" else compute_type)
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = self._loaded_ahead(key) or self._load(*key, offline=self.options.offline)
            return self._loaded[key]

    def load_ahead(self, name: str) -> None:
        """Begin to load a model that will be asked for, in the background; `get` waits for it.

        Only what is ready to be loaded is, and nothing is said: all else is for `get`, and so is every error.
        """
        try:
            key = (canonical_name(name), self.options.compute_type)
        except UnknownModel:
            return
        begun: Future[Transcriber | None] = Future()
        if key not in self._loaded and self._ahead.setdefault(key, begun) is begun:
            Thread(target=self._load_quietly, args=(key, begun), name="trax-load").start()

    def _load_quietly(self, key: tuple[str, str], begun: Future[Transcriber | None]) -> None:
        engine = None
        try:
            from trax.transcription.encoder_choice import is_to_be_compared

            options = self.options
            model = at_hand(key[0], models_folder=options.models_folder, offline=options.offline)
            if model is not None and not is_to_be_compared(options.encoder, options.cache_folder):
                engine = self._start(model, key[1])
        except Exception as error:  # `get` meets it again, where somebody hears of it
            log.debug("can't load ahead", exc_info=error)
        finally:
            begun.set_result(engine)

    def _loaded_ahead(self, key: tuple[str, str]) -> Transcriber | None:
        nothing: Future[Transcriber | None] = Future()
        nothing.set_result(None)
        engine = self._ahead.setdefault(key, nothing).result()  # from here on it is too late to begin
        if engine is not None:
            self.announce(_chosen(engine.description()))
        return engine

    def diarizer(self) -> Diarizer:
        """What tells speakers apart, loaded now if it isn't yet; hold `diarizing` while it works.

        Raises: ModelUnavailable: neither on this machine nor to be downloaded. UsageError, OutputError.
        """
        with self._diarizer_lock:
            if self._diarizer is None:
                self._diarizer = self.open_diarizer()
            return self._diarizer

    def llm(self, name: str) -> Llm:
        """The language model of that name: the same one for all, so that they share its limits.

        Raises: LlmNotSetUp: no key for it, or no client.
        """
        with self._lock:
            if name not in self._llms:
                self._llms[name] = self.open_llm(name)
            return self._llms[name]

    def detector(self, *, may_download: bool) -> Transcriber | None:
        """A multilingual engine that can tell languages apart; None where there is none to be had.

        What can't be had is looked for once, not for every file.
        """
        with self._lock:
            for name in DETECTORS:
                if (loaded := self._loaded.get((name, self.options.compute_type))) is not None:
                    return loaded
            found = self._first_of(DETECTORS, offline=True)
            if found is None and may_download and not self.options.offline:
                found = self._first_of(DETECTORS[:1], offline=False)
            return found

    def _first_of(self, names: Sequence[str], *, offline: bool) -> Transcriber | None:
        way = "this machine" if offline else "hub"
        for name in names if way not in self._fruitless else ():
            key = (name, self.options.compute_type)
            try:
                self._loaded[key] = self._load(*key, offline=offline)
            except ModelUnavailable:
                continue
            return self._loaded[key]
        self._fruitless.add(way)
        return None

    def _load(self, name: str, compute_type: str, *, offline: bool) -> Transcriber:
        report = Download(name, self.announce)
        model = resolve(name, models_folder=self.options.models_folder, offline=offline, on_progress=report)
        engine = self._start(model, compute_type)
        self.announce(_chosen(engine.description()))
        return engine

    def _start(self, model: ResolvedModel, compute_type: str) -> Transcriber:
        from trax.transcription.faster_whisper import load

        options = self.options
        return load(
            model,
            device=options.device,
            compute_type=compute_type,
            threads=options.threads,
            batch_size=options.batch_size,
            memory=options.memory,
            encoder=options.encoder,
            cache_folder=options.cache_folder,
        )


def _check_language(language: str) -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    if language in _LANGUAGE_CODES:
        return
    near = get_close_matches(language.lower(), _LANGUAGE_CODES, n=3, cutoff=0.5)
    guess = f"Did you mean {' or '.join(near)}? " if near else ""
    raise UsageError(
        f"Whisper knows no language of the code {language!r}.",
        f"{guess}Give a code of ISO 639-1, such as en, de, fr or ja, or none to have the language detected.",
    )


def _chosen(engine: dict[str, Any]) -> str:
    """What was chosen for this machine, in one line."""
    line = f"{engine['model']} on {engine['device']}, {engine['compute_type']}, "
    line += f"{engine['workers']} x {engine['threads_per_worker']} threads"
    return line
