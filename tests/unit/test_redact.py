"""R42: nobody without an open alert is shown, and nobody by overlap either."""

import numpy as np

from lfr_engine.redact import crop_of, redact
from lfr_engine.values import Region


def scene() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)


A, B = Region(1, (20, 20, 60, 70), False), Region(2, (150, 50, 200, 110), True)


def changed(before: np.ndarray, after: np.ndarray, region: Region) -> bool:
    x0, y0, x1, y1 = region.bbox_xyxy_px
    return not np.array_equal(before[y0:y1, x0:x1], after[y0:y1, x0:x1])


def test_only_the_alerted_face_stays_clear_and_the_original_is_untouched() -> None:
    image = scene()
    kept = image.copy()
    shown = redact(image, [A, B])
    assert changed(image, shown, A)
    assert not changed(image, shown, B)
    assert np.array_equal(image, kept)


def test_the_picture_of_one_alert_hides_other_alerts_too() -> None:
    image = scene()
    shown = redact(image, [A, B], clear_track=1)
    assert not changed(image, shown, A)
    assert changed(image, shown, B)


def test_where_faces_overlap_the_person_without_alert_is_hidden() -> None:
    image = scene()
    beside = Region(3, (180, 60, 230, 120), False)
    shown = redact(image, [B, beside])
    assert changed(image, shown, beside)
    assert not np.array_equal(image[60:110, 185:200], shown[60:110, 185:200])


def test_a_probe_crop_hides_a_neighbour() -> None:
    image = scene()
    beside = Region(3, (205, 60, 240, 120), False)
    alone, crop = crop_of(image, [B], 2), crop_of(image, [B, beside], 2)
    assert alone.shape == crop.shape
    assert not np.array_equal(alone, crop)


def test_a_neighbour_does_not_cover_the_face_of_whom_the_probe_shows() -> None:
    image = scene()
    beside = Region(3, (205, 60, 245, 110), False)
    crop = crop_of(image, [B, beside], 2)
    left, top = 150 - 30, 50 - 30  # half the longer side around the box
    own = crop[50 - top : 110 - top, 150 - left : 195 - left]
    assert np.array_equal(own, image[50:110, 150:195])
    assert not np.array_equal(crop[60 - top : 110 - top, 206 - left :], image[60:110, 206:230])


def test_of_somebody_in_front_nothing_is_shown_but_what_lies_nearer_to_the_clear_face() -> None:
    image = scene()
    front = Region(3, (180, 55, 230, 115), False)
    shown = redact(image, [B, front])
    assert np.array_equal(shown[75:85, 165:180], image[75:85, 165:180])
    assert not np.array_equal(shown[75:85, 195:225], image[75:85, 195:225])


def test_the_edges_of_the_picture_are_drawn_over_even_under_a_clear_face() -> None:
    image = scene()
    at_edge = Region(4, (0, 40, 40, 90), True)
    shown = redact(image, [at_edge])
    assert not np.array_equal(shown[40:90, :15], image[40:90, :15])
    assert np.array_equal(shown[40:90, 20:40], image[40:90, 20:40])


def test_a_probe_crop_hides_the_edge_of_the_picture_beside_the_face_but_not_the_face() -> None:
    image = scene()
    near_edge = Region(5, (12, 40, 52, 90), True)  # half the longer side reaches over the edge, where a head may be cut in half
    crop = crop_of(image, [near_edge], 5)
    own = image[15:115, 0:77]
    assert crop.shape == own.shape
    assert not np.array_equal(crop[:, :12], own[:, :12])
    assert np.array_equal(crop[25:75, 12:52], image[40:90, 12:52])
