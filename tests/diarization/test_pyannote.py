"""pyannote.audio as an engine, by a stand-in with the attributes of its version 4: its weights aren't free to fetch."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.transcription.hub_server import REVISION, Hub, serving
from trax.audio import SAMPLE_RATE
from trax.diarization import pyannote_engine, pyannote_weights
from trax.diarization.pyannote_engine import PyannoteDiarizer, open_pyannote
from trax.diarization.pyannote_weights import REPOSITORY, fingerprint, located
from trax.errors import ModelUnavailable, OutputError
from trax.turns import Diarization, SpeakerCount, SpeakerTurn

WEIGHTS = {
    "config.yaml": b"pipeline: {}",
    "embedding/pytorch_model.bin": b"e",
    "plda/plda.npz": b"p",
    "plda/xvec_transform.npz": b"x",
    "segmentation/pytorch_model.bin": b"s",
}


class Annotation:
    """As far as `pyannote.core.Annotation` is asked."""

    def __init__(self, *turns: tuple[float, float, str]) -> None:
        self._turns = turns

    def itertracks(self, yield_label: bool = False) -> Iterator[tuple[SimpleNamespace, str, str]]:
        assert yield_label
        for number, (start, end, speaker) in enumerate(self._turns):
            yield SimpleNamespace(start=start, end=end), f"track {number}", speaker

    def labels(self) -> list[str]:
        return sorted({speaker for _, _, speaker in self._turns})


@dataclass
class Pipeline:
    """As `pyannote.audio.pipelines.SpeakerDiarization`: returns what `DiarizeOutput` has."""

    turns: Annotation
    exclusive: Annotation
    embeddings: np.ndarray | None
    asked: dict[str, Any] = field(default_factory=dict)
    sound: np.ndarray | None = None
    device: object = None

    def __call__(self, file: dict[str, Any], hook: Callable[..., None], **options: Any) -> SimpleNamespace:
        assert file["sample_rate"] == SAMPLE_RATE
        self.sound, self.asked = np.array(file["waveform"]), options
        hook("segmentation", None, file=file, total=2, completed=1)
        hook("segmentation", None, file=file)
        hook("speaker_counting", None, file=file)
        hook("embeddings", None, file=file, total=4, completed=2)
        hook("embeddings", None, file=file)
        hook("discrete_diarization", None, file=file)
        return SimpleNamespace(
            speaker_diarization=self.turns,
            exclusive_speaker_diarization=self.exclusive,
            speaker_embeddings=self.embeddings,
        )

    def to(self, device: object) -> None:
        self.device = device


def heard(embeddings: np.ndarray | None = None) -> Pipeline:
    return Pipeline(
        turns=Annotation((5.0, 9.0, "SPEAKER_00"), (1.0, 6.0, "SPEAKER_01"), (8.0, 10.5, "SPEAKER_01")),
        exclusive=Annotation((1.0, 5.5, "SPEAKER_01"), (5.5, 9.0, "SPEAKER_00"), (9.0, 10.5, "SPEAKER_01")),
        embeddings=embeddings,
    )


def diarized(pipeline: Pipeline, count: SpeakerCount | None = None, **calls: Any) -> Diarization:
    engine = PyannoteDiarizer(pipeline, np.asarray, "community-1-torch-0", "4.0.7", "cpu")
    blocks = [np.full(4 * SAMPLE_RATE, 0.25, np.float32), np.full(6 * SAMPLE_RATE, -0.5, np.float32)]
    calls = {"check": lambda: None, "told": lambda _: None, **calls}
    return engine.diarize(blocks, count or SpeakerCount(), calls["check"], calls["told"])


def test_turns_are_labelled_by_first_appearance_and_end_with_the_sound() -> None:
    found = diarized(heard(np.array([[3.0, 4.0], [0.0, 2.0]])))
    assert found.turns == (
        SpeakerTurn(1.0, 6.0, "SPEAKER_00"),
        SpeakerTurn(5.0, 9.0, "SPEAKER_01"),
        SpeakerTurn(8.0, 10.0, "SPEAKER_00"),
    )
    assert [turn.speaker for turn in found.exclusive] == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_00"]
    first, second = found.speakers
    assert (first.label, first.seconds, first.first_at, first.turns) == ("SPEAKER_00", 7.0, 1.0, 2)
    assert (first.embedding, second.embedding) == ((0.0, 1.0), (0.6, 0.8))
    assert (found.engine, found.model_id) == ("pyannote", "community-1-torch-0")


def test_the_sound_is_handed_over_whole() -> None:
    pipeline = heard()
    diarized(pipeline)
    assert pipeline.sound is not None
    assert pipeline.sound.shape == (1, 10 * SAMPLE_RATE)
    assert set(pipeline.sound[0, : 4 * SAMPLE_RATE]) == {0.25}
    assert set(pipeline.sound[0, 4 * SAMPLE_RATE :]) == {-0.5}


@pytest.mark.parametrize("embeddings", [None, np.full((2, 2), np.nan), np.zeros((2, 2)), np.zeros((0, 2))])
def test_speakers_may_have_no_embedding(embeddings: np.ndarray | None) -> None:
    assert [speaker.embedding for speaker in diarized(heard(embeddings)).speakers] == [None, None]


@pytest.mark.parametrize(
    ("count", "asked"),
    [
        (SpeakerCount(), {}),
        (SpeakerCount(exact=3), {"num_speakers": 3}),
        (SpeakerCount(least=2, most=5), {"min_speakers": 2, "max_speakers": 5}),
    ],
)
def test_numbers_are_asked_for_by_its_names(count: SpeakerCount, asked: dict[str, int]) -> None:
    pipeline = heard()
    found = diarized(pipeline, count)
    assert pipeline.asked == asked
    assert found.params.get("speakers_asked", {}) == asked


def test_it_is_told_how_far_it_is() -> None:
    told: list[float] = []
    found = diarized(heard(), told=told.append)
    assert told == pytest.approx([1.5, 3.0, 3.0, 6.5, 10.0, 10.0])
    assert set(found.profile) == {"segmentation", "speaker_counting", "embeddings", "discrete_diarization"}


def test_work_can_be_ended_within() -> None:
    class Enough(Exception):
        pass

    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 5:  # after two blocks of sound and two steps
            raise Enough

    with pytest.raises(Enough):
        diarized(heard(), check=check)


def test_no_sound_has_no_speakers() -> None:
    engine = PyannoteDiarizer(None, np.asarray, "none", "4.0.7", "cpu")
    assert engine.diarize([], SpeakerCount(), lambda: None, lambda _: None).turns == ()
    assert engine.description() == {
        "engine": "pyannote",
        "model_id": "none",
        "library": "pyannote.audio 4.0.7",
        "device": "cpu",
    }


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name, data in WEIGHTS.items():
        path = tmp_path / "clone" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "clone"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Modules in the place of torch and pyannote.audio."""
    torch: Any = ModuleType("torch")
    torch.cuda, torch.device, torch.from_numpy = SimpleNamespace(is_available=lambda: True), str, np.asarray
    audio: Any = ModuleType("pyannote.audio")
    state = SimpleNamespace(pipeline=heard(), source=None, error=None)

    def from_pretrained(source: Path) -> Pipeline:
        if state.error is not None:
            raise state.error
        state.source = source
        return state.pipeline  # type: ignore[no-any-return]

    audio.Pipeline, audio.__version__ = SimpleNamespace(from_pretrained=from_pretrained), "4.0.7"
    modules = {"torch": torch, "pyannote": ModuleType("pyannote"), "pyannote.audio": audio}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(pyannote_engine, "is_installed", lambda: True)
    monkeypatch.setenv("PYANNOTE_METRICS_ENABLED", "")  # so that it is put back as it was
    monkeypatch.delenv("PYANNOTE_METRICS_ENABLED")
    return state


@pytest.mark.parametrize(("device", "chosen"), [("auto", "cuda"), ("cpu", "cpu")])
def test_a_clone_is_loaded_without_the_hub(
    clone: Path, installed: SimpleNamespace, tmp_path: Path, device: str, chosen: str
) -> None:
    engine = open_pyannote(clone, models_folder=tmp_path / "none", device=device, offline=True)
    assert installed.source == clone
    assert installed.pipeline.device == chosen
    assert engine.description()["device"] == chosen
    assert engine.description()["model_id"] == f"community-1-torch-{fingerprint(clone)}"


def test_it_tells_its_makers_nothing(clone: Path, installed: SimpleNamespace, tmp_path: Path) -> None:
    open_pyannote(clone, models_folder=tmp_path, device="cpu", offline=True)
    assert os.environ["PYANNOTE_METRICS_ENABLED"] == "0"


def test_a_damaged_clone_is_told(clone: Path, installed: SimpleNamespace, tmp_path: Path) -> None:
    installed.error = RuntimeError("PytorchStreamReader failed\nreading zip archive")
    with pytest.raises(ModelUnavailable, match=r"can't load the pipeline .*PytorchStreamReader failed\."):
        open_pyannote(clone, models_folder=tmp_path, device="cpu", offline=True)


def test_pyannote_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyannote_engine, "is_installed", lambda: False)
    with pytest.raises(ModelUnavailable, match=r"isn't installed.*diarize-pyannote"):
        open_pyannote(None, models_folder=tmp_path, device="auto", offline=False)


def test_whether_it_is_installed_is_found_without_an_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyannote", ModuleType("pyannote"))  # so that it is put back as it was
    monkeypatch.delitem(sys.modules, "pyannote")
    (tmp_path / "pyannote" / "audio").mkdir(parents=True)
    (tmp_path / "pyannote" / "audio" / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert pyannote_engine.is_installed()


def test_other_embeddings_have_another_fingerprint(clone: Path) -> None:
    before = fingerprint(clone)
    (clone / "embedding/pytorch_model.bin").write_bytes(b"other")
    assert fingerprint(clone) != before
    (clone / "embedding/pytorch_model.bin").unlink()
    assert len(fingerprint(clone)) == 12


def test_a_folder_without_a_pipeline_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"no config\.yaml"):
        located(tmp_path, tmp_path, offline=True)


def test_offline_without_weights_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="stay offline"):
        located(None, tmp_path, offline=True)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(Hub(REPOSITORY, {**WEIGHTS, "README.md": b"#"})) as running:
        asked = partial(pyannote_weights._fetched, revision=REVISION, endpoint=running.endpoint)
        monkeypatch.setattr(pyannote_weights, "_fetched", asked)
        yield running


def test_weights_are_fetched_once(hub: Hub, tmp_path: Path) -> None:
    folder = located(None, tmp_path, offline=False)
    assert {name: (folder / name).read_bytes() for name in WEIGHTS} == WEIGHTS
    assert not (folder / "README.md").exists()
    asked = len(hub.requests)
    assert located(None, tmp_path, offline=True) == folder
    assert len(hub.requests) == asked


def test_a_hub_that_wants_its_terms_accepted(hub: Hub, tmp_path: Path) -> None:
    hub.revision = "another"
    with pytest.raises(ModelUnavailable, match="accept its terms") as caught:
        located(None, tmp_path, offline=False)
    assert "HF_TOKEN" in caught.value.next_step


def test_a_hub_with_half_of_it(hub: Hub, tmp_path: Path) -> None:
    del hub.files["plda/plda.npz"], hub.files["plda/xvec_transform.npz"]
    with pytest.raises(ModelUnavailable, match="incomplete"):
        located(None, tmp_path, offline=False)


def test_a_hub_out_of_reach(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ModelUnavailable, match="can't be fetched"):
            pyannote_weights._fetched(tmp_path, endpoint=endpoint)


def test_a_folder_that_cannot_be_written(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="can't be written"):
        located(None, tmp_path / "file", offline=False)
