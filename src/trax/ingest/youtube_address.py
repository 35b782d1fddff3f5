"""Which video, playlist or channel an address of YouTube stands for. The address itself is never asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from trax.errors import UnknownSource
from trax.ingest.sources import Video, VideoList
from trax.ingest.web_address import Address

ID_LENGTH: Final = 11
_ID: Final = re.compile(r"[0-9A-Za-z_-]{11}")
_CHANNEL: Final = re.compile(r"UC[0-9A-Za-z_-]{22}")
_NAME: Final = re.compile(r"[\w.·'-]{1,100}")  # of a channel; handles may be in any script
_LIST: Final = re.compile(r"[0-9A-Za-z_-]{10,100}")
# What a list looks like that stands alone: shorter ones could be anything.
_BARE_LIST: Final = re.compile(
    r"PL(?:[0-9A-F]{16}|[0-9A-Za-z_-]{32})|(?:UU|FL|PU|UULF|UUSH|UULV)[0-9A-Za-z_-]{22}|(?:O|RDC)LAK5uy_[0-9A-Za-z_-]{33}"
)
_HOSTS: Final = ("youtube.com", "youtube-nocookie.com", "youtubekids.com", "youtubeeducation.com")
_SHORT_HOSTS: Final = ("youtu.be", "yt.be", "y2u.be")
_IMAGE_HOSTS: Final = ("ytimg.com", "img.youtube.com")
_BEFORE_ID: Final = frozenset({"embed", "shorts", "live", "v", "vi", "e", "w", "watch", "video"})
# What a channel opens with; its other parts aren't its videos.
_VIDEOS: Final = frozenset({"", "videos", "featured", "home", "about", "community", "posts", "discussion"})
_OWN_LISTS: Final = {"WL": "Watch later", "LL": "Liked videos", "LM": "Liked music", "HL": "the history"}
# Names below youtube.com that are no channel's, and what is there.
_PAGES: Final = {
    "results": "a page of search results",
    "search": "a page of search results",
    "feed": "a page that YouTube makes for whoever has signed in",
    "hashtag": "a page of search results",
    "post": "a post, not a video",
    "clip": "a clip: part of a video, whose own address it hides",
    "browse": "an album or a page of recommendations",
    "explore": "a page of recommendations",
    "gaming": "a page of recommendations",
    "trending": "a page of recommendations",
    "podcasts": "a page of recommendations",
    "movies": "a shop",
    "premium": "a shop",
    "source": "a page about a sound",
}
_RESERVED: Final = (
    "about account ads api attribution_link channel channels c creators embed error get_video_info howyoutubeworks "
    "iframe_api jobs kids live live_chat login logout music oembed playlist playlists redirect reporthistory s shared "
    "shorts show shows signin supported_browsers t terms tv upload user v verify_age view_play_list watch watch_popup "
    "watch_videos yt"
)
_COPY: Final = "Open the video in a browser and copy its address."


@dataclass(frozen=True, slots=True)
class _Page:
    names: list[str]  # between the slashes of the path
    parameters: dict[str, str]

    def name(self, position: int) -> str:
        return self.names[position] if position < len(self.names) else ""


def youtube_source(address: Address) -> Video | VideoList | None:
    """The video, playlist or channel; None for an address that isn't YouTube's.

    A list inside a video's address doesn't count: the video is meant.

    Raises: UnknownSource: it is none of the three, or its id is damaged.
    """
    if address.is_at(*_IMAGE_HOSTS):
        page = _page(address)
        return Video(_id(page.name(1))) if page.name(0).startswith(("vi", "an")) else None
    if address.is_at(*_SHORT_HOSTS):
        return _short(_page(address))
    if not address.is_at(*_HOSTS):
        return None
    if address.host.startswith("consent."):
        raise UnknownSource("That is a page that asks for consent, and not what comes after it.", _COPY)
    return _long(_page(address))


def bare_source(text: str) -> Video | VideoList | None:
    """What a text alone stands for that looks like an id of YouTube or like a channel's @handle."""
    if _ID.fullmatch(text):
        return Video(text)
    if _CHANNEL.fullmatch(text):
        return VideoList("channel", text)
    if _BARE_LIST.fullmatch(text):
        return VideoList("playlist", text)
    if text.startswith("@") and _NAME.fullmatch(text[1:]) and len(text) > 3:
        return VideoList("channel", _key(text))
    return None


def _page(address: Address) -> _Page:
    """The page with the parameters of its query; then those that were put into the path or the fragment."""
    parameters = address.parameters
    path, mark, escaped = unquote(address.path).partition("?")  # watch%3Fv%3D...
    path, _, tail = path.partition("&") if not mark else (path, "", escaped)  # v/ID&hl=en
    fragment = address.fragment.lstrip("!")
    if "?" in fragment or "=" in fragment:  # #!v=ID, #/watch?v=ID
        tail += "&" + fragment.rpartition("?")[2]
    for name, value in parse_qsl(tail, errors="replace"):
        parameters.setdefault(name, value)
    names = [name.strip() for name in path.split("/") if name.strip()]
    if found := re.search(r"(?:^|/)[pc]/(?:[^/]+/)*([0-9A-Za-z_-]{11})$", fragment):  # of channels before 2012
        parameters.setdefault("v", found[1])
    return _Page(names, parameters)


def _short(page: _Page) -> Video | VideoList:
    if page.name(0) in _BEFORE_ID and page.name(1):
        return Video(_id(page.name(1)))
    if page.names and page.name(0) not in ("watch", "playlist"):
        return Video(_id(page.name(0)))
    return _by_parameters(page)


def _long(page: _Page) -> Video | VideoList:
    first, second = page.name(0), page.name(1)
    if first == "feeds":
        return _of_feed(page)
    if first == "embed" and second in ("videoseries", "", "live_stream"):
        return _embedded(page)
    if first in _BEFORE_ID and second:
        return Video(_id(second))
    if page.parameters.get("v") and first not in _PAGES:
        return Video(_id(page.parameters["v"]))
    if first == "browse" and second.startswith("VL"):
        return _playlist(second)
    if first == "browse" and _CHANNEL.fullmatch(second):
        return VideoList("channel", second)
    if first in _PAGES:
        raise UnknownSource(f"That address of YouTube leads to {_PAGES[first]}.", _COPY)
    if first.startswith("@") or (first in ("channel", "c", "user") and second):
        return _channel(page)
    if first and first not in _RESERVED.split() and "list" not in page.parameters:
        return _named(page)
    return _by_parameters(page)


def _by_parameters(page: _Page) -> Video | VideoList:
    parameters = page.parameters
    if parameters.get("v"):
        return Video(_id(parameters["v"]))
    if ids := parameters.get("video_ids") or parameters.get("video_id"):
        if "," in ids:
            raise UnknownSource("That address names several videos.", "Give each of them on its own.")
        return Video(_id(ids))
    if parameters.get("list"):
        return _playlist(parameters["list"])
    if page.name(0) == "view_play_list" and parameters.get("p"):
        return _playlist("PL" + parameters["p"].removeprefix("PL"))
    raise UnknownSource("That address of YouTube names no video, playlist or channel.", _COPY)


def _embedded(page: _Page) -> Video | VideoList:
    if page.name(1) == "live_stream":
        raise UnknownSource("That address leads to whatever a channel broadcasts just then.", _COPY)
    if page.parameters.get("listType") == "user_uploads" and page.parameters.get("list"):
        return _channel(_Page(["user", page.parameters["list"]], {}))
    return _by_parameters(page)


def _of_feed(page: _Page) -> VideoList:
    """YouTube's own feeds of its lists: they have no sound."""
    parameters = page.parameters
    if parameters.get("playlist_id"):
        return _playlist(parameters["playlist_id"])
    for name, kind in (("channel_id", "channel"), ("user", "user")):
        if parameters.get(name):
            return _channel(_Page([kind, parameters[name]], {}))
    raise UnknownSource("That feed of YouTube names no playlist and no channel.", "Give the channel's address.")


def _id(text: str) -> str:
    """The id at the beginning of the text; marks after it don't count, further letters do."""
    text = text.strip()
    run = re.match(r"[0-9A-Za-z_-]*", text)
    found = run[0] if run else ""
    if len(found) == ID_LENGTH and not text[ID_LENGTH:][:1].isalnum():
        return found
    if len(found) < ID_LENGTH and text[len(found) :][:1].isalnum():
        raise UnknownSource("That is no video's id: there is a character in it that none has.", _COPY)
    raise _wrong_length(len(found))


def length_fault(length: int) -> str:
    """What is wrong with the length of an id, after "it has"."""
    much = abs(length - ID_LENGTH)
    return f"{'one character' if much == 1 else f'{much} characters'} too {'many' if length > ID_LENGTH else 'few'}"


def _wrong_length(length: int) -> UnknownSource:
    if length == 0:
        return UnknownSource("That address of YouTube names no video.", _COPY)
    too_long = length > ID_LENGTH
    return UnknownSource(
        f"The video's id in that address has {length_fault(length)}: {length} instead of {ID_LENGTH}.",
        "Take off what doesn't belong to it." if too_long else "Copy the address again, to its very end.",
    )


def _playlist(key: str) -> VideoList:
    key = key.strip().removeprefix("VL")
    if key in _OWN_LISTS:
        raise UnknownSource(
            f"That list is {_OWN_LISTS[key]}, which only its owner can see.", "Move the videos to a playlist of yours."
        )
    if key.startswith("RD") and not key.startswith("RDCLAK"):
        raise UnknownSource(
            "That list is a mix, which YouTube makes anew for everybody who looks.", "Give its videos one by one."
        )
    if not _LIST.fullmatch(key):
        raise UnknownSource("That is no playlist's id.", "Open the playlist in a browser and copy its address.")
    return VideoList("playlist", key)


def _channel(page: _Page) -> VideoList:
    first, second = page.name(0), page.name(1)
    if first.startswith("@"):
        _check_part(page.name(1))
        if not _NAME.fullmatch(first[1:]):
            raise _no_channel()
        return VideoList("channel", _key(first))
    _check_part(page.name(2))
    if first == "channel":
        if not _CHANNEL.fullmatch(second):
            raise _no_channel()
        return VideoList("channel", second)
    if not _NAME.fullmatch(second):
        raise _no_channel()
    return VideoList("channel", f"{first}/{_key(second)}")


def _named(page: _Page) -> VideoList:
    """A channel by its old name, right below youtube.com."""
    name = page.name(0)
    _check_part(page.name(1))
    if not _NAME.fullmatch(name) or "." in name:  # a page such as index.html
        raise _no_channel()
    return VideoList("channel", f"c/{name}" if name.startswith("UC") else _key(name))  # UC... alone would be an id


def _key(name: str) -> str:
    return quote(name, safe="@")


def _check_part(part: str) -> None:
    if part == "live":
        raise UnknownSource("That address leads to whatever a channel broadcasts just then.", _COPY)
    if part not in _VIDEOS:
        raise UnknownSource(
            "That is a part of a channel other than its videos.",
            "Give the channel's address for all its videos, or those of single videos or playlists.",
        )


def _no_channel() -> UnknownSource:
    return UnknownSource("That address of YouTube names no channel.", "Open the channel and copy its address.")
