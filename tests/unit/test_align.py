"""The similarity transform and the crop made with it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lfr_engine.align import aligned_crop, similarity
from lfr_engine.quality import QualityGate, Rejection, judge, measure
from lfr_engine.values import Face

TEMPLATE = np.array([[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2]], np.float32)
number = st.floats(-200, 200)


@given(turn=st.floats(-3.1, 3.1), scale=st.floats(0.1, 8), x=number, y=number)
def test_any_turning_scaling_and_shifting_is_undone(turn: float, scale: float, x: float, y: float) -> None:
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    seen = (TEMPLATE @ rotation.T + [x, y]).astype(np.float32)
    matrix = similarity(seen, TEMPLATE)
    assert np.abs(seen @ matrix[:, :2].T + matrix[:, 2] - TEMPLATE).max() < 0.01


def test_a_mirrored_face_is_not_mirrored_back() -> None:
    matrix = similarity(TEMPLATE * np.array([-1, 1], np.float32), TEMPLATE)
    assert np.linalg.det(matrix[:, :2]) > 0


def test_points_that_coincide_give_a_shift() -> None:
    assert np.allclose(similarity(np.zeros((5, 2), np.float32), TEMPLATE)[:, :2], np.eye(2))


def test_the_crop_has_its_landmarks_where_the_template_says() -> None:
    image = np.zeros((300, 300, 3), np.uint8)
    marks = TEMPLATE * 2 + 30
    for x, y in marks.round().astype(int):
        image[y - 3 : y + 4, x - 3 : x + 4] = 255
    crop = aligned_crop(image, marks, TEMPLATE, 112)
    for x, y in TEMPLATE.round().astype(int):
        assert crop[y, x].min() > 200


def face(scale: float = 1.0, nose_shift: float = 0.0) -> Face:
    marks = TEMPLATE * np.float32(scale) + 60
    marks[2, 0] += nose_shift * 35 * scale
    return Face(np.array([70, 80, 70 + 90 * scale, 80 + 110 * scale], np.float32), marks, 0.9)


def test_every_refusal_of_a_view_has_its_name() -> None:
    noise = np.random.default_rng(0).integers(60, 200, (400, 400, 3), np.uint8)
    flat = np.full_like(noise, 120)
    gate = QualityGate()
    assert judge(measure(noise, face()), gate) is None
    assert judge(measure(noise, face(0.2)), gate) is Rejection.TOO_SMALL
    assert judge(measure(noise, face(1.0, 0.7)), gate) is Rejection.TURNED
    assert judge(measure(flat, face()), gate) is Rejection.BLURRED
    assert judge(measure(noise // 20, face()), gate) is Rejection.TOO_DARK
    assert judge(measure(np.full_like(noise, 252), face()), gate) is Rejection.TOO_BRIGHT
    assert judge(measure(noise[:150, :150], face()), gate) is Rejection.CUT_OFF
