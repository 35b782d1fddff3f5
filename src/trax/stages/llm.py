"""The language model that the settings name, ready to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trax.settings import Settings

if TYPE_CHECKING:
    from trax.enhancement.llm import Llm


def llm_of(settings: Settings, model: str) -> Llm:
    """A client for the model of that name at the address of the settings.

    Raises: LlmNotSetUp: no key for it, or the client isn't installed.
    """
    raise NotImplementedError
