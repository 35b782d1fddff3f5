"""What people paste, and the source that it stands for."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.pasted import ADDRESSES, FEEDS, ID, LISTS, ODD, PL, UC, UNKNOWN, VIDEOS, WATCH, recordings_in
from trax.errors import MediaNotFound, TraxError, UnknownSource
from trax.ingest.locator import locate, locate_all
from trax.ingest.sources import Feed, LocalPath, Video, VideoList, WebAddress


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return recordings_in(tmp_path, monkeypatch)


@pytest.mark.parametrize("text", VIDEOS)
def test_videos(text: str, folder: Path) -> None:
    assert locate(text) == Video(VIDEOS[text])


@pytest.mark.parametrize("text", LISTS)
def test_playlists_and_channels(text: str, folder: Path) -> None:
    assert locate(text) == VideoList(*LISTS[text])


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_of_the_web(text: str, folder: Path) -> None:
    assert locate(text) == WebAddress(ADDRESSES[text])


@pytest.mark.parametrize("text", FEEDS)
def test_feeds(text: str, folder: Path) -> None:
    assert locate(text) == Feed(FEEDS[text])


@pytest.mark.parametrize("text", UNKNOWN, ids=lambda text: ascii(text[:60]))
def test_what_is_no_source_gets_a_reason_and_a_next_step(text: str, folder: Path) -> None:
    with pytest.raises((UnknownSource, MediaNotFound)) as caught:
        locate(text)
    message, next_step = UNKNOWN[text]
    assert message in caught.value.message
    assert next_step in caught.value.next_step
    check_words(caught.value)
    assert "geheim" not in str(caught.value)
    assert "secret" not in str(caught.value)


def check_words(error: TraxError) -> None:
    """Two sentences that can be shown anywhere."""
    assert error.message.endswith(".")
    assert error.next_step.endswith((".", "?"))
    assert str(error).isprintable()
    assert len(str(error)) < 500


def test_the_tables_are_counted_and_ask_nothing_of_the_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*arguments: object, **options: object) -> None:
        raise AssertionError("the network was asked")

    for name in ("socket", "getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, asked)
    counts: Counter[str] = Counter()
    for text in [*VIDEOS, *LISTS, *ADDRESSES, *FEEDS, *UNKNOWN]:
        [(_, source)] = locate_all([text], [])
        counts["no source" if isinstance(source, TraxError) else type(source).__name__] += 1
    print(f"forms of sources: {counts.total()}; {dict(counts)}")
    assert counts == {"Video": 105, "VideoList": 30, "WebAddress": 33, "Feed": 16, "no source": 104}


LOCAL = {
    "interview.mp3": "interview.mp3",
    "./interview.mp3": "./interview.mp3",
    "sub": "sub",
    ".": ".",
    "sub/../sub/c.mp4": "sub/../sub/c.mp4",
    "*.mp3": "*.mp3",
    "**/*.mp4": "**/*.mp4",
    "none-[0-9]?.mp3": "none-[0-9]?.mp3",
    "~/h.mp3": "~/h.mp3",
    "~/*.mp3": "~/*.mp3",
    "my talk.mp3": "my talk.mp3",
    "'my talk.mp3'": "my talk.mp3",
    '"my talk.mp3"': "my talk.mp3",
    "my\\ talk.mp3": "my talk.mp3",
    " interview.mp3\n": "interview.mp3",
    "50% [x] #1?.mp3": "50% [x] #1?.mp3",
    "example.net/a.mp3": "example.net/a.mp3",
}


@pytest.mark.parametrize("text", LOCAL)
def test_paths_and_patterns(text: str, folder: Path) -> None:
    assert locate(text) == LocalPath(LOCAL[text])


NAMES = [
    ID,
    ODD,
    PL,
    UC,
    "@TED",
    "youtu.be",
    "example.org",
    "concat:a.mp3",
    "feed:x",
    "spotify:x",
    "C:\\a.mp3",
    "a\nb.mp3",
]
NAMES += ["ytsearch:x", "-rf.mp3", "“a”.mp3", "<b>.mp3", os.fsdecode(b"\xff.mp3"), "file:x", "[a].mp3", "what?.mp3"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_file_wins_over_what_its_name_looks_like(name: str, folder: Path) -> None:
    (folder / name).write_bytes(b"ID3")
    assert locate(name) == LocalPath(name)


def test_below_a_folder_that_is_called_like_a_host(folder: Path) -> None:
    (folder / "youtu.be").mkdir()
    (folder / "youtu.be" / ID).write_bytes(b"ID3")
    assert locate(f"youtu.be/{ID}") == LocalPath(f"youtu.be/{ID}")
    assert locate(f"https://youtu.be/{ID}") == Video(ID)
    with pytest.raises(MediaNotFound, match=r"no file example\.net/b\.mp3"):
        locate("example.net/b.mp3")


def test_file_addresses(folder: Path) -> None:
    path = folder / "50% [x] #1?.mp3"
    assert locate(path.as_uri()) == LocalPath(str(path))
    assert locate(f"file://localhost{folder}/my%20talk.mp3") == LocalPath(f"{folder}/my talk.mp3")
    assert locate(f"file:{folder}/interview.mp3") == LocalPath(f"{folder}/interview.mp3")
    latin = folder / os.fsdecode(b"\xe9.mp3")
    latin.write_bytes(b"ID3")
    assert locate(latin.as_uri()) == LocalPath(str(latin))


def test_no_address_leads_to_a_file(folder: Path) -> None:
    """What forwards to a path, or to a file: address, is never looked up here."""
    inner = quote((folder / "interview.mp3").as_uri(), safe="")
    for text in (f"https://consent.youtube.com/m?continue={inner}", f"https://www.google.com/url?q={inner}"):
        with pytest.raises(UnknownSource, match="leads to nothing on the web"):
            locate(text)
    found = locate(f"https://www.google.com/url?q={quote(str(folder / 'interview.mp3'), safe='')}")
    assert isinstance(found, WebAddress)
    assert found.url.startswith("https://www.google.com/")


def test_forwarding_without_an_end(folder: Path) -> None:
    text = WATCH
    for _ in range(4):
        text = f"https://www.google.com/url?q={quote(text, safe='')}"
    assert locate(text) == Video(ID)
    with pytest.raises(UnknownSource, match="one page to the next"):
        locate(f"https://www.google.com/url?q={quote(text, safe='')}")


def test_what_may_not_be_looked_at_is_left_to_whoever_opens_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", refused)
    assert locate("closed/a.mp3") == LocalPath("closed/a.mp3")


# Whatever the text

pasted = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="htps:/\\.?&=#@%[](){}<>\"' \n\r\t-_~*vwyoutbe0Aé．。＠\u200b\ud800", max_size=60),
    st.builds(
        lambda begin, host, end: begin + host + end,
        st.sampled_from(["https://", "http:", "//", "feed:", "file://", "youtube:", "www.", "", "<https://", "C:\\"]),
        st.sampled_from(
            ["youtube.com/", "youtu.be/", "www.youtube.com/watch?v=", "example.org", "google.com/url?q=", "["]
        ),
        st.text(max_size=30),
    ),
)


@pytest.fixture(scope="module")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("empty"))
    yield
    os.chdir(before)


@settings(max_examples=250, deadline=None)
@given(text=pasted)
def test_every_text_is_a_source_or_gets_a_reason(empty_folder: None, text: str) -> None:
    try:
        source = locate(text)
    except (UnknownSource, MediaNotFound) as error:
        check_words(error)
        return
    if isinstance(source, WebAddress | Feed):
        parts = urlsplit(source.url)
        assert source.url.isascii()
        assert source.url.isprintable()
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert "@" not in parts.netloc
        assert not parts.hostname.endswith("youtube.com") or isinstance(source, Feed)


@settings(max_examples=100, deadline=None)
@given(
    youtube_id=st.text(alphabet="0123456789abcXYZ-_", min_size=11, max_size=11),
    extra=st.sampled_from(["", "&t=1", "#x"]),
)
def test_a_canonical_address_comes_back(empty_folder: None, youtube_id: str, extra: str) -> None:
    video = Video(youtube_id)
    assert locate(youtube_id) == locate(video.url + extra) == locate(f"https://youtu.be/{youtube_id}") == video


hosts = st.lists(st.text(alphabet="abcü-1", min_size=1, max_size=8), min_size=2, max_size=3).map(".".join)
paths = st.text(alphabet="aZ09/._~%20é !$&'()*+,;=:@?#\"<>|^`{}", max_size=30)


@settings(max_examples=150, deadline=None)
@given(host=hosts, path=paths)
def test_an_address_that_was_read_is_read_again_as_it_is(empty_folder: None, host: str, path: str) -> None:
    try:
        source = locate(f"https://{host}/{path}")
    except (UnknownSource, MediaNotFound):
        return
    assert isinstance(source, WebAddress | Feed)
    assert locate(source.url) == source
