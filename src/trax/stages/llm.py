"""The language model that the settings name, ready to be asked."""

from __future__ import annotations

import os
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trax.errors import LlmNotSetUp
from trax.settings import Settings

if TYPE_CHECKING:
    from trax.enhancement.llm import Llm

DEEPSEEK = "deepseek.com"
DEEPSEEK_KEY = "DEEPSEEK_API_KEY"  # as DeepSeek's own tools call it


def llm_of(settings: Settings, model: str) -> Llm:
    """A client for the model of that name (none: that of the settings) at the address of the settings.

    Raises: LlmNotSetUp: no key for it, no price where there is a limit, or the client isn't installed. UsageError:
        prices that are none.
    """
    from trax.enhancement.budget import price_of
    from trax.enhancement.client import ClientOptions, OpenAiCompatible

    name = model or settings.llm_model
    key = key_of(settings)
    if key is None and needs_key(settings):
        host = urlsplit(settings.llm_base_url).hostname
        raise LlmNotSetUp(
            f"There is no key for {host}, which is to correct transcripts.",
            "Set TRAX_LLM_API_KEY, or TRAX_LLM_BASE_URL to a server of your own, such as http://localhost:11434/v1.",
        )
    if key is not None and not (key.isascii() and key.isprintable()):
        raise LlmNotSetUp(
            "The key in TRAX_LLM_API_KEY has characters that no key has.", "Copy it once more, without any quotes."
        )
    price = price_of(name, settings.llm_prices)
    if settings.llm_max_cost is not None and price is None:
        raise LlmNotSetUp(
            f"What {name} costs is not known, so TRAX_LLM_MAX_COST can't be kept.",
            "Set TRAX_LLM_PRICES (0/0/0 for a model of your own), or leave the limit out.",
        )
    options = ClientOptions(
        base_url=settings.llm_base_url,
        model=name,
        key=key,
        price=price,
        concurrency=settings.llm_concurrency,
        per_minute=settings.llm_requests_per_minute,
        timeout=settings.llm_timeout,
        retries=settings.llm_retries,
    )
    return OpenAiCompatible(options)


def key_of(settings: Settings) -> str | None:
    """The key that is sent; DeepSeek's own variable is for DeepSeek alone."""
    if settings.llm_api_key is not None and (key := settings.llm_api_key.get_secret_value().strip()):
        return key
    host = urlsplit(settings.llm_base_url).hostname or ""
    is_deepseek = host == DEEPSEEK or host.endswith(f".{DEEPSEEK}")
    return (os.environ.get(DEEPSEEK_KEY) or "").strip() or None if is_deepseek else None


def needs_key(settings: Settings) -> bool:
    """Whether nobody there answers without one: servers of one's own network mostly do."""
    host = urlsplit(settings.llm_base_url).hostname or ""
    if "." not in host and ":" not in host:
        return False  # localhost, or a name in the network
    try:
        return ip_address(host).is_global
    except ValueError:
        return not host.endswith((".local", ".lan", ".internal", ".localhost"))
