"""A file from the web: whole or resumed, the right bytes or none, and nothing left that nothing will come of."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.hostile_server import Line, Script, ServedFile, Site, hostile, in_turn, leads, says
from trax.errors import (
    ClaimHeld,
    NotMedia,
    SourceTooLarge,
    SourceUnavailable,
    SourceUnreachable,
    StoreError,
    StoreFull,
)
from trax.ingest import download as downloads
from trax.ingest.download import TRIES, WAITS, Downloaded, download
from trax.ingest.web import Web, WebOptions

MEDIA = b"ID3\x04" + random.Random(7).randbytes(3_000_000)
OTHER = b"ID3\x03" + random.Random(8).randbytes(2_500_000)
CUT = 1_200_000
WEB = Web(WebOptions(allow_private=True, stall_seconds=5.0))


@dataclass
class Trial:
    """Downloads into one draft."""

    draft: Path
    told: list[tuple[int, int | None]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def run(self, url: str, web: Web = WEB, check: Callable[[], None] = lambda: None) -> Downloaded:
        return download(
            web, url, self.draft, told=lambda *said: self.told.append(said), check=check, wait=self.waited.append
        )

    def begin(self, size: int = CUT, **notes: Any) -> None:
        """What a download that broke off has left."""
        self.draft.write_bytes(MEDIA[:size])
        if notes:
            said = {"url": None, "etag": None, "last_modified": None, "total": None, **notes}
            self.draft.with_name("part.json").write_text(json.dumps(said))

    def left(self) -> list[str]:
        return sorted(path.name for path in self.draft.parent.iterdir())

    def holds(self, body: bytes, done: Downloaded) -> bool:
        """Whether the draft is the file, and nothing lies beside it."""
        assert self.left() == ["part"]
        assert (done.size_bytes, done.sha256) == (len(body), hashlib.sha256(body).hexdigest())
        return self.draft.read_bytes() == body


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    (tmp_path / "in").mkdir()
    return Trial(tmp_path / "in" / "part")


@pytest.fixture
def served() -> Iterator[Callable[[Script], Site]]:
    """Serves a script as `/`, and says where."""
    ends: list[Any] = []

    def serve(script: Script) -> Site:
        server = hostile({"/": script})
        ends.append(server)
        return server.__enter__()

    yield serve
    for server in ends:
        server.__exit__(None, None, None)


Served = Callable[[Script], Site]


# The whole


def test_a_file_as_a_whole(trial: Trial) -> None:
    headers = {"Content-Disposition": "attachment; filename=\"..\\\\x\"; filename*=UTF-8''na%C3%AFve.mp3"}
    with hostile({"/": leads("/cdn/a.mp3?token=1"), "/cdn/a.mp3?token=1": ServedFile(MEDIA, headers=headers)}) as site:
        done = trial.run(site.url())
    assert trial.holds(MEDIA, done)
    assert (done.filename, done.content_type, done.etag) == ("na\u00efve.mp3", "audio/mpeg", '"one"')
    assert done.final_url == site.url("/cdn/a.mp3?token=1")
    assert trial.told[-1] == (len(MEDIA), len(MEDIA))
    assert trial.told == sorted(trial.told)
    assert {total for _, total in trial.told} == {len(MEDIA)}
    assert site.requests[-1].headers["accept-encoding"] == "identity"
    assert "range" not in site.requests[-1].headers


def test_a_file_whose_length_is_not_told(trial: Trial, served: Served) -> None:
    def unknown(line: Line) -> None:
        line.head("200 OK")
        line.send(MEDIA)

    assert trial.holds(MEDIA, trial.run(served(unknown).url()))
    assert {total for _, total in trial.told[:-1]} == {None}
    assert trial.told[-1] == (len(MEDIA), len(MEDIA))


def test_chunks_overrule_a_length(trial: Trial, served: Served) -> None:
    def chunked(line: Line) -> None:
        line.head("200 OK", {"Content-Length": 5, "Transfer-Encoding": "chunked"})
        line.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(MEDIA), MEDIA))

    assert trial.holds(MEDIA, trial.run(served(chunked).url()))


def test_a_small_file(trial: Trial, served: Served) -> None:
    assert trial.holds(MEDIA[:99], trial.run(served(ServedFile(MEDIA[:99])).url()))


@pytest.mark.parametrize("coding", ["identity", "", "aws-chunked", "utf-8"])
def test_codings_that_pack_nothing(trial: Trial, served: Served, coding: str) -> None:
    assert trial.holds(MEDIA, trial.run(served(ServedFile(MEDIA, headers={"Content-Encoding": coding})).url()))


# Resumed


@pytest.mark.parametrize(
    ("etag", "headers"),
    [('"one"', {}), (None, {"Last-Modified": "Sat, 21 Nov 2026 10:00:00 GMT"}), ('W/"weak"', {"Last-Modified": "x"})],
)
def test_a_broken_download_goes_on_in_its_next_try(
    trial: Trial, served: Served, etag: str | None, headers: Mapping[str, str]
) -> None:
    site = served(ServedFile(MEDIA, etag, headers, cut=CUT, times=2))
    assert trial.holds(MEDIA, trial.run(site.url()))
    assert site.ranges() == [None, f"bytes={CUT}-", f"bytes={2 * CUT}-"]
    assert [done for done, _ in trial.told] == sorted(done for done, _ in trial.told)
    assert trial.waited == [WAITS[0], WAITS[0]]  # each try brought a good piece


def test_a_part_of_an_earlier_process_is_gone_on_with(trial: Trial, served: Served) -> None:
    site = served(ServedFile(MEDIA))
    trial.begin(url=site.url(), etag='"one"', total=len(MEDIA))
    assert trial.holds(MEDIA, trial.run(site.url()))
    assert site.ranges() == [f"bytes={CUT}-"]
    assert site.requests[0].headers["if-range"] == '"one"'
    assert trial.told[0][0] > CUT


def test_a_file_that_changed_begins_anew(trial: Trial, served: Served) -> None:
    site = served(ServedFile(OTHER, '"two"'))
    trial.begin(2_900_000, url=site.url(), etag='"one"', total=len(MEDIA))
    assert trial.holds(OTHER, trial.run(site.url()))
    assert len(site.requests) == 1


@pytest.mark.parametrize("answer", [{"ETag": '"two"'}, {"Content-Range": f"bytes {CUT}-{len(OTHER) - 1}/{len(OTHER)}"}])
def test_a_part_of_another_file_is_not_put_after_ours(trial: Trial, served: Served, answer: Mapping[str, str]) -> None:
    """A server that doesn't look at If-Range."""

    def careless(line: Line) -> None:
        span = f"bytes {CUT}-{len(OTHER) - 1}/{len(MEDIA)}"
        line.answer("206 Partial Content", OTHER[CUT:], {"Content-Range": span, **answer})

    site = served(in_turn(careless, ServedFile(OTHER, '"two"')))
    trial.begin(url=site.url(), etag='"one"', total=len(MEDIA))
    assert trial.holds(OTHER, trial.run(site.url()))
    assert site.ranges() == [f"bytes={CUT}-", None]


@pytest.mark.parametrize(
    "span",
    ["", "bytes 0-9/10", f"bytes {CUT + 1}-2999999/3000004", "pages 1-2/3", f"bytes {CUT}-x/9", "bytes \u00b2-3/9"],
)
def test_another_range_than_was_asked_for(trial: Trial, served: Served, span: str) -> None:
    wrong = says("206 Partial Content", OTHER[:1000], {"Content-Range": span})
    site = served(in_turn(wrong, ServedFile(MEDIA)))
    trial.begin(url=site.url(), etag='"one"', total=len(MEDIA))
    assert trial.holds(MEDIA, trial.run(site.url()))
    assert site.ranges() == [f"bytes={CUT}-", None]


def test_a_range_without_a_total_keeps_the_one_that_was_told(trial: Trial, served: Served) -> None:
    def short(line: Line) -> None:
        line.answer("206 Partial Content", MEDIA[CUT:2_000_000], {"Content-Range": f"bytes {CUT}-1999999/*"})

    site = served(in_turn(short, ServedFile(MEDIA)))
    trial.begin(url=site.url(), etag='"one"', total=len(MEDIA))
    assert trial.holds(MEDIA, trial.run(site.url()))
    assert site.ranges() == [f"bytes={CUT}-", "bytes=2000000-"]


def test_more_than_the_rest_is_not_written(trial: Trial, served: Served) -> None:
    def more(line: Line) -> None:
        line.head("206 Partial Content", {"Content-Range": f"bytes {CUT}-{len(MEDIA) - 1}/{len(MEDIA)}"})
        line.endless()

    site = served(in_turn(more, ServedFile(MEDIA)))
    trial.begin(url=site.url(), etag='"one"', total=len(MEDIA))
    assert trial.holds(MEDIA, trial.run(site.url()))


def test_a_part_that_was_all_is_finished_without_its_bytes(trial: Trial, served: Served) -> None:
    site = served(ServedFile(MEDIA))
    trial.begin(len(MEDIA), url=site.url(), etag='"one"')
    done = trial.run(site.url())
    assert trial.holds(MEDIA, done)
    assert (done.etag, done.content_type) == ('"one"', "")
    assert site.ranges() == [f"bytes={len(MEDIA)}-"]


@pytest.mark.parametrize("span", ["bytes */17", "", "bytes 0-1/2"])
def test_a_part_longer_than_the_file_begins_anew(trial: Trial, served: Served, span: str) -> None:
    site = served(in_turn(says("416 Range Not Satisfiable", b"no", {"Content-Range": span}), ServedFile(MEDIA)))
    trial.begin(url=site.url(), etag='"one"')
    assert trial.holds(MEDIA, trial.run(site.url()))
    assert site.ranges() == [f"bytes={CUT}-", None]


def test_a_server_without_ranges_begins_anew_and_is_given_up_in_the_end(trial: Trial, served: Served) -> None:
    site = served(ServedFile(MEDIA, cut=CUT, times=1, has_ranges=False))
    assert trial.holds(MEDIA, trial.run(site.url()))
    never = served(ServedFile(MEDIA, cut=CUT, has_ranges=False))
    with pytest.raises(SourceUnreachable):
        trial.run(never.url())
    assert len(never.requests) == TRIES + 1  # the first brought something


def test_begun_anew_again_and_again_is_no_progress(trial: Trial, served: Served) -> None:
    """A server that sends much, then little of another file, then much..."""
    tag = iter(range(1000))

    def changing(line: Line) -> None:
        cut = CUT if line.number % 2 == 0 else 10
        ServedFile(MEDIA, f'"{next(tag)}"', cut=cut)(line)

    site = served(changing)
    with pytest.raises(SourceUnreachable):
        trial.run(site.url())
    assert len(site.requests) <= 2 * TRIES


NOTES = [
    {},
    {"url": "http://elsewhere.test/", "etag": '"one"'},
    {"etag": 'W/"weak"'},
    {"total": 10, "etag": '"one"'},
    {"etag": 5},
    {"etag": '"a\r\nX: y"'},
    {"etag": '"one"', "total": "many"},
    {"url": 7, "etag": '"one"'},
    {"extra": 1, "etag": '"one"'},
]


@pytest.mark.parametrize("notes", NOTES, ids=str)
def test_a_part_that_is_not_known_to_fit_is_not_gone_on_with(
    trial: Trial, served: Served, notes: Mapping[str, Any]
) -> None:
    site = served(ServedFile(MEDIA))
    trial.begin(**({"url": site.url(), **notes} if notes else {}))
    assert trial.holds(MEDIA, trial.run(site.url()))
    assert site.ranges() == [None]


@pytest.mark.parametrize("text", ["", "null", "[1]", "{", '{"url": 1}', "\udcff"])
def test_notes_that_are_none(trial: Trial, served: Served, text: str) -> None:
    site = served(ServedFile(MEDIA))
    trial.begin()
    trial.draft.with_name("part.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert trial.holds(MEDIA, trial.run(site.url()))


def test_no_ranges_are_asked_of_a_server_that_says_so(trial: Trial, served: Served) -> None:
    site = served(ServedFile(MEDIA, headers={"Accept-Ranges": "none"}, cut=CUT, times=1))
    assert trial.holds(MEDIA, trial.run(site.url()))
    assert site.ranges() == [None, None]


# Stopped


class Leave(Exception):
    pass


def test_who_leaves_finds_the_part_again(trial: Trial, served: Served) -> None:
    site = served(ServedFile(MEDIA))

    def check() -> None:
        if trial.told and trial.told[-1][0] > CUT:
            raise Leave

    with pytest.raises(Leave):
        trial.run(site.url(), check=check)
    assert trial.left() == ["part", "part.json"]
    there = trial.draft.stat().st_size
    assert CUT < there < len(MEDIA)
    assert trial.holds(MEDIA, trial.run(site.url()))
    assert site.ranges() == [None, f"bytes={there}-"]


def test_who_leaves_before_the_first_byte_leaves_nothing(trial: Trial, served: Served) -> None:
    def check() -> None:
        raise Leave

    with pytest.raises(Leave):
        trial.run(served(ServedFile(MEDIA)).url(), check=check)
    assert trial.left() == []


def test_who_leaves_need_not_wait_for_a_silent_server(trial: Trial, served: Served) -> None:
    silent = threading.Event()

    def quiet(line: Line) -> None:
        ServedFile(MEDIA, cut=CUT)(line)
        silent.set()
        line.until_gone()

    def check() -> None:
        if silent.is_set() and trial.draft.stat().st_size == CUT:  # all that comes has come
            raise Leave

    site, patient, started = served(quiet), Web(replace(WEB.options, stall_seconds=60.0)), time.monotonic()
    with pytest.raises(Leave):
        trial.run(site.url(), patient, check)
    assert time.monotonic() - started < 10
    assert trial.left() == ["part", "part.json"]


def test_who_leaves_need_not_wait_for_the_next_try(tmp_path: Path, served: Served) -> None:
    looks = iter([None, None])

    def check() -> None:
        if next(looks, Leave) is Leave:
            raise Leave

    with pytest.raises(Leave):
        download(WEB, served(Line.reset).url(), tmp_path / "part", check=check)


def test_one_process_at_a_draft(trial: Trial, served: Served) -> None:
    site = served(ServedFile(MEDIA))
    with trial.draft.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ClaimHeld):
            trial.run(site.url())
    assert site.requests == []
    assert trial.holds(MEDIA, trial.run(site.url()))


def test_a_draft_that_was_moved_away_as_it_was_locked_is_opened_anew(
    trial: Trial, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, calls = fcntl.flock, iter([True])

    def slow(descriptor: int, operation: int) -> None:
        if next(calls, False):
            trial.draft.rename(trial.draft.parent.parent / "stored")
        really(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", slow)
    assert trial.holds(MEDIA, trial.run(served(ServedFile(MEDIA)).url()))
    assert (trial.draft.parent.parent / "stored").read_bytes() == b""


# Limits and disks


def test_a_file_at_the_limit_and_one_above(trial: Trial, served: Served) -> None:
    site = served(ServedFile(MEDIA))
    assert trial.holds(MEDIA, trial.run(site.url(), Web(replace(WEB.options, max_bytes=len(MEDIA)))))
    trial.draft.unlink()
    trial.told.clear()
    with pytest.raises(SourceTooLarge, match=r"0\.003 GB"):
        trial.run(site.url(), Web(replace(WEB.options, max_bytes=len(MEDIA) - 1)))
    assert (trial.left(), trial.told) == ([], [])


def test_a_full_disk_is_told_before_it_is_full(trial: Trial, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    free = downloads.SPARE_BYTES + len(MEDIA) - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(free, 0, free))
    with pytest.raises(StoreFull):
        trial.run(served(ServedFile(MEDIA)).url())
    assert (trial.left(), trial.told) == ([], [])


def test_a_disk_that_fills_while_nobody_knows_how_much_comes(
    trial: Trial, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(line: Line) -> None:
        line.head("200 OK", {"ETag": '"one"'})
        line.send(MEDIA[:4096])
        line.endless()

    def usage(path: Path) -> Any:
        free = downloads.SPARE_BYTES + CUT - trial.draft.stat().st_size
        return shutil._ntuple_diskusage(free, 0, free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    monkeypatch.setattr(downloads, "LOOKING", 100_000)
    with pytest.raises(StoreFull):
        trial.run(served(endless).url())
    assert trial.left() == ["part", "part.json"]
    assert trial.draft.stat().st_size < CUT + 200_000


def test_a_write_that_fails_is_the_stores_trouble(
    trial: Trial, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = served(ServedFile(MEDIA))

    def full(descriptor: int, block: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StoreFull):
            trial.run(site.url())
    assert trial.left() == []
    trial.draft.parent.rmdir()
    with pytest.raises(StoreError):
        trial.run(site.url())


def test_a_link_in_the_drafts_place_is_not_followed(trial: Trial, served: Served) -> None:
    treasure = trial.draft.parent.parent / "treasure"
    treasure.write_text("gold")
    trial.draft.symlink_to(treasure)
    with pytest.raises(StoreError):
        trial.run(served(ServedFile(MEDIA)).url())
    assert treasure.read_text() == "gold"


# Later


def test_tries_grow_apart_and_come_to_an_end(trial: Trial, served: Served) -> None:
    site = served(says("503 Service Unavailable"))
    with pytest.raises(SourceUnreachable, match="503"):
        trial.run(site.url())
    assert (trial.waited, len(site.requests)) == (list(WAITS), TRIES)
    assert trial.left() == []


@pytest.mark.parametrize(("after", "words"), [("120", "in 120 seconds"), ("\u00b2", "later"), ("9" * 40, "later")])
def test_a_server_says_when_to_come_back(trial: Trial, served: Served, after: str, words: str) -> None:
    with pytest.raises(SourceUnreachable, match=words):
        trial.run(served(says("429 Too Many Requests", b"", {"Retry-After": after})).url())


def test_a_passing_failure_keeps_the_part_and_a_lasting_one_does_not(trial: Trial, served: Served) -> None:
    for status, left in (("503 Busy", ["part", "part.json"]), ("404 Not Found", [])):
        site = served(in_turn(ServedFile(MEDIA, cut=CUT), says(status)))
        with pytest.raises(SourceUnreachable if left else SourceUnavailable):
            trial.run(site.url())
        assert trial.left() == left


def test_a_page_in_the_place_of_the_rest_leaves_nothing(trial: Trial, served: Served) -> None:
    site = served(in_turn(ServedFile(MEDIA, cut=CUT), says("200 OK", b"<!doctype html><p>Sign in</p>")))
    with pytest.raises(NotMedia, match="a web page"):
        trial.run(site.url())
    assert trial.left() == []


# Killed

NURSERY = """
import os, sys
from pathlib import Path
from trax.ingest.download import download
from trax.ingest.web import Web, WebOptions
import curl_cffi

web = Web(WebOptions(allow_private=True))
for line in sys.stdin:
    url, draft = line.split()
    child = os.fork()
    if not child:
        print(os.getpid(), flush=True)
        download(web, url, Path(draft), told=lambda done, total: os.write(1, b"%d\\n" % done))
        os._exit(7)
    print("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_twenty_kills_in_a_row(trial: Trial) -> None:
    """Each at another moment; what has come by then is gone on with, and the bytes are right in the end."""
    chance = random.Random(3)
    pieces = [chance.randrange(50_000, 150_000) for _ in range(20)]

    def slowly(line: Line) -> None:
        """Send a piece and no more: the client is killed meanwhile."""
        ServedFile(MEDIA, cut=pieces[line.number])(line)
        line.until_gone()

    sizes = [0]
    with hostile({"/": slowly}) as site, _nursery() as nursery:
        for number, piece in enumerate(pieces):
            least = sizes[-1] + piece * (number % 4) // 3  # at once, later, or when all of the piece has come
            sizes.append(_killed(nursery, site, trial, least if number % 4 else 0))
    assert sizes == sorted(sizes)  # nothing that came was lost
    assert 500_000 < sizes[-1] < len(MEDIA)
    with hostile({"/": ServedFile(MEDIA)}) as again:
        notes = trial.draft.with_name("part.json")
        notes.write_text(notes.read_text().replace(str(site.port), str(again.port)))
        assert trial.holds(MEDIA, trial.run(again.url()))
        assert again.ranges() == [f"bytes={sizes[-1]}-"]


def _nursery() -> Any:
    return subprocess.Popen(
        [sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def _killed(nursery: subprocess.Popen[str], site: Site, trial: Trial, least: int) -> int:
    """Kill a download once it was asked for and has come to `least` bytes; returns the size of the part."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{site.url()} {trial.draft}\n")
    nursery.stdin.flush()
    pid = int(nursery.stdout.readline())
    assert site.asked.acquire(timeout=20)
    done = 0
    while done < least:
        done = int(nursery.stdout.readline())
    os.kill(pid, signal.SIGKILL)
    while "ended" not in (line := nursery.stdout.readline()):
        assert line, "the nursery is gone"
    assert line.split() == ["ended", "-9"]
    assert set(trial.left()) <= {"part", "part.json", "part.json.new"}
    return trial.draft.stat().st_size
