"""What was probably meant by a source that Trax can't use, and what to do instead."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Final

from trax.errors import MediaNotFound, TraxError, UnknownSource
from trax.ingest.local import expand_each
from trax.ingest.web_address import Address, domain_of
from trax.ingest.youtube_address import ID_LENGTH, length_fault
from trax.media.formats import MEDIA_SUFFIXES

MOST_SHOWN = 120  # characters of a source in a message

_FIND_FEED: Final = "Give the address of the podcast's feed (RSS); its publisher's page or podcastindex.org has it."
_BY_HAND: Final = "Download the file with another program (yt-dlp knows many such sites), then give the file."
_BY_FEED: Final = "Many podcasts can be heard elsewhere: give the address of the podcast's feed (RSS)."
_CHECK: Final = "Check the path."
_FETCH_FIRST: Final = "Download the file first, then give its path."

# Sites whose pages hold no media that Trax could take, by host.
_APPS: Final = {
    "podcasts.apple.com": "Apple Podcasts",
    "itunes.apple.com": "Apple",
    "podcasts.google.com": "Google Podcasts",
    "overcast.fm": "Overcast",
    "pca.st": "Pocket Casts",
    "pocketcasts.com": "Pocket Casts",
    "play.pocketcasts.com": "Pocket Casts",
    "castbox.fm": "Castbox",
    "castro.fm": "Castro",
    "podcastaddict.com": "Podcast Addict",
    "player.fm": "Player FM",
    "listennotes.com": "Listen Notes",
    "podchaser.com": "Podchaser",
    "iheart.com": "iHeart",
    "tunein.com": "TuneIn",
    "music.amazon.com": "Amazon Music",
}
_CLOSED: Final = {
    "open.spotify.com": "Spotify",
    "spotify.link": "Spotify",
    "deezer.com": "Deezer",
    "tidal.com": "Tidal",
    "music.apple.com": "Apple Music",
    "audible.com": "Audible",
    "netflix.com": "Netflix",
    "primevideo.com": "Prime Video",
}
_SITES: Final = {
    "vimeo.com": "Vimeo",
    "tiktok.com": "TikTok",
    "twitter.com": "X",
    "x.com": "X",
    "facebook.com": "Facebook",
    "fb.watch": "Facebook",
    "instagram.com": "Instagram",
    "twitch.tv": "Twitch",
    "dailymotion.com": "Dailymotion",
    "bilibili.com": "Bilibili",
    "soundcloud.com": "SoundCloud",
    "rumble.com": "Rumble",
    "odysee.com": "Odysee",
}
_SHARES: Final = {
    "drive.google.com": "Google Drive",
    "onedrive.live.com": "OneDrive",
    "1drv.ms": "OneDrive",
    "icloud.com": "iCloud",
    "we.tl": "WeTransfer",
    "wetransfer.com": "WeTransfer",
    "mega.nz": "MEGA",
}
# What to do about addresses of another scheme, after "Trax takes no such addresses".
_SCHEMES: Final = {
    "ftp": _FETCH_FIRST,
    "ftps": _FETCH_FIRST,
    "sftp": _FETCH_FIRST,
    "scp": _FETCH_FIRST,
    "ssh": _FETCH_FIRST,
    "magnet": _FETCH_FIRST,
    "ipfs": _FETCH_FIRST,
    "smb": "Mount the share, then give the file's path.",
    "nfs": "Mount the share, then give the file's path.",
    "afp": "Mount the share, then give the file's path.",
    "s3": "Give a presigned https address; an object store is for what Trax keeps (TRAX_STORE).",
    "gs": "Give a presigned https address; an object store is for what Trax keeps (TRAX_STORE).",
    "az": "Give a presigned https address; an object store is for what Trax keeps (TRAX_STORE).",
    "rtmp": "It is a live stream: record it to a file, then give the file.",
    "rtmps": "It is a live stream: record it to a file, then give the file.",
    "rtsp": "It is a live stream: record it to a file, then give the file.",
    "mms": "It is a live stream: record it to a file, then give the file.",
    "blob": "It means something only inside the browser: give the address of the page's media file.",
    "data": "Save it to a file, then give the file.",
    "javascript": "Give the address of a media file.",
    "spotify": _BY_FEED,
    "mailto": "Give the address of a media file.",
}
_COMMON_TOPS: Final = ("com", "org", "net", "edu", "gov", "io", "fm", "tv", "be", "de", "uk", "fr")
_SEARCHES: Final = ("ytsearch", "ytsearchall", "ytsearchdate", "scsearch", "gvsearch")
_WINDOWS: Final = re.compile(r"([A-Za-z]):[\\/](.*)", re.DOTALL)


def shown(text: str) -> str:
    """The text for a message: on one line, printable, not long, without a query, a password or a token."""
    if "://" in text:
        text = re.sub(r"://[^/\s]*@", "://", text).partition("?")[0].partition("#")[0]
    clean = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return clean if len(clean) <= MOST_SHOWN else clean[: MOST_SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"


def check_site(address: Address) -> None:
    """Raises: UnknownSource: the address is a page of a site that is known to have no media file there."""
    if address.suffix in MEDIA_SUFFIXES:
        return
    host = re.sub(r"^(?:www|m|mobile)\.", "", address.host)
    if name := _APPS.get(host):
        raise UnknownSource(f"That is a page of {name}, which has no media files itself.", _FIND_FEED)
    if name := _CLOSED.get(host):
        raise UnknownSource(f"{name} offers no downloads.", _BY_FEED)
    if name := _SITES.get(host):
        raise UnknownSource(f"That is a page of {name}, from which Trax can't take the media.", _BY_HAND)
    parameters = address.parameters
    if host == "dropbox.com" and parameters.get("dl") != "1" and parameters.get("raw") != "1":
        raise UnknownSource("That is Dropbox's page about a file.", "Put dl=1 in place of dl=0 at the address's end.")
    if (name := _SHARES.get(host)) and not address.path.startswith("/uc"):
        raise UnknownSource(f"That is a page of {name} about a file, not the file.", _FETCH_FIRST)


def is_scheme(name: str) -> bool:
    """Whether an address may begin with that name, though Trax takes none that does."""
    return name in _SCHEMES or _is_search(name)


def unknown_scheme(scheme: str) -> UnknownSource:
    """An address such as `ftp://...`, by its scheme."""
    if _is_search(scheme):
        return UnknownSource("Trax doesn't search for videos.", "Give the address of a video, a playlist or a channel.")
    advice = _SCHEMES.get(scheme)
    near = difflib.get_close_matches(scheme, ("https", "http", "file", "feed"), n=1, cutoff=0.6)
    if advice is None and near:
        advice = f"Did you mean {near[0]}?"
    return UnknownSource(f"Trax takes no {scheme}: addresses.", advice or "Give a path, or an https address.")


def _is_search(scheme: str) -> bool:
    return scheme.rstrip("0123456789") in _SEARCHES


def unknown_text(text: str) -> UnknownSource | MediaNotFound:
    """A text that is no address, nor the name of anything here."""
    return _several(text) or _of_windows(text) or _perhaps_a_host(text) or _no_such_file(text)


def _several(text: str) -> UnknownSource | None:
    if re.search(r"\bhttps?://", text, re.IGNORECASE):
        return UnknownSource("There is more than an address in that text.", "Give the address alone.")
    if len(text.splitlines()) > 1:
        return UnknownSource(
            "Those are several lines, not one source.", "Give each on its own, or all of them on standard input (-)."
        )
    return None


def _of_windows(text: str) -> UnknownSource | None:
    if found := _WINDOWS.fullmatch(text):
        mounted = Path("/mnt", found[1].lower(), *re.split(r"[\\/]+", found[2]))  # as WSL has it
        there = _exists(mounted)
        return UnknownSource(
            f"{shown(text)} is a path of Windows, and this is none.",
            f"Did you mean {shown(str(mounted))}?" if there else "Give the path as it is called on this machine.",
        )
    if text.startswith("\\\\"):
        return UnknownSource("That is a share of a Windows network.", "Mount the share, then give the file's path.")
    slashed = text.replace("\\", "/")
    if slashed != text and _exists(Path(slashed)):
        return UnknownSource(f"There is no file {shown(text)}.", f"Did you mean {shown(slashed)}?")
    return None


def _perhaps_a_host(text: str) -> UnknownSource | None:
    """A name such as `example.org`, or `localhost:8000/talk.mp3`."""
    local = re.match(r"(?:localhost|\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?(?=/|$)", text)
    domain = domain_of(text)
    if local is None and (domain is None or _has_suffix_of_file(text, domain) or _exists(Path(domain))):
        return None
    name = text.partition("?")[0]
    advice = "If it is a web address, write https:// or http:// before it."
    return UnknownSource(f"There is no file {shown(name)}.", advice)


def _has_suffix_of_file(text: str, domain: str) -> bool:
    """Whether a name is rather a file's than a host's: `talk.mp3` and `notes.old`, but not `example.org`."""
    top = domain.rpartition(".")[2].lower()
    return f".{top}" in MEDIA_SUFFIXES or (len(text) == len(domain) and top not in _COMMON_TOPS)


def _no_such_file(text: str) -> MediaNotFound:
    """With the name that was probably meant, as local files have it."""
    advice = _local_advice(text)
    if advice == _CHECK and (words := _like_an_id(text)):
        advice = f"{_CHECK} {words}"
    return MediaNotFound(f"There is no file {shown(text)}.", advice)


def _local_advice(text: str) -> str:
    if "://" in text:  # may hold a password
        return "Give a path, or an https address."
    try:
        for _, found in expand_each([text]):
            if isinstance(found, TraxError) and len(found.next_step) <= 2 * MOST_SHOWN:
                return found.next_step
    except OSError:  # a folder with too long a name
        pass
    return _CHECK


def _like_an_id(text: str) -> str | None:
    """What is wrong with a text that is nearly the id of a video."""
    mixed = re.search(r"[0-9A-Z_-]", text) is not None
    if not mixed or not re.fullmatch(r"[0-9A-Za-z_-]+", text) or abs(len(text) - ID_LENGTH) > 2:
        return None
    return f"As the id of a YouTube video it has {length_fault(len(text))}."


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
