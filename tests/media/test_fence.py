"""Hostile files: nothing outside the file is read, and nothing inside it harms the parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from tests.media.recordings import record, tone
from trax.errors import DecoderUnavailable, TraxError, UnreadableMedia
from trax.media.decode import decode
from trax.media.probe import probe
from trax.media.wire import Limits

SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"
TRICKS = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{where}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{where}'\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{where}</BaseURL></MPD>',
    "sdp": SDP,
}


def servers() -> list[psutil.Process]:
    """This process's server of children; none before the first file."""
    return [p for p in psutil.Process().children() if any("trax.media.zygote" in part for part in p.cmdline())]


def children() -> list[psutil.Process]:
    """The processes that read media files now."""
    return [child for server in servers() for child in server.children()]


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        threading.Event().wait(0.005)


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    """Ten minutes: more than the line between child and parent holds."""
    return record(tmp_path / "long.flac", np.zeros(600 * 16_000), codec="flac")


@pytest.fixture
def web_server() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and the requests that reached it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("suffix", ["mp3", "mp4", "m3u8", "ffconcat"])
def test_lists_of_other_files_are_refused(
    tmp_path: Path, web_server: tuple[str, list[str]], trick: str, suffix: str
) -> None:
    address, asked = web_server
    canary = record(tmp_path / "canary.wav", tone(1.0))
    for where in (f"{address}/audio.wav", str(canary), canary.name, f"file:{canary}"):
        path = tmp_path / f"trick.{suffix}"
        path.write_text(TRICKS[trick].replace("{where}", where))
        with pytest.raises(UnreadableMedia, match=r"playlist|session description"):
            decode(path).__enter__()
    assert asked == []


@pytest.mark.parametrize("demuxer", ["hls", "concat", "dash"])
def test_a_list_that_were_opened_could_open_nothing(
    tmp_path: Path, web_server: tuple[str, list[str]], demuxer: str
) -> None:
    """The second fence: even without the list of containers, only the one descriptor can be opened."""
    address, asked = web_server
    canary = record(tmp_path / "canary.wav", tone(1.0))
    for where in (f"{address}/audio.wav", str(canary), canary.name):
        path = tmp_path / "trick.mp3"
        path.write_text(TRICKS[{"hls": "m3u8"}.get(demuxer, demuxer)].replace("{where}", where))
        with pytest.raises((av.error.FFmpegError, IndexError)):
            _open_as(path, demuxer)
    assert asked == []


def _open_as(path: Path, demuxer: str) -> None:
    with path.open("rb") as file:
        options = {"protocol_whitelist": "fd", "fd": str(file.fileno())}
        options |= {"safe": "0"} if demuxer == "concat" else {}
        with av.open("fd:", format=demuxer, options=options) as container:
            next(container.decode(audio=0))


def test_names_that_look_like_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = record(tmp_path / "good.wav", tone(0.5)).read_bytes()
    monkeypatch.chdir(tmp_path)
    for name in (b"concat:x.mp3", b"-rf.mp3", b"line\nbreak.wav", b"%d.wav", b"\xff\xfe.wav", b"subfile,,start,0"):
        path = Path(os.fsdecode(name))
        path.write_bytes(good)
        assert probe(path).duration == 0.5


def test_a_child_that_is_killed_is_a_clear_error(long_file: Path) -> None:
    with decode(long_file) as decoding:
        blocks = iter(decoding)
        next(blocks)
        [child] = children()
        child.send_signal(signal.SIGKILL)
        with pytest.raises(UnreadableMedia, match="killed"):
            list(blocks)
    assert probe(long_file).duration == 600.0


def test_a_crash_in_the_decoder_is_a_clear_error(long_file: Path) -> None:
    with decode(long_file) as decoding:
        [child] = children()
        child.send_signal(signal.SIGSEGV)
        with pytest.raises(UnreadableMedia, match=r"crashed the decoder \(SIGSEGV\)"):
            list(decoding)


def test_a_child_that_falls_silent_is_given_up(long_file: Path) -> None:
    with decode(long_file, limits=Limits(stall_seconds=0.3)) as decoding:
        [child] = children()
        child.send_signal(signal.SIGSTOP)
        with pytest.raises(UnreadableMedia, match=r"stalled: nothing .* 0\.3 s"):
            list(decoding)
    wait_until(lambda: not child.is_running())


def test_a_server_that_is_killed_is_started_again(long_file: Path) -> None:
    with decode(long_file) as decoding:
        [server] = servers()
        [child] = children()
        server.kill()
        with pytest.raises(DecoderUnavailable) as caught:
            list(decoding)
    assert caught.value.retryable
    wait_until(lambda: not child.is_running())
    assert probe(long_file).duration == 600.0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_child_reaches_no_descriptor_but_its_file(long_file: Path) -> None:
    with decode(long_file):
        [child] = children()
        opened = {int(entry.name) for entry in Path(f"/proc/{child.pid}/fd").iterdir()}
        limits = Path(f"/proc/{child.pid}/limits").read_text()
    assert opened == {0, 1, 2, 3, 4, 5}  # silence, the file, the line to the parent, FFmpeg's copy of the file
    assert "Max open files            6 " in limits
    assert "Max file size             0 " in limits


def test_leaving_early_ends_the_child(long_file: Path) -> None:
    with decode(long_file) as decoding:
        next(iter(decoding))
        [child] = children()
    wait_until(lambda: not child.is_running())


def test_the_limit_of_memory(tmp_path: Path) -> None:
    path = record(tmp_path / "small.mp3", tone(1.0), codec="libmp3lame")
    with pytest.raises(TraxError, match=r"memory|crashed|can't be decoded"):
        list(decode(path, limits=Limits(memory_bytes=1 << 20)).__enter__())
    assert probe(path).mime_type == "audio/mpeg"


def test_the_limit_of_computing_time(tmp_path: Path) -> None:
    path = record(tmp_path / "long.mp3", tone(30.0, 44_100), rate=44_100, codec="libmp3lame")
    path.write_bytes(path.read_bytes() * 120)  # an hour
    with decode(path, limits=Limits(cpu_seconds=1)) as decoding, pytest.raises(UnreadableMedia, match="computing time"):
        list(decoding)


def test_memory_does_not_grow_with_the_length(long_file: Path) -> None:
    process = psutil.Process()
    with decode(long_file) as decoding:
        blocks = iter(decoding)
        next(blocks)
        [child] = children()
        before, child_before = process.memory_info().rss, child.memory_info().rss
        for _ in range(18):
            next(blocks)
        grown = process.memory_info().rss - before
        child_grown = child.memory_info().rss - child_before
    assert grown < 10 << 20  # 9 minutes of sound are 35 MB
    assert child_grown < 10 << 20
    assert child_before < 300 << 20


def test_many_threads_at_once(tmp_path: Path) -> None:
    path = record(tmp_path / "call.wav", tone(40.0))
    lengths: list[int] = []
    threads = [threading.Thread(target=lambda: lengths.append(_samples(path))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lengths == [40 * 16_000] * 12
    wait_until(lambda: not children())


def _samples(path: Path) -> int:
    with decode(path) as decoding:
        return sum(len(block) for block in decoding)


PARENT = """
import os, sys
from pathlib import Path
from trax.media.decode import decode
from trax.media.probe import probe
path = Path(sys.argv[1])
if sys.argv[2] == "fork":
    probe(path)
    process = os.fork()
    assert probe(path).duration == 600.0
    if process == 0:
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0
    print("both", flush=True)
else:
    with decode(path) as decoding:
        next(iter(decoding))
        print("ready", flush=True)
        sys.stdin.read()
"""


def test_nothing_outlives_a_parent_that_is_killed(long_file: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(long_file), "kill"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        family = psutil.Process(parent.pid).children(recursive=True)
        assert len(family) == 2
        parent.kill()
    wait_until(lambda: not any(process.is_running() for process in family))


def test_a_process_that_forks_gets_a_server_of_its_own(long_file: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(long_file), "fork"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (b"both\n", b"", 0)
