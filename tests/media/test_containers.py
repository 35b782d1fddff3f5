"""Every file of the shared collection of containers ends as sound or as a clear error."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trax.errors import NoAudio, TraxError, UnreadableMedia
from trax.media.decode import Decoding, decode
from trax.media.files import identify
from trax.media.magic import HEAD_BYTES, recognise

MOST_SECONDS = 90.0


@pytest.mark.shared_data
def test_every_container_ends_well(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(path for path in (shared_data / "containers").rglob("*") if path.is_file())
    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        outcomes = Counter(pool.map(_outcome, files))
    seconds = time.monotonic() - began
    with capsys.disabled():
        print(f"\n{len(files)} containers in {seconds:.1f} s: {dict(outcomes)}")
    assert set(outcomes) <= {"decoded", UnreadableMedia.__name__, NoAudio.__name__}
    assert outcomes["decoded"] >= 330
    assert seconds < MOST_SECONDS


def _outcome(path: Path) -> str:
    identify(path)
    try:
        with decode(path) as decoding:
            _check(decoding, sum(len(block) for block in decoding))
    except TraxError as error:
        clear = error.message.endswith(".") and error.next_step
        return type(error).__name__ if clear else f"unclear: {error!r}"
    return "decoded"


def _check(decoding: Decoding, samples: int) -> None:
    info, report = decoding.info, decoding.report
    assert samples == round(report.duration * 16_000) > 0
    assert set(info.file_metadata) == {"format", "codec", "bitrate", "sample_rate", "channels", "ffmpeg_info"}
    assert len(info.mime_type) <= 100
    text = json.dumps(info.file_metadata, ensure_ascii=False, allow_nan=False)
    text.encode("utf-8")
    assert "\\u0000" not in text


@pytest.mark.shared_data
def test_what_is_decoded_is_recognised_by_its_first_bytes(shared_data: Path) -> None:
    """Folders are searched without FFmpeg: files with a suffix of media aside, the first bytes must do."""
    files = [path for path in (shared_data / "containers" / "small").iterdir() if path.is_file()]
    recognised = {path.name: recognise(path.read_bytes()[:HEAD_BYTES]) for path in files}
    media = {name for name, content in recognised.items() if content is not None and content.media}
    assert {"mp3.mp3", "webm.webm"} <= media
    assert not media & {"html5.html", "pdf.pdf", "png.png", "gif.gif", "zip.zip", "targa.tga"}
