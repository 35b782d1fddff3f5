"""Which encoder an engine gets: as asked, or the faster one, which is found out once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from trax.errors import UsageError
from trax.transcription import encoder_choice, memory
from trax.transcription.device import EnginePlan
from trax.transcription.encoder_choice import check_wanted, choose, compare, open_ahead, remembered
from trax.transcription.encoders import CTranslate2Encoder, Encoder
from trax.transcription.engines import EngineOptions, Engines
from trax.transcription.faster_whisper import load
from trax.transcription.models import ResolvedModel, resolve
from trax.transcription.openvino_encoder import OpenVinoEncoder

PLAN = EnginePlan("cpu", "int8", 2, 1, 4)


@pytest.fixture(scope="module")
def tiny_weights(tiny_model: str, tmp_path_factory: pytest.TempPathFactory) -> ResolvedModel:
    return resolve(tiny_model, models_folder=tmp_path_factory.mktemp("none"), offline=True)


@pytest.fixture(scope="module")
def whisper(tiny_weights: ResolvedModel) -> Any:
    import ctranslate2

    return ctranslate2.models.Whisper(str(tiny_weights.path), device="cpu", compute_type="int8", inter_threads=2)


@dataclass(slots=True)
class Paced:
    """An encoder that takes so much of a clock's time for each frame."""

    name: str
    seconds_per_frame: float
    clock: Clock
    calls: list[int] = field(default_factory=list)

    def __call__(self, features: NDArray[np.float32]) -> Any:
        self.calls.append(features.shape[-1])
        self.clock.pass_by(self.seconds_per_frame * features.shape[-1])


@dataclass(slots=True)
class Clock:
    """A time that passes only when it is told to."""

    now: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pass_by(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds

    def read(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.read)
    monkeypatch.setattr(time, "perf_counter", clock.read)
    return clock


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The names of the encoders of each comparison; OpenVINO's always proves the faster one."""
    comparisons = []

    def openvino_is_faster(encoders: list[Encoder], workers: int, mels: int) -> dict[str, dict[str, float]]:
        assert (workers, mels) == (2, 80)
        comparisons.append(tuple(encoder.name for encoder in encoders))
        return {encoder.name: {"3000": 1.0 / place} for place, encoder in enumerate(encoders, start=1)}

    monkeypatch.setattr(encoder_choice, "compare", openvino_is_faster)
    return comparisons


@pytest.fixture
def without_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_choice, "is_installed", lambda: False)


def test_the_choice_is_remembered(
    tiny_weights: ResolvedModel, whisper: Any, tmp_path: Path, measured: list[tuple[str, ...]]
) -> None:
    first, notes = choose(tiny_weights, whisper, PLAN, "auto", tmp_path)
    again, _ = choose(tiny_weights, whisper, PLAN, "auto", tmp_path)
    assert isinstance(first, OpenVinoEncoder)
    assert isinstance(again, OpenVinoEncoder)
    assert notes == ()
    assert measured == [("ctranslate2 int8", first.name)]
    known = remembered(tiny_weights, PLAN, tmp_path)
    assert known is not None
    assert (known.model, known.encoder, known.workers) == ("tiny.en", first.name, 2)
    assert known.seconds == {"ctranslate2 int8": {"3000": 1.0}, first.name: {"3000": 0.5}}


def test_what_lost_is_not_opened_again(
    tiny_weights: ResolvedModel, whisper: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hardly_faster = {"ctranslate2 int8": {"3000": 1.0}, "openvino": {"3000": 0.97}}
    monkeypatch.setattr(encoder_choice, "compare", lambda *_: hardly_faster)
    assert isinstance(choose(tiny_weights, whisper, PLAN, "auto", tmp_path)[0], CTranslate2Encoder)
    monkeypatch.setattr(encoder_choice, "open_encoder", None)
    assert isinstance(choose(tiny_weights, whisper, PLAN, "auto", tmp_path)[0], CTranslate2Encoder)
    assert open_ahead(tiny_weights, PLAN, "auto", tmp_path) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda patch, folder: patch.setattr(encoder_choice, "processor", lambda: "another CPU"),
        lambda patch, folder: patch.setattr(encoder_choice, "version", lambda package: "99.0"),
        lambda patch, folder: (folder / "encoders.json").write_text("{damaged"),
        lambda patch, folder: (folder / "encoders.json").write_text("[]"),
        lambda patch, folder: (folder / "encoders.json").unlink(),
    ],
    ids=["processor", "versions", "damaged", "something else", "lost"],
)
def test_it_is_measured_again_where_it_may_be_otherwise(
    tiny_weights: ResolvedModel,
    whisper: Any,
    tmp_path: Path,
    measured: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[pytest.MonkeyPatch, Path], None],
) -> None:
    choose(tiny_weights, whisper, PLAN, "auto", tmp_path)
    change(monkeypatch, tmp_path)
    assert remembered(tiny_weights, PLAN, tmp_path) is None
    choose(tiny_weights, whisper, PLAN, "auto", tmp_path)
    choose(tiny_weights, whisper, PLAN, "auto", tmp_path)
    assert len(measured) == 2


def test_other_threads_are_another_choice(
    tiny_weights: ResolvedModel, whisper: Any, tmp_path: Path, measured: list[tuple[str, ...]]
) -> None:
    for plan in (PLAN, replace(PLAN, threads_per_worker=2), PLAN, replace(PLAN, batch_size=1)):
        choose(tiny_weights, whisper, plan, "auto", tmp_path)
    assert len(measured) == 2, "the size of batches doesn't matter: the encoder takes windows one at a time"
    assert len(json.loads((tmp_path / "encoders.json").read_text())) == 2


def test_records_of_another_form_are_passed_over(
    tiny_weights: ResolvedModel, whisper: Any, tmp_path: Path, measured: list[tuple[str, ...]]
) -> None:
    choose(tiny_weights, whisper, PLAN, "auto", tmp_path)
    records = json.loads((tmp_path / "encoders.json").read_text())
    (tmp_path / "encoders.json").write_text(json.dumps({key: {"encoder": "openvino"} for key in records}))
    assert remembered(tiny_weights, PLAN, tmp_path) is None


def test_without_a_cache_it_is_measured_each_time(
    tiny_weights: ResolvedModel, whisper: Any, tmp_path: Path, measured: list[tuple[str, ...]]
) -> None:
    (tmp_path / "cache").write_text("a file, where a folder should be")
    for nowhere in (None, tmp_path / "cache"):
        assert isinstance(choose(tiny_weights, whisper, PLAN, "auto", nowhere)[0], OpenVinoEncoder)
    assert len(measured) == 2


def test_engines_that_start_at_once_measure_once(
    tiny_weights: ResolvedModel, whisper: Any, tmp_path: Path, measured: list[tuple[str, ...]]
) -> None:
    starting = threading.Barrier(3)

    def start() -> None:
        starting.wait()
        choose(tiny_weights, whisper, PLAN, "auto", tmp_path)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(measured) == 1


def test_the_real_comparison_prefers_one_that_works(tiny_weights: ResolvedModel, whisper: Any, tmp_path: Path) -> None:
    encoder, notes = choose(tiny_weights, whisper, PLAN, "auto", tmp_path)
    known = remembered(tiny_weights, PLAN, tmp_path)
    assert known is not None
    assert known.encoder == encoder.name
    assert notes == ()
    assert len(known.seconds) == 2
    for times in known.seconds.values():
        assert "250" in times
        assert all(seconds > 0 for seconds in times.values())
    shape = np.asarray(encoder(np.zeros((1, 80, 500), dtype=np.float32))).shape
    assert shape == (1, 250, 384)


def test_all_workers_are_busy_while_it_is_measured() -> None:
    together = threading.Barrier(3, timeout=20)

    @dataclass
    class Meets:
        name: str = "meets"

        def __call__(self, features: NDArray[np.float32]) -> Any:
            together.wait()

    times = compare([Meets()], 3, 80)
    assert set(times["meets"]) == {"250", "1500", "3000"}


def test_quick_encoders_are_measured_at_every_length(clock: Clock) -> None:
    quick, slow = Paced("quick", 1e-5, clock), Paced("slow", 2e-5, clock)
    times = compare([quick, slow], 2, 80)
    assert quick.calls == slow.calls == [250, 250] + 3 * [250, 250, 1500, 1500, 3000, 3000]
    for frames in (250, 1500, 3000):
        assert times["slow"][str(frames)] == pytest.approx(2 * times["quick"][str(frames)])


def test_a_slow_model_is_measured_no_longer_than_there_is_time(clock: Clock) -> None:
    encoders = [Paced("one", 1e-3, clock), Paced("other", 3e-3, clock)]
    times = compare(encoders, 1, 80)
    assert {name: set(lengths) for name, lengths in times.items()} == {"one": {"250"}, "other": {"250"}}
    warm_up = 250 * (1e-3 + 3e-3)
    assert clock.now <= warm_up + encoder_choice.TIME_LIMIT


def test_a_crowded_machine_keeps_to_one_encoder(
    tiny_weights: ResolvedModel, whisper: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclass
    class Memory:
        available: int = 60_000_000
        total: int = 8_000_000_000

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    assert isinstance(choose(tiny_weights, whisper, PLAN, "auto", tmp_path)[0], CTranslate2Encoder)
    assert remembered(tiny_weights, PLAN, tmp_path) is None, "there may be room another time"


def test_a_small_container_keeps_to_one_encoder(
    tiny_weights: ResolvedModel, whisper: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text("90000000\n")
    monkeypatch.setattr(memory, "CGROUP_LIMIT", tmp_path / "memory.max")
    assert isinstance(choose(tiny_weights, whisper, PLAN, "auto", tmp_path)[0], CTranslate2Encoder)


@pytest.mark.usefixtures("measured")
def test_what_is_remembered_is_not_opened_beyond_the_memory(
    tiny_weights: ResolvedModel, whisper: Any, tmp_path: Path
) -> None:
    assert isinstance(choose(tiny_weights, whisper, PLAN, "auto", tmp_path)[0], OpenVinoEncoder)
    assert open_ahead(tiny_weights, PLAN, "auto", tmp_path, 1_000_000) is None
    assert isinstance(choose(tiny_weights, whisper, PLAN, "auto", tmp_path, memory=1_000_000)[0], CTranslate2Encoder)
    assert isinstance(choose(tiny_weights, whisper, PLAN, "auto", tmp_path)[0], OpenVinoEncoder)


@pytest.mark.parametrize("plan", [PLAN, EnginePlan("cuda", "float16", 1, 1, 16)], ids=["cpu", "cuda"])
def test_ctranslate2_is_taken_where_it_is_wanted_or_there_is_no_other(
    tiny_weights: ResolvedModel, plan: EnginePlan, tmp_path: Path
) -> None:
    wanted = "ctranslate2" if plan.device == "cpu" else "auto"
    encoder, notes = choose(tiny_weights, None, plan, wanted, tmp_path)
    assert encoder.name == f"ctranslate2 {plan.compute_type}"
    assert notes == ()
    assert not list(tmp_path.iterdir()), "nothing was measured"


@pytest.mark.usefixtures("without_openvino")
def test_openvino_is_not_missed_where_it_is_not_installed(tiny_weights: ResolvedModel, tmp_path: Path) -> None:
    assert choose(tiny_weights, None, PLAN, "auto", tmp_path)[1] == ()
    for refused in (check_wanted, lambda wanted: choose(tiny_weights, None, PLAN, wanted, tmp_path)):
        with pytest.raises(UsageError, match="OpenVINO is not installed") as caught:
            refused("openvino")
        assert "pip install 'trax-transcripts[fast-cpu]'" in caught.value.next_step


@pytest.mark.usefixtures("without_openvino")
def test_a_demand_that_cannot_be_met_is_refused_before_any_work(tmp_path: Path) -> None:
    engines = Engines(EngineOptions(tmp_path, offline=True, device="cpu", encoder="openvino"), lambda _: None)
    with pytest.raises(UsageError, match="OpenVINO is not installed"):
        engines.check("tiny.en")


def test_demands_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UsageError, match="no encoder 'tensorrt'") as caught:
        check_wanted("tensorrt")
    assert "auto, ctranslate2, openvino" in caught.value.next_step
    with pytest.raises(UsageError, match="runs on CPUs only"):
        check_wanted("openvino", "cuda")


def test_weights_that_only_ctranslate2_understands(tiny_weights: ResolvedModel, whisper: Any, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"\x05\0\0\0" + b"\0" * 100)
    strange = replace(tiny_weights, path=tmp_path)
    encoder, [note] = choose(strange, whisper, PLAN, "auto", tmp_path / "cache")
    assert encoder.name == "ctranslate2 int8"
    assert note == (
        "OpenVINO is installed but can't run the encoder: its format has the version 5, and 6 is the one that is known"
    )
    with pytest.raises(UsageError, match=r"encoder of tiny\.en can't be run by OpenVINO"):
        choose(strange, whisper, PLAN, "openvino", tmp_path / "cache")


def test_an_engine_opens_what_it_knows_to_be_faster_while_it_loads(
    tiny_weights: ResolvedModel, tmp_path: Path, measured: list[tuple[str, ...]]
) -> None:
    assert open_ahead(tiny_weights, PLAN, "auto", tmp_path) is None
    first = load(tiny_weights, device="cpu", threads=2, cache_folder=tmp_path).description()
    ahead = open_ahead(tiny_weights, PLAN, "auto", tmp_path)
    assert ahead is not None
    assert ahead.result().name == first["encoder"]
    again = load(tiny_weights, device="cpu", threads=2, cache_folder=tmp_path).description()
    assert again["encoder"] == first["encoder"]
    assert again["encoder"].startswith("openvino ")
    assert "openvino" in again["versions"]
    assert len(measured) == 1


def test_words_are_the_same_whoever_encodes(tiny_weights: ResolvedModel, tmp_path: Path) -> None:
    from tests.conftest import REPOSITORY
    from trax.media.decode import decode
    from trax.vad.windows import windows

    with decode(REPOSITORY / "samples" / "conversation.ogg") as decoding:
        sound = list(windows(decoding))
    heard = []
    for encoder in ("ctranslate2", "openvino"):
        engine = load(
            tiny_weights, device="cpu", compute_type="float32", threads=2, encoder=encoder, cache_folder=tmp_path
        )
        results = list(engine.transcribe(sound, "en"))
        heard.append([word.text for result in results for segment in result.segments for word in segment.words])
    assert heard[0] == heard[1]
    assert len(heard[0]) > 30
