"""What yt-dlp is given and told: cookies, no plugins, what is installed, and nobody asked behind our back."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.ingest.youtube_api import VIDEO, Api, Said, one_video, options, page, youtubes
from trax.errors import JobInterrupted, ToolMissing, UsageError
from trax.ingest.youtube_audio import download_audio, versions
from trax.ingest.yt_dlp_session import YOUTUBE, read_cookies, yt_dlp

pytestmark = pytest.mark.usefixtures("only_loopback")


@pytest.fixture
def api() -> Iterator[Api]:
    with one_video() as server:
        yield server


def test_cookies_are_sent_and_their_file_is_left_alone(api: Api, tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text(
        "# Netscape HTTP Cookie File\n# mine\nnonsense with a secret\n"
        "127.0.0.1\tFALSE\t/\tFALSE\t0\tSID\tabc\n#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t\tHSID\tdef\n"
    )
    before, when = cookies.read_bytes(), cookies.stat().st_mtime_ns
    api.answers["/watch"] = Said(page().body, headers={"Set-Cookie": "SID=changed; Max-Age=999999", "X": "1"})
    download_audio(VIDEO, tmp_path / "job", youtubes(api, cookies=cookies))
    assert api.asked[0].cookie is not None
    assert {"SID=abc", "HSID=def"} <= set(api.asked[0].cookie.split("; "))
    assert cookies.read_bytes() == before
    assert cookies.stat().st_mtime_ns == when
    assert len(list((tmp_path / "job").iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b'[{"name": "SID"}]', b"\xff\xfe\x00\x00", b"# Netscape HTTP Cookie File\n"])
def test_a_cookies_file_that_is_none(tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cookies.txt"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"cookies\.txt"):
        read_cookies(path)
    with pytest.raises(UsageError, match="No such file"):
        read_cookies(tmp_path / "absent")
    assert capfd.readouterr() == ("", "")


def test_nobody_is_asked_before_the_first_request(tmp_path: Path, only_loopback: list[str]) -> None:
    def stop() -> None:
        raise JobInterrupted("Before anything was asked.")

    with pytest.raises(JobInterrupted):
        download_audio(VIDEO, tmp_path, options(YOUTUBE), check=stop)
    assert only_loopback == []
    assert yt_dlp().globals.plugin_dirs.value == []


def test_without_yt_dlp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    (tmp_path / "video.part").write_bytes(b"what has come")
    for ask in (lambda: download_audio(VIDEO, tmp_path, options(YOUTUBE)), versions):
        with pytest.raises(ToolMissing, match=r"pip install 'trax-transcripts\[youtube\]'"):
            ask()
    assert (tmp_path / "video.part").exists()


def test_without_deno(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def stop() -> None:
        raise JobInterrupted("Before anything was asked.")

    monkeypatch.setitem(sys.modules, "deno", None)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JobInterrupted):
        download_audio(VIDEO, tmp_path, options(YOUTUBE), check=stop)
    assert "Not installed: deno" in caplog.text
    assert "; deno is missing" in versions(date(2026, 11, 26))


def test_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deno = tmp_path / "deno"
    deno.write_text("#!/bin/sh\necho 'deno 2.9.8 (stable)'\n")
    deno.chmod(0o755)
    monkeypatch.setitem(sys.modules, "deno", None)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    made = date(*map(int, yt_dlp().version.__version__.split(".")[:3]))
    said = versions(date.fromordinal(made.toordinal() + 31))
    assert said.startswith(f"yt-dlp {yt_dlp().version.__version__}, 31 days old; deno 2.9.8")
    assert "deno is missing" not in said
    deno.write_text("#!/bin/sh\necho 'deno 2.1.0 (stable)'\n")
    assert "deno 2.1.0 (too old)" in versions(made)


def test_the_library_is_imported_only_when_it_is_needed() -> None:
    code = "import sys, trax.ingest.youtube_lists, trax.ingest.captions; print('yt_dlp' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
