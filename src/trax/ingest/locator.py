"""From what a person pastes to a typed source. Nothing is asked of the network; only names of files are looked up."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from trax.errors import MediaNotFound, TraxError, UnknownSource
from trax.ingest.source_lists import is_list, lines_of, looks_like_list, open_list, read_list
from trax.ingest.sources import Feed, ListFile, LocalPath, Source, StandardInput, Video, WebAddress
from trax.ingest.unknown_source import check_site, is_scheme, shown, unknown_scheme, unknown_text
from trax.ingest.web_address import (
    Address,
    domain_of,
    is_feed,
    is_web,
    led_to,
    on_one_line,
    read_address,
    tidied,
    without_scheme,
)
from trax.ingest.youtube_address import bare_source, youtube_source
from trax.media.formats import MEDIA_SUFFIXES

__all__ = ["locate", "locate_all", "read_list"]

_LONGEST = 32_768  # characters: no path and no address is longer
_MOST_HOPS = 5  # pages of consent and forwarding, one inside the other
_HOPELESS = 20  # lines of prose at its beginning, and a text is no list
_FEED_SCHEMES: Final = ("feed", "itpc", "pcast", "podcast", "rss")
_YOUTUBE_SCHEMES: Final = ("youtube", "vnd.youtube")
_SCHEME: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{1,30}):(?P<rest>.*)", re.DOTALL)


def locate(text: str) -> Source:
    """The source that a text stands for, as it was typed, or pasted with what surrounds it.

    What exists here under that name is meant before anything else, unless the text begins with http: or https:.

    Raises: UnknownSource, MediaNotFound: it stands for none; the message has what was probably meant.
    """
    return _located(text, None)


def locate_all(texts: Iterable[str], stdin: Iterable[str]) -> Iterator[tuple[str, Source | TraxError]]:
    """Each text with its source, or with the reason why it has none; lists are opened, and equal sources come once.

    Nothing in a list holds up what follows. A list can't name lists.
    """
    seen: set[Source] = set()
    for text in texts:
        for name, source in _opened(text, stdin, seen):
            if isinstance(source, TraxError):
                yield name, source
            elif source not in seen:
                seen.add(source)
                yield name, source


def _opened(text: str, stdin: Iterable[str], seen: set[Source]) -> Iterator[tuple[str, Source | TraxError]]:
    try:
        source = locate(text)
        if not isinstance(source, ListFile | StandardInput):
            yield text, source
        elif source not in seen:
            seen.add(source)
            if isinstance(source, ListFile):
                with open_list(source.path) as lines:
                    yield from _while_hopeful(_each(lines, source.path.parent), shown(text))
            else:
                yield from _while_hopeful(_each(lines_of(stdin), None), "what comes on standard input")
    except (UnknownSource, MediaNotFound) as error:
        yield text, error
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it isn't UTF-8"
        yield text, UnknownSource(f"The list {shown(text)} can't be read: {reason}.", "Check the file.")


def _each(lines: Iterable[str], folder: Path | None) -> Iterator[tuple[str, Source | TraxError]]:
    """The lines of a list with their sources; paths count from its folder first."""
    for line in read_list(lines):
        try:
            source = _located(line, folder)
        except (UnknownSource, MediaNotFound) as error:
            yield line, error
            continue
        if isinstance(source, ListFile | StandardInput):
            yield line, UnknownSource(f"A list can't name another list ({shown(line)}).", "Give that list itself.")
        else:
            yield line, source


def _while_hopeful(
    found: Iterator[tuple[str, Source | TraxError]], name: str
) -> Iterator[tuple[str, Source | TraxError]]:
    """What was found in a list, or one error where it begins with lines of prose: then it is none."""
    wrong: list[tuple[str, Source | TraxError]] = []
    for line, source in found:
        wrong.append((line, source))
        if not isinstance(source, TraxError) or _was_meant(line):
            break
        if len(wrong) == _HOPELESS:
            yield name, _no_list(name, source)
            return
    yield from wrong
    yield from found


def _was_meant(line: str) -> bool:
    """Whether a line that is no source was meant to be one, such as the path of a file that is gone."""
    return "/" in line or "\\" in line or Path(line).suffix.lower() in MEDIA_SUFFIXES


def _no_list(name: str, last: TraxError) -> UnknownSource:
    return UnknownSource(
        f"None of the first {_HOPELESS} lines of {name} is a source; of the last of them: {last}",
        "A list has a path or an address on each line.",
    )


def _located(text: str, folder: Path | None) -> Source:
    _check_characters(text)
    tidy = tidied(text)
    if not tidy:
        raise UnknownSource("An empty text is no source.", "Give a file, a folder or an address.")
    if tidy == "-":
        return StandardInput()
    if is_web(tidy):
        return _on_the_web(on_one_line(tidy))
    source = (
        _here(text, tidy, folder)
        or bare_source(tidy)
        or _of_another_scheme(tidy)
        or _without_scheme(tidy)
        or _pattern(tidy, folder)
    )
    if source is None:
        raise unknown_text(tidy)
    return source


def _check_characters(text: str) -> None:
    if len(text) > _LONGEST:
        raise UnknownSource(f"That text of {len(text)} characters is no source.", "Give a path or an address.")
    if "\0" in text:
        raise UnknownSource("There is a NUL character in that text.", "Give a path or an address.")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise UnknownSource("There is half a character in that text.", "Give a path or an address.") from None


def _on_the_web(text: str) -> Source:
    if re.search(r"[\s,;|]https?://", text, re.IGNORECASE):
        raise UnknownSource("There are several addresses in that text.", "Give each on its own, or one on each line.")
    for _ in range(_MOST_HOPS):
        alone, *more = text.split(maxsplit=1)  # the words after an address, or a name with blanks
        address = read_address(alone)
        inner = led_to(address)
        if inner is None:
            return _at(address) if not more else _at_with_blanks(address, text)
        text = inner
    raise UnknownSource("That address only leads from one page to the next.", "Open it, and copy the one it ends at.")


def _at(address: Address) -> Source:
    found = youtube_source(address)
    if found is not None:
        return found
    if is_feed(address):
        return Feed(address.url)
    check_site(address)
    return WebAddress(address.url)


def _at_with_blanks(alone: Address, text: str) -> Source:
    """An address and then words, or one whose file has blanks in its name."""
    source = _at(alone)
    if isinstance(source, Video):
        return source  # its id has an end
    whole = read_address(text)
    if isinstance(source, WebAddress) and whole.suffix in MEDIA_SUFFIXES:
        return _at(whole)
    raise UnknownSource("There is a blank in that address.", "Give the address alone, with %20 for a blank in it.")


def _here(text: str, tidy: str, folder: Path | None) -> Source | None:
    """What there is on this machine under the name, as it stands, without its quotes, or as a shell would read it."""
    as_in_shell = re.sub(r"\\([^\w\s]|[ ])", r"\1", tidy)
    for spelling in dict.fromkeys((text, tidy, as_in_shell)):
        for name in _names(spelling, folder):
            if (source := _at_path(name)) is not None:
                return source
    return None


def _names(text: str, folder: Path | None) -> list[str]:
    """What a name may mean, the likelier first: in a list, paths count from the list's folder."""
    return [text] if folder is None or text.startswith("~") else [str(folder / text), text]


def _at_path(name: str) -> Source | None:
    path = Path(os.path.abspath(_with_home(name)))  # noqa: PTH100 - resolve() would follow links
    mode = _mode(path)
    if mode is None:
        return None
    if stat.S_ISREG(mode) and (is_list(path) or (looks_like_list(path) and _begins_with_source(path))):
        return ListFile(path)
    return LocalPath(name)


def _with_home(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user
        return Path(text)


def _mode(path: Path) -> int | None:
    """What is there; 0 where that isn't ours to see, None for nothing."""
    try:
        return path.stat().st_mode
    except PermissionError:
        return 0
    except (OSError, ValueError):
        return None


def _begins_with_source(path: Path) -> bool:
    """Whether the first line of a file without a list's suffix is an address, or leads to something."""
    try:
        with open_list(path) as lines:
            first = next(read_list(lines), "")
        if is_web(tidied(first)):
            return bool(_located(first, None))
    except (UnknownSource, MediaNotFound, OSError, UnicodeError):
        return False
    names = _names(first, path.parent) if first and len(first) <= _LONGEST else []
    return any(_mode(_with_home(name)) is not None for name in names)


def _of_another_scheme(text: str) -> Source | None:
    found = _SCHEME.fullmatch(text)
    if found is None or without_scheme(text) is not None:  # example.org:8080/talk.mp3
        return None
    scheme, rest = found["scheme"].lower(), found["rest"].strip()
    bare = rest.lstrip("/\\")
    if scheme in ("http", "https"):
        return _on_the_web(on_one_line(text))
    if scheme == "file":
        return _of_file_scheme(rest)
    if scheme in _FEED_SCHEMES and bare:
        address = read_address(on_one_line(bare if is_web(bare) else f"https://{bare}"))
        return youtube_source(address) or Feed(address.url)
    if scheme in _YOUTUBE_SCHEMES and bare:
        return bare_source(bare) or _on_the_web(without_scheme(bare) or f"https://youtu.be/{bare}")
    if "://" in text or is_scheme(scheme):
        raise unknown_scheme(scheme)
    return None


def _of_file_scheme(rest: str) -> Source:
    host, path = "", rest
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        path = slash + path
    if host.lower() not in ("", "localhost"):
        raise UnknownSource("That file: address leads to another machine.", "Mount its folder, then give the path.")
    name = os.fsdecode(unquote_to_bytes(os.fsencode(path)))
    source = _at_path(name) if name.startswith("/") else None
    if source is None:
        advice = "A file: address has the whole path of a file on this machine."
        raise UnknownSource(f"There is no file {shown(name)}.", advice)
    return source


def _without_scheme(text: str) -> Source | None:
    """An address such as `www.example.org/talk.mp3`, unless there is a folder of that name."""
    address, domain = without_scheme(text), domain_of(text)
    if address is None or (domain is not None and _mode(Path(domain)) is not None):
        return None
    return _on_the_web(on_one_line(address))


def _pattern(text: str, folder: Path | None) -> Source | None:
    """A pattern of file names; a question mark alone may also belong to an address."""
    is_address = "://" in text or (domain_of(text) is not None and not re.search(r"[*\[]", text))
    if not glob.has_magic(text) or is_address or len(text.splitlines()) > 1:
        return None
    if folder is not None and not text.startswith(("/", "~")):
        beside = os.path.join(glob.escape(str(folder)), text)  # noqa: PTH118 - it is no path
        if next(glob.iglob(beside, recursive=True), None) is not None:  # noqa: PTH207
            return LocalPath(beside)
    return LocalPath(text)
