"""Options that are read the same way by every command."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import Run
from tests.media.recordings import record, tone
from trax.cli.options import seconds_of
from trax.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("90", 90.0),
        ("90s", 90.0),
        ("12.5", 12.5),
        ("1:30", 90.0),
        ("01:02:03.25", 3723.25),
        ("90:00", 5400.0),
        ("1h2m3s", 3723.0),
        (" 2M ", 120.0),
        ("1h", 3600.0),
    ],
)
def test_moments_as_people_write_them(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "-1", "1:60", "1:60:00", "1h60m", "1:2:3:4", "1:30s", "s", "nan", "inf", "1e3", "٣", "1:-2", "1,5", "\x1b[2J"],
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="is no time") as caught:
        seconds_of(text)
    assert "\x1b" not in str(caught.value)


@given(st.integers(0, 359_999_999))
def test_every_moment_can_be_written(milliseconds: int) -> None:
    minutes, rest = divmod(milliseconds, 60_000)
    text = f"{minutes // 60}:{minutes % 60:02}:{rest / 1000:06.3f}"
    assert seconds_of(text) == pytest.approx(milliseconds / 1000)


def test_part_of_the_sound_is_asked_for_in_vain(run: Run, database_url: str, tmp_path: Path) -> None:
    path = record(tmp_path / "short.wav", tone(2.0))
    for options, message in (
        (["--from", "3", "--to", "2"], "A stretch from 3 s to 2 s has no length"),
        (["--from", "soon"], "'soon' is no time"),
        (["--channels", "split", "--channel", "0"], "One channel alone can't be split"),
        (["--channels", "both"], "can't be heard as 'both'"),
    ):
        done = run("transcribe", str(path), "--model", "tiny.en", *options)
        assert (done.code, done.out) == (2, "")
        assert message in done.err
    done = run("transcribe", str(path), "--model", "tiny.en", "--language", "en", "--from", "0:05")
    assert done.code == 1
    assert "short.wav is over after 2.00 s: nothing is left from 5 s on. Let the stretch begin earlier" in done.err
