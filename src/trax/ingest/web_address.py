"""Addresses of the web as people paste them, made into ones that can be asked."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import parse_qsl, quote, urljoin

from trax.errors import UnknownSource
from trax.media.formats import MEDIA_SUFFIXES

# Marks that nobody sees and that come along from chats and word processors. The two joiners have a meaning in words.
_INVISIBLE: Final = dict.fromkeys(
    [0xAD, 0x180E, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_QUOTES: Final = ('""', "''", "``", "“”", "„“", "””", "‘’", "‚‘", "«»", "‹›", "<>", "「」")
_BRACKETS: Final = ("()", "[]")  # in names and patterns they have a meaning
_BEFORE: Final = re.compile(r"(?:(?:[>*•·–-]|\d{1,3}[.)])\s+|(?:url|view-source):\s*)(?=https?:|www\.)", re.IGNORECASE)
_MARKDOWN: Final = re.compile(r"!?\[[^\]]*\]\(\s*<?(?P<url>https?:[^\s>]+?)>?(?:\s+\"[^\"]*\")?\s*\)", re.IGNORECASE)
_HTML: Final = re.compile(r"<(?:a|iframe)\s[^>]*?\b(?:href|src)\s*=\s*[\"'](?P<url>[^\"'>]+)[\"'].*", re.DOTALL | re.I)
_HTTP: Final = re.compile(r"(?P<scheme>https?):[/\\]*", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"(?:[^\s/\\?#@:.*\[\]]+\.)+(?P<top>[^\W\d_]{2,24})\.?(?::\d{1,5})?(?=[/?#]|$)")
_AFTER: Final = ".,;:!?\"'>”’»…"  # what ends a sentence or a quotation
_FULL_STOPS: Final = {0x3002: ".", 0xFF61: "."}

# Top-level domains that count without a scheme, besides those of countries, which all have two letters.
_TOPS: Final = (
    "app art audio biz blog cloud club com dev edu fun gov info int live media mil museum name net news online org "
    "page pub radio show site store studio tech university video wiki world xyz"
)
_PATH_SAFE: Final = "/%:@!$&'()*+,;=~-._"
_FEED_SUFFIXES: Final = (".rss", ".xml", ".atom")
_FEED_ENDS: Final = ("rss", "rss2", "feed", "feeds", "atom", "feed.php", "rss.php", "podcast.php")
_FEED_HOSTS: Final = ("feeds", "feed", "rss", "podcastfeeds")

# Pages that lead on to another: host, beginning of the path, parameters that hold the other's address.
_WRAPPERS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("consent.youtube.com", "/", ("continue",)),
    ("consent.google.com", "/", ("continue",)),
    ("accounts.google.com", "/", ("continue", "followup")),
    ("google.com", "/sorry", ("continue",)),
    ("google.com", "/url", ("q", "url")),
    ("youtube.com", "/attribution_link", ("u",)),
    ("youtube.com", "/redirect", ("q",)),
    ("youtube.com", "/oembed", ("url",)),
    ("youtube.com", "/signin", ("next",)),
    ("youtube.com", "/verify_", ("next_url",)),
    ("l.facebook.com", "/l.php", ("u",)),
    ("lm.facebook.com", "/l.php", ("u",)),
    ("safelinks.protection.outlook.com", "/", ("url",)),
    ("statics.teams.cdn.office.net", "/evergreen-assets/safelinks", ("url",)),
    ("slack-redir.net", "/link", ("url",)),
    ("out.reddit.com", "/", ("url",)),
    ("duckduckgo.com", "/l", ("uddg",)),
    ("vk.com", "/away.php", ("to",)),
)


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the web in its parts."""

    scheme: str  # http or https
    host: str  # ASCII, lower case; an IPv6 address in brackets
    port: int | None  # None for the usual one
    path: str  # as it was given
    query: str
    fragment: str

    @property
    def url(self) -> str:
        """In ASCII, without the fragment."""
        port = "" if self.port is None else f":{self.port}"
        query = f"?{_escaped(self.query, _PATH_SAFE + '?')}" if self.query else ""
        return f"{self.scheme}://{self.host}{port}{_escaped(self.path, _PATH_SAFE) or '/'}{query}"

    @property
    def parameters(self) -> dict[str, str]:
        """Of the query; the first of those with the same name."""
        named: dict[str, str] = {}
        for name, value in parse_qsl(self.query, errors="replace"):
            named.setdefault(name.removeprefix("amp;"), value)  # &amp; as copied from HTML
        return named

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix.lower()

    def is_at(self, *domains: str) -> bool:
        """Whether the host is one of the domains, or below one."""
        return any(self.host == domain or self.host.endswith(f".{domain}") for domain in domains)


def tidied(text: str) -> str:
    """The text without what surrounds a source in a mail, a chat or a web page: quotes, brackets, markup, bullets."""
    text = text.translate(_INVISIBLE).strip()
    if found := _HTML.match(text):
        text = html.unescape(found["url"]).strip()
    for _ in range(4):  # such as a bullet before quotes in brackets
        text = _BEFORE.sub("", text, count=1) if _BEFORE.match(text) else text
        if found := _MARKDOWN.fullmatch(text):
            text = found["url"]
        elif len(text) > 2 and text[0] + text[-1] in _QUOTES + (_BRACKETS if is_web(text[1:].lstrip()) else ()):
            text = text[1:-1].strip()
    return _narrow(text)


def is_web(text: str) -> bool:
    """Whether a tidied text begins like an address of the web, with its scheme."""
    return re.match(r"https?:[/\\]", text, re.IGNORECASE) is not None


def without_scheme(text: str) -> str | None:
    """The address that a tidied text such as `www.example.org/talk.mp3` stands for, with https before it."""
    rest = text.removeprefix("//")
    found = _DOMAIN.match(_narrow_dots(rest))
    if found is None:
        return None
    top = found["top"].lower()
    plausible = (len(top) == 2 or top in _TOPS.split()) and len(rest) > found.end() and not re.search(r"[*\[\]]", rest)
    return f"https://{rest}" if plausible or rest.lower().startswith("www.") else None


def domain_of(text: str) -> str | None:
    """The beginning of a text, where it might be the name of a host."""
    found = _DOMAIN.match(text)
    return found[0] if found else None


def read_address(text: str) -> Address:
    """The parts of a tidied address that begins with `http:` or `https:`.

    Raises: UnknownSource: it is broken, or holds a password.
    """
    begin = _HTTP.match(text)
    assert begin is not None, "the caller has looked"
    rest, _, fragment = text[begin.end() :].partition("#")
    rest, _, query = _without_what_follows(rest).partition("?")
    authority, slash, path = rest.replace("\\", "/").partition("/")  # as browsers do
    if "@" in authority:
        raise UnknownSource(
            "There is a user name or a password in that address.", "Give it without them, or download the file first."
        )
    scheme = begin["scheme"].lower()
    host, port = _host_and_port(authority.strip())
    port = None if port == {"http": 80, "https": 443}[scheme] else port
    return Address(scheme, host, port, (slash + path).rstrip(), query.strip(), fragment.strip())


def on_one_line(text: str) -> str:
    """An address that a mail has broken into lines, joined again.

    Raises: UnknownSource: the lines don't belong together.
    """
    first, *others = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    for other in others:
        goes_on = first[-1] in "/?&=%_-+." or re.search(r"[/?&=%]", other) is not None
        if not goes_on or "://" in other or re.search(r"\s", other):
            raise UnknownSource(
                "Those are several lines, not one source.",
                "Give each on its own, or all of them on standard input (-).",
            )
        first += other
    return first


def led_to(address: Address) -> str | None:
    """The address that a page of consent, of sign-in or of forwarding leads on to; None for any other page.

    Raises: UnknownSource: it leads nowhere on the web.
    """
    for domain, path, names in _WRAPPERS:
        at_google = domain == "google.com" and re.fullmatch(r"(?:www\.)?google(?:\.[a-z]{2,3}){1,2}", address.host)
        if not (at_google or address.is_at(domain)) or not (address.path or "/").startswith(path):
            continue
        parameters = address.parameters
        inner = next((parameters[name] for name in names if parameters.get(name, "").strip()), None)
        if inner is not None:
            return _joined(address, inner.strip())
    return None


def is_feed(address: Address) -> bool:
    """Whether the address alone says that there is a podcast's feed."""
    if address.suffix in MEDIA_SUFFIXES:
        return False
    last = address.path.rstrip("/").rpartition("/")[2].lower()
    parameters = address.parameters
    return (
        address.suffix in _FEED_SUFFIXES
        or last in _FEED_ENDS
        or "/feed/podcast" in address.path
        or "feed" in parameters
        or parameters.get("format", "").lower() in ("rss", "atom")
        or (address.host.partition(".")[0] in _FEED_HOSTS and len(address.path) > 1)
    )


def _joined(address: Address, inner: str) -> str:
    base = "https://www.youtube.com/" if address.is_at("youtube.com") else address.url
    try:
        joined = urljoin(base, inner)
    except ValueError:  # half an IPv6 address
        joined = ""
    if not is_web(joined):
        raise UnknownSource(
            f"That page of {address.host} leads to nothing on the web.", "Open it, and copy the address it ends at."
        )
    return joined


def _without_what_follows(text: str) -> str:
    """The address less the end of the sentence that it stands in."""
    unpaired = {closing: text.count(closing) - text.count(opening) for opening, closing in ("()", "[]", "{}")}
    end = len(text)
    while end:
        last = text[end - 1]
        if unpaired.get(last, 0) <= 0 and not last.isspace() and last not in _AFTER:
            break
        if last in unpaired:
            unpaired[last] -= 1
        end -= 1
    return text[:end]


def _narrow(text: str) -> str:
    """An address that was typed in full-width letters, in ordinary ones."""
    narrow = unicodedata.normalize("NFKC", text)
    return narrow if is_web(narrow) and not is_web(text) else text


def _narrow_dots(text: str) -> str:
    """The text for a look at its host: full-width letters and full stops as ordinary ones."""
    return unicodedata.normalize("NFKC", text.translate(_FULL_STOPS))


def _host_and_port(authority: str) -> tuple[str, int | None]:
    found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::(\d{0,5}))?", authority)
    if found is None or int(found[2] or 1) not in range(1, 65536):
        raise _no_host()
    return _ascii_host(found[1]), int(found[2]) if found[2] else None


def _ascii_host(text: str) -> str:
    """A host's name as the network knows it.

    Letters beyond ASCII as today's browsers have them (IDNA 2008). Python's own codec speaks IDNA 2003, by which a
    German straße is another host's strasse.
    """
    if text.startswith("["):
        try:
            return f"[{IPv6Address(text[1:-1]).compressed}]" if "%" not in text else _refuse()
        except ValueError:
            raise _no_host() from None
    plain = _narrow_dots(unicodedata.normalize("NFKC", text).lower()).removesuffix(".")
    host = ".".join(_ascii_label(label) for label in plain.split("."))
    return host if len(host) <= 253 else _refuse()


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label if re.fullmatch(r"[a-z0-9_-]{1,63}", label) else _refuse()
    if not all(re.match(r"[a-z0-9-]", c) if c.isascii() else unicodedata.category(c)[0] in "LMNS" for c in label):
        return _refuse()
    ascii_label = f"xn--{label.encode('punycode').decode('ascii')}"
    return ascii_label if len(ascii_label) <= 63 else _refuse()


def _refuse() -> str:
    raise _no_host()


def _no_host() -> UnknownSource:
    return UnknownSource("That address names no host that could be asked.", "Copy it again, from https:// to its end.")


def _escaped(text: str, safe: str) -> str:
    """The text in ASCII; what is escaped already stays as it is, for addresses may be signed."""
    return quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text), safe=safe, errors="surrogateescape")
