"""From files to hours, room and machines."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.speeds.figures import LARGE, SPEED
from trax.errors import DecoderUnavailable, MediaNotFound, MediaTooLong, UnreadableMedia
from trax.settings import load_settings
from trax.speeds.forecast import Sight, Stock, machines_for, time_for
from trax.speeds.outlook import Outlook
from trax.speeds.sample import write_sound


def take_stock(sources: list[str], told: Callable[[int], None] = lambda _: None, **settings: float) -> Stock:
    return Outlook(load_settings(**settings)).take_stock(sources, told)


def sight(name: str, seconds: float) -> Sight:
    return Sight(name, Path(name), 1, seconds)


def sound_file(path: Path, seconds: float) -> Path:
    return write_sound(path, np.zeros(16_000, dtype=np.int16), seconds)


def test_lengths_are_added_up_and_what_is_no_media_is_listed(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    (folder / "below").mkdir(parents=True)
    sound_file(folder / "a.wav", 90)
    sound_file(folder / "below" / "b.wav", 30)
    (folder / "broken.mp3").write_text("no sound")
    (folder / "notes.txt").write_text("not looked at")
    told: list[int] = []
    stock = take_stock([str(folder), str(folder / "a.wav"), str(tmp_path / "absent.mp3")], told.append)
    assert [found.path.name for found in stock.usable] == ["a.wav", "b.wav"], "a file that is named twice is one file"
    assert stock.seconds == pytest.approx(120, abs=0.01)
    assert {found.path.name: type(found.error) for found in stock.unusable} == {
        "broken.mp3": UnreadableMedia,
        "absent.mp3": MediaNotFound,
    }
    assert told == [1, 2, 3, 4]
    assert sum(found.size_bytes or 0 for found in stock.usable) == pytest.approx(120 * 32_000, rel=0.01)


def test_a_file_that_would_be_refused_for_its_length_is_listed(tmp_path: Path) -> None:
    stock = take_stock([str(sound_file(tmp_path / "long.wav", 20))], max_duration=10)
    assert [type(found.error) for found in stock.unusable] == [MediaTooLong]
    assert stock.seconds == 0


def test_a_length_that_is_not_told_is_not_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trax.media.probe import MediaInfo

    monkeypatch.setattr("trax.speeds.outlook.probe", lambda _: MediaInfo("audio/aac", None, {}))
    stock = take_stock([str(sound_file(tmp_path / "stream.wav", 5))])
    assert len(stock.silent_about_length) == len(stock.usable) == 1
    assert stock.seconds == 0


def test_a_decoder_that_can_not_be_started_is_no_fault_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise DecoderUnavailable("The process that reads media files can't be started.", "Run `trax doctor`.")

    monkeypatch.setattr("trax.speeds.outlook.probe", refuse)
    with pytest.raises(DecoderUnavailable):
        take_stock([str(sound_file(tmp_path / "good.wav", 5))])


def test_time_is_that_of_the_sound_of_the_files_and_of_loading() -> None:
    stock = Stock(tuple(sight(f"{number}.wav", 600.0) for number in range(6)))
    assert time_for(stock, SPEED) == pytest.approx(2.0 + 3600 / 50 + 6 * 0.1)
    refused = Sight("no", Path("no"), error=UnreadableMedia("It is damaged."))
    assert time_for(Stock((*stock.files, refused)), SPEED) == time_for(stock, SPEED)


def test_machines_share_the_sound_and_each_loads_its_model() -> None:
    stock = Stock(tuple(sight(f"{number}.wav", 3600.0) for number in range(100)))  # 100 h at real time
    assert machines_for(stock, LARGE, within=3600.0 * 200) == 1
    assert machines_for(stock, LARGE, within=3600.0 * 50) == 3, "two have no time left to load it"
    assert machines_for(stock, LARGE, within=3600.0 * 25 + 20) == 4
    assert machines_for(stock, LARGE, within=10) is None


def test_a_file_is_the_work_of_one_machine() -> None:
    stock = Stock((sight("a.wav", 3600.0 * 100),))
    assert machines_for(stock, LARGE, within=3600.0 * 101) == 1
    assert machines_for(stock, LARGE, within=3600.0 * 50) is None


def test_nothing_needs_one_machine() -> None:
    assert machines_for(Stock(()), LARGE, within=60) == 1


def test_room_grows_with_files_and_hours() -> None:
    one, hour = sight("a", 0.0), sight("b", 3600.0)
    assert 0 < Stock((one,)).result_bytes < Stock((hour,)).result_bytes < Stock((hour, one)).result_bytes


def test_sound_files_are_what_they_say(tmp_path: Path) -> None:
    with wave.open(str(sound_file(tmp_path / "a.wav", 3)), "rb") as file:
        assert file.getnframes() == 48_000
