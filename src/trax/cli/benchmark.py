"""`trax benchmark`: how fast this machine transcribes, model by model."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import print_json, print_table, say, say_cause, say_progress, size
from trax.cli.options import AsJson
from trax.errors import ModelUnavailable, TraxError

if TYPE_CHECKING:
    from trax.settings import Settings
    from trax.speeds.record import Speed

BUSY = 0.5  # processes that want to run, per core


def benchmark(
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="Model to measure; may be repeated. [default: all on this machine]"),
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    encoder: Annotated[str | None, typer.Option(help="auto, ctranslate2 or openvino.")] = None,
    file: Annotated[Path | None, typer.Option(help="Measure on this recording. [default: Trax's sample]")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how fast models are on this machine, and remember it for `trax plan`.

    Each model is loaded in a process of its own and transcribes for some ten seconds, or one window of speech where
    that takes longer: with the defaults, and as with --fast. Nothing is stored. Exit code 1 if a model failed.
    """
    from trax.settings import load_settings
    from trax.speeds.measure import measure
    from trax.speeds.record import Memory
    from trax.stages.engines import engines_for

    settings = load_settings(device=device, encoder=encoder)
    names = _models(models, settings)
    _say_if_busy()
    options, memory = engines_for(settings, say).options, Memory(settings.home)
    measured: list[Speed] = []
    failed = 0
    for name in names:
        say_progress(f"Measuring {name} ...")
        try:
            _fetch(name, settings)
            speeds = measure(name, options, file)
        except TraxError as error:
            say(f"trax: {name}: {error}")
            say_cause(error)
            failed += 1
            continue
        memory.remember(speeds)
        measured += speeds
    _show(measured, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def _models(named: list[str] | None, settings: Settings) -> list[str]:
    """Canonical names, each once: what was asked for, or what is on this machine.

    Raises: UnknownModel: one of them isn't known. ModelUnavailable: none is on this machine.
    """
    from trax.transcription.models import canonical_name, known_models, stored

    if named:
        return list(dict.fromkeys(map(canonical_name, named)))
    here = [model.name for model in known_models() if stored(model, settings.home / "models")]
    if not here:
        raise ModelUnavailable("No model is on this machine.", "Name one with --model; it is downloaded then.")
    return here


def _fetch(name: str, settings: Settings) -> None:
    from trax.transcription.engines import Download
    from trax.transcription.models import resolve

    resolve(name, models_folder=settings.home / "models", offline=settings.offline, on_progress=Download(name, say))


def _say_if_busy() -> None:
    from trax.transcription.device import available_cores

    load = os.getloadavg()[0] / available_cores()
    if load > BUSY:
        say(
            f"Other programs keep this machine busy (load {load:.1f} per core): it is faster than what is measured now."
        )


def _show(measured: list[Speed], *, as_json: bool) -> None:
    if as_json:
        print_json([facts(speed) for speed in measured])
    elif measured:
        columns = ("model", "device", "encoder", "mode", "times real time", "s to load", "memory")
        print_table(columns, [_row(speed) for speed in measured])


def facts(speed: Speed) -> dict[str, Any]:
    """A speed as JSON."""
    return {**asdict(speed), "mode": speed.mode}


def _row(speed: Speed) -> tuple[str, ...]:
    return (
        speed.model,
        f"{speed.device} {speed.compute_type}",
        speed.encoder,
        speed.mode,
        f"{speed.speed:.1f}",
        f"{speed.load_seconds:.1f}",
        size(speed.peak_bytes),
    )
