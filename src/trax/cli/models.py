"""`trax models`: which speech models there are, and which of them are on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from trax.cli.console import print_json, print_table, say
from trax.cli.options import AsJson

app = typer.Typer(help="Speech models.", no_args_is_help=True)


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the models that can be named with --model, and where each would come from."""
    from trax.settings import load_settings
    from trax.transcription.catalogue import find_model, is_known
    from trax.transcription.models import known_models, stored

    settings = load_settings()
    default = find_model(settings.model).name if is_known(settings.model) else None  # None: a path, or a mistake
    found = [(model, stored(model, settings.home / "models")) for model in known_models()]
    if as_json:
        print_json(
            [
                {
                    "name": model.name,
                    "aliases": list(model.aliases),
                    "languages": "en" if model.english_only else "multilingual",
                    "megabytes": model.megabytes,
                    "installed": here is not None,
                    "source": here.source if here else None,
                    "path": str(here.path) if here else None,
                    "default": model.name == default,
                }
                for model, here in found
            ]
        )
        return
    print_table(
        ("model", "languages", "MB", "on this machine", "note"),
        [
            (
                model.name,
                "English" if model.english_only else "multilingual",
                model.megabytes,
                here.source if here else "-",
                "default" if model.name == default else "",
            )
            for model, here in found
        ],
    )


@app.command("download")
def download(
    name: Annotated[str, typer.Argument(metavar="MODEL", help="A name from `trax models list`.")],
) -> None:
    """Fetch a model's weights, so that it works without a network from then on."""
    from trax.settings import load_settings
    from trax.transcription.engines import Download
    from trax.transcription.models import resolve

    settings = load_settings()
    report = Download(name, say)
    model = resolve(name, models_folder=settings.home / "models", offline=settings.offline, on_progress=report)
    say(f"{model.name} is at {model.path}")
