"""PLDA and VBx: features of speakers, and clusters that are melted into speakers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trax.diarization.local_speakers import DIMENSIONS
from trax.diarization.plda import FILES, REDUCED, Plda, read_plda, unit
from trax.diarization.vbx import Belief, vbx
from trax.errors import ModelUnavailable

if TYPE_CHECKING:
    from pathlib import Path

SPREAD = np.full(8, 9.0)


def clouds(sizes: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of people who say so much each, and who says what."""
    random = np.random.default_rng(seed)
    centres = 9.0 * np.linalg.qr(random.normal(size=(8, len(sizes))))[0].T
    who = np.repeat(np.arange(len(sizes)), sizes)
    return centres[who] + random.normal(size=(len(who), 8)), who


def believed(features: np.ndarray, first: np.ndarray, weights: np.ndarray | None = None) -> Belief:
    weights = np.ones(len(features)) if weights is None else weights
    return vbx(features, SPREAD, first, weights, evidence=0.1, caution=0.8)


def write_plda(folder: Path, seed: int = 0) -> None:
    random = np.random.default_rng(seed)
    random.normal(size=DIMENSIONS).astype("<f8").tofile(folder / "xvec_mean1.bin")
    random.normal(size=(DIMENSIONS, REDUCED)).astype("<f4").tofile(folder / "xvec_lda.bin")
    random.normal(size=REDUCED).astype("<f4").tofile(folder / "xvec_mean2.bin")
    random.normal(size=REDUCED).astype("<f8").tofile(folder / "plda_mu.bin")
    (np.eye(REDUCED) + 0.05 * random.normal(size=(REDUCED, REDUCED))).astype("<f8").tofile(folder / "plda_tr.bin")
    np.sort(random.gamma(2.0, size=REDUCED))[::-1].astype("<f8").tofile(folder / "plda_psi.bin")


def test_clusters_of_one_speaker_become_one() -> None:
    features, who = clouds([40, 30, 20])
    split = 2 * who + (np.arange(len(who)) % 8 == 0)
    belief = believed(features, split)
    kept = belief.shares > 1e-7
    assert kept.sum() == 3
    assert len(set(zip(who.tolist(), belief.membership.argmax(axis=1).tolist(), strict=True))) == 3


def test_speakers_stay_apart() -> None:
    features, who = clouds([10, 10])
    assert np.array_equal(believed(features, who).membership.argmax(axis=1), who)


def test_little_evidence_and_great_caution_make_one_speaker() -> None:
    features, who = clouds([5, 5])
    belief = vbx(features, SPREAD, who, np.ones(10), evidence=0.001, caution=50.0)
    assert (belief.shares > 1e-7).sum() == 1 or np.allclose(belief.membership, belief.membership[0], atol=0.2)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.integers(0, 100))
def test_memberships_and_shares_sum_to_one(sizes: list[int], seed: int) -> None:
    features, who = clouds(sizes, seed)
    belief = believed(features, who)
    assert np.allclose(belief.membership.sum(axis=1), 1.0)
    assert belief.shares.sum() == pytest.approx(1.0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.integers(0, 100))
def test_weights_stretch_the_evidence(sizes: list[int], seed: int) -> None:
    features, who = clouds(sizes, seed)
    weighted = vbx(features, SPREAD, who, np.full(len(who), 3.0), evidence=0.1, caution=0.8)
    stretched = vbx(features, SPREAD, who, np.ones(len(who)), evidence=0.3, caution=0.8)
    assert np.allclose(weighted.membership, stretched.membership)
    assert np.allclose(weighted.shares, stretched.shares)


def test_a_heavier_embedding_pulls_more() -> None:
    """Of two clusters that are near each other, with one embedding between them."""
    features = np.array([[-1.5] + [0.0] * 7] * 5 + [[0.0] * 8] + [[1.5] + [0.0] * 7] * 5)
    first = np.array([0] * 5 + [0] + [1] * 5)
    light, heavy = (np.array([share] * 5 + [1.0] + [5.0 - share] * 5) for share in (1.0, 4.0))
    assert believed(features, first, heavy).membership[5, 0] > believed(features, first, light).membership[5, 0]


def test_features_are_those_of_the_eigenvectors_that_the_weights_stand_for(tmp_path: Path) -> None:
    """What pyannote.audio solves an eigenvalue problem for can be read off: the rows and variances themselves."""
    write_plda(tmp_path)
    plda = read_plda(tmp_path)
    within = np.linalg.inv(plda.rotation.T @ plda.rotation)
    between = np.linalg.inv((plda.rotation.T / plda.spread) @ plda.rotation)
    halved = np.linalg.inv(np.linalg.cholesky(within))
    values, rotated = np.linalg.eigh(halved @ between @ halved.T)
    vectors = halved.T @ rotated
    assert np.allclose(values[::-1], plda.spread)
    embeddings = np.random.default_rng(1).normal(size=(5, DIMENSIONS))
    reduced = REDUCED**0.5 * unit(DIMENSIONS**0.5 * unit(embeddings - plda.mean) @ plda.reduction - plda.reduced_mean)
    assert np.allclose(np.abs((reduced - plda.centre) @ vectors[:, ::-1]), np.abs(plda.features(embeddings)), atol=1e-6)


def test_a_plda_is_read_as_written(tmp_path: Path) -> None:
    write_plda(tmp_path)
    plda = read_plda(tmp_path)
    assert isinstance(plda, Plda)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    assert plda.features(np.ones((3, DIMENSIONS), dtype=np.float32)).shape == (3, REDUCED)


@pytest.mark.parametrize("name", FILES)
def test_a_plda_that_is_cut_off_or_absent_is_told(tmp_path: Path, name: str) -> None:
    write_plda(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ModelUnavailable, match=name):
        read_plda(tmp_path)
    path.unlink()
    with pytest.raises(ModelUnavailable, match=name):
        read_plda(tmp_path)


def test_numbers_that_are_none_are_told(tmp_path: Path) -> None:
    write_plda(tmp_path)
    np.full(REDUCED, np.nan).tofile(tmp_path / "plda_mu.bin")
    with pytest.raises(ModelUnavailable, match="plda_mu"):
        read_plda(tmp_path)


def test_a_vector_of_zeros_has_no_direction() -> None:
    assert np.array_equal(unit(np.array([[0.0, 0.0], [3.0, 4.0]])), [[0.0, 0.0], [0.6, 0.8]])
