"""YouTube's pages, fetched from a server on this machine that plays it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.ingest.youtube_site import Answer, Page, Request, oembed, playing, ranged, state_page, watch_page
from trax.errors import (
    SourceUnreachable,
    TraxError,
    UsageError,
    VideoAgeRestricted,
    VideoBlocked,
    VideoLive,
    VideoPrivate,
    VideoRateLimited,
    VideoUnavailable,
)
from trax.ingest.web import Web, options_from
from trax.ingest.youtube import (
    LONGEST_PAUSE,
    RATE_PAUSE,
    ROBOT_PAUSE,
    SESSION_PAUSE,
    Breaker,
    YouTube,
    cookies_for,
    watch_url,
)
from trax.settings import load_settings

ID, OTHER = "AAAAAAAAAAA", "BBBBBBBBBBB"
ROBOT = state_page("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot")
CAPTCHA = b'<html><div class="g-recaptcha" data-sitekey="6Lf39AMT"></div></html>'
CONSENT = (
    '<html><form action="https://consent.youtube.com/s" method="POST">'
    '<input type="hidden" name="v" value="cb.20251122-01-p0.de+FX+123"></form></html>'
)


@dataclass
class Clock:
    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@dataclass
class Site:
    """A YouTube of our own, and a Trax that asks it."""

    base_url: str
    pages: dict[str, Page]
    requests: list[Request]
    breaker: Breaker
    clock: Clock
    youtube: YouTube

    @property
    def asked(self) -> list[str]:
        """Paths that were asked for since the last time."""
        paths = [urlsplit(request.path).path for request in self.requests]
        self.requests.clear()
        return paths

    def error(self, youtube_id: str = ID) -> TraxError:
        with pytest.raises(TraxError) as raised:
            self.youtube.video(youtube_id)
        assert raised.value.next_step
        return raised.value


def _web() -> Web:
    return Web(options_from(load_settings(allow_private_addresses=True)))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    pages: dict[str, Page] = {}
    requests: list[Request] = []
    clock = Clock()
    breaker = Breaker(tmp_path / "cache" / "pause.json", clock)
    with playing(pages, requests=requests) as base_url:
        yield Site(base_url, pages, requests, breaker, clock, YouTube(_web(), f"{base_url}/", breaker))


def test_one_request_for_a_video_with_all_that_spares_us_other_pages(site: Site) -> None:
    site.pages[ID] = watch_page(ID, title="A title", description="Two\nlines", seconds=75)
    page = site.youtube.video(ID)
    assert (page.title, page.description, page.duration_seconds, page.complete) == ("A title", "Two\nlines", 75, True)
    (request,) = site.requests
    assert request.query == {"v": ID, "bpctr": "9999999999", "has_verified": "1", "hl": "en"}
    assert request.headers["accept-language"].startswith("en")
    sent = dict(one.split("=", 1) for one in request.headers["cookie"].split("; "))
    assert sent == {"SOCS": "CAI", "PREF": "hl=en&tz=UTC"}
    assert watch_url(ID) == f"https://www.youtube.com/watch?v={ID}"


@pytest.mark.shared_data
def test_a_recorded_page_through_the_wire(site: Site, shared_data: Path) -> None:
    recorded = (shared_data / "youtube" / "watch_2025" / "youtube.html.static").read_text("utf-8")
    site.pages[ID] = watch_page(ID, title="Über «Züge» 🚆", channel="Dave2D", seconds=90, recorded=recorded)
    page = site.youtube.video(ID)
    assert (page.youtube_id, page.title, page.channel, page.duration_seconds) == (ID, "Über «Züge» 🚆", "Dave2D", 90)
    assert len(page.details["captions"]) == 9


def test_asking_again_gives_what_the_page_says_now(site: Site) -> None:
    site.pages[ID] = watch_page(ID, title="Before", description="Old")
    assert site.youtube.video(ID).title == "Before"
    site.pages[ID] = watch_page(ID, title="After", description="New", seconds=61)
    page = site.youtube.video(ID)
    assert (page.title, page.description, page.duration_seconds) == ("After", "New", 61)


def test_a_permanent_state_is_told_at_once(site: Site) -> None:
    site.pages["oembed/" + ID] = oembed("A title", "A channel")
    for page, kind in (
        (state_page("ERROR", "Video unavailable"), VideoUnavailable),
        (state_page("LOGIN_REQUIRED", "This video is private"), VideoPrivate),
        (state_page("LOGIN_REQUIRED", "Sign in to confirm your age"), VideoAgeRestricted),
        (state_page("OK", "", videoDetails={"videoId": ID, "isLive": True, "lengthSeconds": "0"}), VideoLive),
        (Answer(b"", 404), VideoUnavailable),
    ):
        site.pages[ID] = page
        assert type(site.error()) is kind
        assert site.asked == ["/watch"], "neither asked again nor at another place"


def test_an_unknown_video(site: Site) -> None:
    assert type(site.error()) is VideoUnavailable


def test_a_bot_check_stops_all_questions_for_half_an_hour(site: Site) -> None:
    site.pages |= {ID: ROBOT, OTHER: watch_page(OTHER), f"oembed/{ID}": Answer(b"Unauthorized", 401)}
    error = site.error()
    assert type(error) is VideoBlocked
    again = time.strftime("%H:%M", time.localtime(site.clock.now + ROBOT_PAUSE))
    assert f"from {again} on" in error.next_step
    assert site.asked == ["/watch", "/oembed"]
    for youtube_id in (ID, OTHER):
        error = site.error(youtube_id)
        assert type(error) is VideoBlocked
        assert f"from {again} on" in error.next_step
    site.clock.now += ROBOT_PAUSE - 1
    assert type(site.error(OTHER)) is VideoBlocked
    assert site.asked == []
    site.clock.now += 2
    assert site.youtube.video(OTHER).complete
    assert site.asked == ["/watch"]


def test_a_walled_page_still_gives_title_and_channel(site: Site) -> None:
    site.pages |= {ID: ROBOT, f"oembed/{ID}": oembed("A title", "A channel")}
    page = site.youtube.video(ID)
    assert (page.title, page.channel, page.description, page.duration_seconds) == ("A title", "A channel", "", None)
    assert not page.complete
    assert page.details == {"channel_url": "https://www.youtube.com/@somebody"}
    asked = site.requests[-1].query
    assert asked == {"format": "json", "url": watch_url(ID)}
    assert type(site.error()) is VideoBlocked, "the next one isn't asked for"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(b"Not Found", 404), VideoUnavailable),
        (Answer(b"Bad Request", 400), VideoUnavailable),
        (Answer(b"Unauthorized", 401), VideoBlocked),  # private, or not to be embedded: it may be there
        (Answer(b"Forbidden", 200), VideoBlocked),
        (Answer(b'{"title": 3}', 200), VideoBlocked),
        (Answer(b"[" * 100_000, 200), VideoBlocked),
        (Answer(oembed("A title", "A channel").body, 401), VideoBlocked),
        (Answer(oembed("A title", "A channel").body, cut=20), VideoBlocked),  # the line breaks
        (Answer(b"", 503), VideoBlocked),
    ],
)
def test_what_a_second_place_says_of_a_walled_video(site: Site, answer: Answer, kind: type[TraxError]) -> None:
    site.pages |= {ID: ROBOT, f"oembed/{ID}": answer}
    assert type(site.error()) is kind


@pytest.mark.parametrize(
    ("answer", "kind", "seconds"),
    [
        (Answer(b"", 429), VideoRateLimited, RATE_PAUSE),
        (Answer(b"", 429, {"Retry-After": "1800"}), VideoRateLimited, 1800),
        (Answer(b"", 429, {"Retry-After": "0"}), VideoRateLimited, 60),
        (Answer(b"", 429, {"Retry-After": "9" * 40}), VideoRateLimited, LONGEST_PAUSE),
        (Answer(b"", 429, {"Retry-After": "soon"}), VideoRateLimited, RATE_PAUSE),
        (
            lambda _: Answer(b"", 429, {"Retry-After": formatdate(time.time() + 7200, usegmt=True)}),
            VideoRateLimited,
            7200,
        ),
        (Answer(CAPTCHA, 429), VideoBlocked, ROBOT_PAUSE),
        (Answer(CAPTCHA, 200), VideoBlocked, ROBOT_PAUSE),
        (Answer(b"", 403), VideoBlocked, ROBOT_PAUSE),
    ],
)
def test_how_long_youtube_is_left_alone(site: Site, answer: Page, kind: type[TraxError], seconds: float) -> None:
    site.pages |= {ID: answer, f"oembed/{ID}": Answer(b"", 429), OTHER: watch_page(OTHER)}
    assert type(site.error()) is kind
    site.clock.now += seconds - 120 if seconds > 120 else 0
    assert type(site.error(OTHER)) is kind
    site.clock.now += 240
    assert site.youtube.video(OTHER).complete


def test_a_redirect_to_the_page_for_robots(site: Site) -> None:
    site.pages |= {ID: Answer(b"", 302, {"Location": "/sorry/index"}), "/sorry/index": Answer(b"<html></html>", 429)}
    site.pages[f"oembed/{ID}"] = Answer(b"", 401)
    assert type(site.error()) is VideoBlocked


def test_try_again_later_on_a_page_means_an_hour(site: Site) -> None:
    site.pages[ID] = state_page("UNPLAYABLE", "This content isn’t available, try again later.")
    site.pages[f"oembed/{ID}"] = Answer(b"", 401)
    assert type(site.error()) is VideoRateLimited
    site.clock.now += SESSION_PAUSE - 1
    assert type(site.error()) is VideoRateLimited
    assert site.asked == ["/watch", "/oembed"]


def test_another_videos_page_trips_the_breaker(site: Site) -> None:
    site.pages |= {ID: watch_page(OTHER), f"oembed/{ID}": Answer(b"", 401)}
    assert "another video" in site.error().message
    assert type(site.error(OTHER)) is VideoBlocked
    assert site.asked == ["/watch", "/oembed"]


def test_trouble_of_the_server_trips_nothing(site: Site) -> None:
    site.pages |= {ID: Answer(b"<html></html>", 503), f"oembed/{ID}": oembed("A title", "A channel")}
    assert type(site.error()) is SourceUnreachable
    assert site.asked == ["/watch"]
    site.pages[ID] = watch_page(ID)
    assert site.youtube.video(ID).complete


def test_a_page_that_isnt_understood_leaves_title_and_channel_and_trips_nothing(site: Site) -> None:
    site.pages |= {ID: "<html>New times</html>", f"oembed/{ID}": oembed("A title", "A channel")}
    assert site.youtube.video(ID).title == "A title"
    site.pages[f"oembed/{ID}"] = Answer(b"", 401)
    assert type(site.error()) is SourceUnreachable
    assert site.asked == ["/watch", "/oembed"] * 2


def test_no_server_at_all(tmp_path: Path) -> None:
    with playing({}) as base_url:
        pass
    with pytest.raises(SourceUnreachable):
        YouTube(_web(), base_url, Breaker(tmp_path / "pause.json")).video(ID)


# ------------------------------------------------------------------ Consent


def _with_consent(wanted: str, redirect: str | None = None) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        if wanted in request.headers.get("cookie", ""):
            return Answer(watch_page(ID, title="Let in").encode())
        return Answer(b"", 302, {"Location": redirect}) if redirect else Answer(CONSENT.encode())

    return answer


@pytest.mark.parametrize("redirect", [None, "/consent?continue=watch"])
@pytest.mark.parametrize("wanted", ["SOCS=CAISAiAD", "CONSENT=YES+cb.20251122-01-p0.de+FX+123"])
def test_consent_is_given_where_it_is_asked_for(site: Site, wanted: str, redirect: str | None) -> None:
    site.pages |= {ID: _with_consent(wanted, redirect), "/consent?continue=watch": CONSENT}
    assert site.youtube.video(ID).title == "Let in"


def test_consent_that_doesnt_help(site: Site) -> None:
    site.pages |= {ID: CONSENT.replace('name="v"', 'name="w"'), f"oembed/{ID}": Answer(b"", 401)}
    error = site.error()
    assert type(error) is VideoBlocked
    assert "consent" in error.message
    assert site.asked == ["/watch", "/watch", "/oembed"]


# ------------------------------------------------------------------ The breaker's file


def test_processes_share_the_breaker(site: Site, tmp_path: Path) -> None:
    host = urlsplit(site.base_url).netloc
    program = (
        "import sys; from pathlib import Path; from trax.errors import VideoBlocked; "
        "from trax.ingest.youtube import Breaker; "
        "Breaker(Path(sys.argv[1])).trip(sys.argv[2], VideoBlocked('A robot.'), 900)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "cache" / "pause.json"), host], check=True)
    site.pages[ID] = watch_page(ID)
    assert type(site.error()) is VideoBlocked
    assert site.asked == []
    site.clock.now += 1000
    assert site.youtube.video(ID).complete
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["pause.json"], "no drafts are left"


# ------------------------------------------------------------------ Cookies of an account


def _cookies_file(folder: Path, *lines: str) -> Path:
    path = folder / "cookies.txt"
    path.write_text("\n".join(["# Netscape HTTP Cookie File", "", *lines, ""]))
    return path


def _line(domain: str, name: str, value: str, *, secure: bool = False, expires: float = 0, path: str = "/") -> str:
    return "\t".join([domain, "TRUE", path, "TRUE" if secure else "FALSE", str(int(expires)), name, value])


def test_an_account_sees_more_than_a_guest(site: Site, tmp_path: Path) -> None:
    def answer(request: Request) -> Answer:
        let_in = "SID=secret" in request.headers.get("cookie", "")
        return Answer((watch_page(ID) if let_in else ROBOT).encode())

    site.pages |= {ID: answer, f"oembed/{ID}": Answer(b"", 401)}
    assert type(site.error()) is VideoBlocked
    cookies = _cookies_file(tmp_path, _line("127.0.0.1", "SID", "secret"))
    with_account = YouTube(_web(), site.base_url, site.breaker, cookies)
    assert with_account.video(ID).complete, "that a guest is blocked says nothing of the account"
    assert cookies.read_text().count("secret") == 1


def test_cookies_go_only_where_they_are_meant_to_go(tmp_path: Path) -> None:
    path = _cookies_file(
        tmp_path,
        _line(".youtube.com", "A", "1", secure=True),
        "#HttpOnly_" + _line(".youtube.com", "B", "2", secure=True),
        _line("www.youtube.com", "C", "3", expires=time.time() + 1000),
        _line(".youtube.com", "OLD", "4", expires=time.time() - 1000),
        _line(".google.com", "D", "5"),
        _line("tube.com", "E", "6"),
        _line(".youtube.com", "F", "7", path="/redirect"),
    )
    assert cookies_for("https://www.youtube.com", path) == {"A": "1", "B": "2", "C": "3"}
    assert cookies_for("http://www.youtube.com", path) == {"C": "3"}
    assert cookies_for("http://127.0.0.1:8080", path) == {}
    assert cookies_for("https://www.youtube.com.evil.com", path) == {}


def test_a_cookies_file_that_cant_be_used(site: Site, tmp_path: Path) -> None:
    site.pages[ID] = watch_page(ID)
    with pytest.raises(UsageError):
        YouTube(_web(), site.base_url, site.breaker, tmp_path / "nowhere.txt").video(ID)
    assert site.asked == []


# ------------------------------------------------------------------ The server of these tests itself


def test_the_server_plays_sound_in_parts(tmp_path: Path) -> None:
    sound = tmp_path / "sound.wav"
    sound.write_bytes(bytes(range(200)))
    with playing({}, {ID: sound}) as base_url:
        page = _web().fetch(f"{base_url}/watch?v={ID}")
        assert f'<video src="{base_url}/media/{ID}.wav"' in page.body.decode()
        whole = _web().fetch(f"{base_url}/media/{ID}.wav")
        assert (whole.status, whole.body) == (200, sound.read_bytes())
        headers = {"Range": "bytes=150-", "If-Range": whole.headers["etag"]}
        part = _web().fetch(f"{base_url}/media/{ID}.wav", headers=headers)
        assert (part.status, part.body) == (206, sound.read_bytes()[150:])
        assert part.headers["content-range"] == "bytes 150-199/200"
        changed = _web().fetch(f"{base_url}/media/{ID}.wav", headers={**headers, "If-Range": '"another"'})
        assert (changed.status, len(changed.body)) == (200, 200)
        beyond = _web().fetch(f"{base_url}/media/{ID}.wav", headers={"Range": "bytes=500-"})
        assert beyond.status == 416
    assert ranged(sound, Request("GET", "/", {"range": "bytes=3-5"}), cut=2).cut == 2
