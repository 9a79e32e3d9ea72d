"""Nobody without an open alert is shown, and nobody by overlap either."""

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
