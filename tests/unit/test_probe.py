"""How a newcomer moves is measured on the next frame, and the patch it was measured with is gone."""

import numpy as np

from lfr_engine.probe import Probes, ProbeSettings
from lfr_engine.track import Track
from lfr_engine.values import Face, Frame, Image

STEP_S = 0.04


def street(x: int, y: int, seed: int = 3, side: int = 48) -> Image:
    """A textured head on a textured street."""
    rng = np.random.default_rng(seed)
    picture = np.repeat(np.repeat(rng.integers(60, 190, (36, 64, 3), np.uint8), 10, axis=0), 10, axis=1)
    head = np.repeat(np.repeat(np.random.default_rng(9).integers(0, 256, (8, 8, 1), np.uint8), side // 8, axis=0), side // 8, axis=1)
    picture[y : y + side, x : x + side] = head
    return picture


def newcomer(x: int, y: int, side: int = 48) -> Track:
    box = np.array([x, y, x + side, y + side], np.float32)
    return Track(1, 0, 0, 0.0, Face(box, np.zeros((5, 2), np.float32), 0.9))


def test_the_velocity_of_a_newcomer_is_known_one_frame_later() -> None:
    probes, track = Probes(ProbeSettings()), newcomer(200, 120)
    probes.remember([track], Frame(0, 0.0, street(200, 120)))
    probes.measure(Frame(1, STEP_S, street(218, 116)))
    assert track.measured
    assert np.allclose(track.velocity_px_s, np.array([18, -4]) / STEP_S, atol=2.5 / STEP_S)


def test_at_the_edge_of_the_picture_it_is_measured_too() -> None:
    probes, track = Probes(ProbeSettings()), newcomer(0, 120)
    probes.remember([track], Frame(0, 0.0, street(0, 120)))
    probes.measure(Frame(1, STEP_S, street(20, 120)))
    assert np.allclose(track.velocity_px_s, np.array([20, 0]) / STEP_S, atol=2.5 / STEP_S)


def test_somebody_hidden_on_the_next_frame_is_not_measured() -> None:
    probes, track = Probes(ProbeSettings()), newcomer(200, 120)
    probes.remember([track], Frame(0, 0.0, street(200, 120)))
    hidden = np.random.default_rng(4).integers(0, 256, (360, 640, 3), np.uint8)
    probes.measure(Frame(1, STEP_S, hidden))
    assert not track.measured
    assert not track.velocity_px_s.any()


def test_a_frame_that_comes_too_late_measures_nothing() -> None:
    probes, track = Probes(ProbeSettings()), newcomer(200, 120)
    probes.remember([track], Frame(0, 0.0, street(200, 120)))
    probes.measure(Frame(5, 0.2, street(218, 116)))
    assert not track.measured


def test_a_patch_lives_for_one_frame() -> None:
    probes = Probes(ProbeSettings())
    probes.remember([newcomer(200, 120)], Frame(0, 0.0, street(200, 120)))
    patch = probes._patches[0][1]
    assert patch.any()
    probes.measure(Frame(1, STEP_S, street(210, 120)))
    assert not patch.any()
    assert not probes._patches
