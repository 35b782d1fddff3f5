"""OpenVINO hears what CTranslate2 hears: the same states for the same features, from any thread, from any cache."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import REPOSITORY
from tests.transcription.requantised import requantised
from trax.media.decode import decode
from trax.transcription import openvino_encoder
from trax.transcription.ct2_weights import UnknownWeights, read_weights
from trax.transcription.device import EnginePlan
from trax.transcription.encoders import CTranslate2Encoder, Encoder
from trax.transcription.kept_files import read_sealed, write_sealed
from trax.transcription.models import resolve
from trax.transcription.openvino_encoder import OpenVinoEncoder, fingerprint, open_encoder
from trax.transcription.openvino_graph import encoder_graph

PLAN = EnginePlan("cpu", "int8", 2, 1, 4)
EXACT = EnginePlan("cpu", "float32", 1, 1, 4)
LENGTHS = (3000, 1500, 1000)


@pytest.fixture(scope="module")
def tiny_folder(tiny_model: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return resolve(tiny_model, models_folder=tmp_path_factory.mktemp("none"), offline=True).path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that the tests of this module share, as processes do."""
    return tmp_path_factory.mktemp("cache")


@cache
def conversation() -> NDArray[np.float32]:
    """Log-mel spectrogram of the sample conversation, (n_mels, frames): noise would not do, it confuses the model."""
    from faster_whisper.feature_extractor import FeatureExtractor

    with decode(REPOSITORY / "samples" / "conversation.ogg") as decoding:
        samples = np.concatenate(list(decoding))
    return np.asarray(FeatureExtractor(feature_size=80)(samples), dtype=np.float32)


def features_of(batch: int, frames: int) -> NDArray[np.float32]:
    return np.stack([np.roll(conversation(), -400 * n, axis=1)[:, :frames] for n in range(batch)])


def states(encoder: Encoder, features: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.array(encoder(features))


def cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Of all states together."""
    assert one.shape == other.shape
    return float((one * other).sum() / (np.linalg.norm(one) * np.linalg.norm(other)))


def least_cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Of any single state with its counterpart."""
    assert one.shape == other.shape
    return float(((one * other).sum(-1) / (np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1))).min())


def ctranslate2_encoder(folder: Path, compute_type: str = "float32") -> CTranslate2Encoder:
    import ctranslate2

    model = ctranslate2.models.Whisper(str(folder), device="cpu", compute_type=compute_type, intra_threads=2)
    return CTranslate2Encoder(model, compute_type)


def fastest_arithmetic() -> str:
    import openvino

    return "bf16" if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


@pytest.mark.parametrize(("which", "width"), [("tiny", 384), ("base", 512)])
def test_both_libraries_give_the_same_states(
    which: str, width: int, tiny_folder: Path, base_model: Path, kept: Path
) -> None:
    folder = {"tiny": tiny_folder, "base": base_model}[which]
    reference = ctranslate2_encoder(folder)
    fastest, exact = (open_encoder(folder / "model.bin", plan, kept) for plan in (PLAN, EXACT))
    assert (fastest.name, exact.name) == (f"openvino {fastest_arithmetic()}", "openvino f32")
    for frames in LENGTHS:
        for batch in (1, 2):
            features = features_of(batch, frames)
            expected = states(reference, features)
            assert expected.shape == (batch, frames // 2, width)
            assert cosine(expected, states(fastest, features)) > 0.999, (batch, frames)
            assert least_cosine(expected, states(exact, features)) > 0.99999, (batch, frames)


@pytest.mark.parametrize("quantization", ["int8", "int8_float32", "bfloat16"])
def test_quantised_weights_mean_the_same_to_both(tiny_folder: Path, tmp_path: Path, quantization: str) -> None:
    folder = requantised(tiny_folder, tmp_path / "model", quantization)
    features = features_of(1, 1000)
    expected = states(ctranslate2_encoder(folder), features)
    assert least_cosine(expected, states(open_encoder(folder / "model.bin", EXACT, tmp_path), features)) > 0.9999
    assert cosine(expected, states(ctranslate2_encoder(tiny_folder), features)) < 0.99999, "they were rounded"


def test_states_reach_the_decoder(tiny_folder: Path, kept: Path) -> None:
    import ctranslate2

    model = ctranslate2.models.Whisper(str(tiny_folder), device="cpu", compute_type="int8", intra_threads=2)
    features, prompt = features_of(1, 1000), [[50257, 50362]]
    exact = open_encoder(tiny_folder / "model.bin", EXACT, kept)
    read = [
        model.generate(encoder(features), prompt, beam_size=1, max_length=20)[0].sequences_ids[0]
        for encoder in (ctranslate2_encoder(tiny_folder), exact)
    ]
    assert read[0] == read[1]


def test_threads_at_once_hear_what_one_hears(tiny_folder: Path, kept: Path) -> None:
    encoder = open_encoder(tiny_folder / "model.bin", PLAN, kept)
    work = [features_of(batch, frames) for frames in (250, 1000, 500, 750) for batch in (1, 2)] * 2
    serial = [states(encoder, features) for features in work]
    with ThreadPoolExecutor(6) as pool:  # more than there are streams
        views = list(pool.map(encoder, work))
    assert all(np.array_equal(np.asarray(view), one) for view, one in zip(views, serial, strict=True))


def test_states_outlive_the_next_call(tiny_folder: Path, kept: Path) -> None:
    encoder = open_encoder(tiny_folder / "model.bin", PLAN, kept)
    view = encoder(features_of(1, 500))
    before = np.array(view)
    for seed in (2, 3):
        encoder(features_of(seed, 500))
    assert np.array_equal(np.asarray(view), before)


@pytest.fixture(scope="module")
def whole_cache(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the encoder of tiny.en, compiled for one plan."""
    folder = tmp_path_factory.mktemp("whole")
    open_encoder(tiny_folder / "model.bin", PLAN, folder)
    return folder


def files_of(cache: Path) -> dict[str, Path]:
    [folder] = [path for path in (cache / "encoders").iterdir() if path.is_dir()]
    return {path.name if path.suffix != ".compiled" else "compiled": path for path in folder.iterdir()}


def test_the_cache_is_used(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = states(open_encoder(tiny_folder / "model.bin", PLAN, tmp_path), features_of(1, 500))
    assert set(files_of(tmp_path)) == {"encoder.xml", "encoder.bin", "digests.json", "compiled"}
    times = {name: path.stat().st_mtime_ns for name, path in files_of(tmp_path).items()}

    def unexpected(*_: object) -> None:
        raise AssertionError("the weights were read again")

    monkeypatch.setattr(openvino_encoder, "read_weights", unexpected)
    again = open_encoder(tiny_folder / "model.bin", PLAN, tmp_path)
    assert np.array_equal(states(again, features_of(1, 500)), first)
    assert {name: path.stat().st_mtime_ns for name, path in files_of(tmp_path).items()} == times


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("name", ["encoder.xml", "encoder.bin", "digests.json", "compiled"])
@pytest.mark.parametrize("damage", [cut, flip, empty, Path.unlink])
def test_what_is_damaged_is_made_again(
    tiny_folder: Path, whole_cache: Path, tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    features = features_of(1, 500)
    expected = states(open_encoder(tiny_folder / "model.bin", PLAN, whole_cache), features)
    shutil.copytree(whole_cache, tmp_path, dirs_exist_ok=True)
    weights = files_of(tmp_path)["encoder.bin"].read_bytes()
    damage(files_of(tmp_path)[name])
    assert np.array_equal(states(open_encoder(tiny_folder / "model.bin", PLAN, tmp_path), features), expected)
    assert files_of(tmp_path)["encoder.bin"].read_bytes() == weights
    assert read_sealed(files_of(tmp_path)["compiled"]) is not None
    assert not [path for path in (tmp_path / "encoders").iterdir() if path.name.startswith(".")], "no draft is left"


def test_a_compiled_graph_of_another_build_is_made_again(tiny_folder: Path, tmp_path: Path) -> None:
    expected = states(open_encoder(tiny_folder / "model.bin", PLAN, tmp_path), features_of(1, 500))
    write_sealed(files_of(tmp_path)["compiled"], b"from another build")
    assert np.array_equal(
        states(open_encoder(tiny_folder / "model.bin", PLAN, tmp_path), features_of(1, 500)), expected
    )
    compiled = read_sealed(files_of(tmp_path)["compiled"])
    assert compiled is not None
    assert len(compiled) > 10_000


OPEN_IT = """
import sys
from functools import cache
from pathlib import Path
import numpy as np
from trax.transcription.device import EnginePlan
from trax.transcription.openvino_encoder import open_encoder
encoder = open_encoder(Path(sys.argv[1]), EnginePlan("cpu", "int8", 2, 1, 4), Path(sys.argv[2]))
features = np.linspace(-1, 1, 80 * 500, dtype=np.float32).reshape(1, 80, 500)
print(repr(float(np.abs(np.array(encoder(features))).sum())))
"""


def test_processes_may_fill_the_cache_at_once(tiny_folder: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", OPEN_IT, str(tiny_folder / "model.bin"), str(tmp_path)]
    processes = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    heard = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(heard) == 1
    assert set(files_of(tmp_path)) == {"encoder.xml", "encoder.bin", "digests.json", "compiled"}
    assert not [path for path in (tmp_path / "encoders").iterdir() if path.name.startswith(".")]


def test_drafts_of_killed_processes_are_cleared_up(tiny_folder: Path, tmp_path: Path) -> None:
    known = fingerprint(tiny_folder / "model.bin")
    ours, another = (tmp_path / "encoders" / f".{name}.killed" for name in (known, "f" * len(known)))
    for draft in (ours, another):
        draft.mkdir(parents=True)
        (draft / "encoder.bin").write_bytes(b"half of it")
    open_encoder(tiny_folder / "model.bin", PLAN, tmp_path)
    assert not ours.exists()
    assert another.exists(), "a process may be at work on it: its lock is not ours"


def test_a_cache_that_cannot_be_written_is_done_without(tiny_folder: Path, tmp_path: Path, kept: Path) -> None:
    (tmp_path / "encoders").write_text("a file, where a folder should be")
    expected = states(open_encoder(tiny_folder / "model.bin", PLAN, kept), features_of(1, 500))
    for nowhere in (tmp_path, None):
        found = states(open_encoder(tiny_folder / "model.bin", PLAN, nowhere), features_of(1, 500))
        assert cosine(found, expected) > 0.9999


def test_changed_weights_have_another_fingerprint(tiny_folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes((tiny_folder / "model.bin").read_bytes())
    before = fingerprint(model)
    assert fingerprint(model) == before
    cut(model)
    assert fingerprint(model) != before


def test_another_kind_of_encoder_is_refused(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = read_weights(tiny_folder / "model.bin")
    variables = dict(weights._variables)
    variables["encoder/layer_0/self_attention/rotary"] = variables["encoder/conv1/bias"]
    with pytest.raises(UnknownWeights, match="not as Whisper's: encoder/layer_0/self_attention/rotary"):
        encoder_graph(type(weights)(weights._data, variables))


def test_the_converter_and_its_telemetry_are_left_to_others() -> None:
    """They are not loaded by Trax, but a program that wants them afterwards has them."""
    program = """
import sys
from trax.openvino_library import import_openvino
import_openvino()
assert not [name for name in sys.modules if "telemetry" in name or "openvino.tools" in name]
import openvino.tools.ovc
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_name_tells_library_and_arithmetic(tiny_folder: Path, kept: Path) -> None:
    encoder = open_encoder(tiny_folder / "model.bin", EXACT, kept)
    assert isinstance(encoder, OpenVinoEncoder)
    assert encoder.name == "openvino f32"
