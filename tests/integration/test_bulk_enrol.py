"""Many photos at once give what each gives alone, and a photo that cannot be used stops nothing."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lfr_engine.bulk_enrol import GROUP_PHOTOS, Outcome, Photo, enrol_many
from lfr_engine.enrol import enrol_photo, enrol_photos
from lfr_engine.errors import BadInput
from lfr_engine.image import MAX_PHOTO_BYTES, decode_photo, encode_jpeg, photo_pixels, resize
from lfr_engine.packs.build import packaged_file
from lfr_engine.packs.store import OpenPack


@pytest.fixture(scope="module")
def portrait() -> bytes:
    return packaged_file("insightface", "data/images/Tom_Hanks_54745.png").read_bytes()


@pytest.fixture(scope="module")
def several(portrait: bytes) -> list[bytes]:
    """One person in several sizes and crops, a picture of nobody, a group, a torn file, and one that is too long."""
    image = decode_photo(portrait)
    height, width = image.shape[:2]
    sizes = [encode_jpeg(resize(image, round(width * share), round(height * share))) for share in (1.0, 0.8, 1.3)]
    crowd = packaged_file("insightface", "data/images/t1.jpg").read_bytes()
    return [
        *sizes,
        encode_jpeg(np.full((300, 300, 3), 90, np.uint8)),
        portrait[: len(portrait) // 2],
        crowd,
        b"no photo",
        bytes(MAX_PHOTO_BYTES + 1),
        encode_jpeg(image[:, ::-1].copy()),
    ]


def photo(place: int, data: bytes) -> Photo:
    return Photo(f"s{place}", f"{place}.jpg", lambda: data)


def alone(data: bytes, pack: OpenPack) -> tuple[bytes, float, bytes] | str:
    try:
        made = enrol_photo(data, pack)
        return made.template.vector.tobytes(), made.quality, made.thumb_jpeg
    except BadInput as error:
        return error.message


def content(outcome: Outcome) -> tuple[bytes, float, bytes] | str:
    made = outcome.enrolled
    return outcome.why if made is None else (made.template.vector.tobytes(), made.quality, made.thumb_jpeg)


def test_many_photos_give_bit_for_bit_what_each_gives_alone(several: list[bytes], open_default_pack: OpenPack) -> None:
    expected = [alone(data, open_default_pack) for data in several]
    assert sum(isinstance(part, tuple) for part in expected) == 4
    found = list(enrol_many((photo(place, data) for place, data in enumerate(several)), open_default_pack))
    assert [outcome.photo.image for outcome in found] == [f"{place}.jpg" for place in range(len(several))]
    assert [content(outcome) for outcome in found] == expected
    assert [content(outcome) for outcome in enrol_many([photo(0, data) for data in several[::-1]], open_default_pack)] == expected[::-1]


def test_every_refusal_says_why(several: list[bytes], open_default_pack: OpenPack) -> None:
    reasons = [outcome.why for outcome in enrol_many([photo(0, data) for data in several], open_default_pack)]
    expected = {3: "no face was found", 4: "damaged", 5: "faces of like size", 6: "no photo", 7: "limit"}
    assert all(words in reasons[place] for place, words in expected.items())


def test_a_file_that_is_gone_is_an_outcome_like_any_other(tmp_path: Path, several: list[bytes], open_default_pack: OpenPack) -> None:
    photos = [Photo("a", "a.jpg", (tmp_path / "gone.jpg").read_bytes), photo(1, several[0])]
    found = list(enrol_many(photos, open_default_pack))
    assert "cannot be read" in found[0].why
    assert found[1].enrolled is not None


def test_nobody_to_enrol_gives_nothing(open_default_pack: OpenPack) -> None:
    assert list(enrol_many([], open_default_pack)) == []
    assert enrol_photos([], open_default_pack) == []


def test_photos_are_read_only_as_far_ahead_as_they_are_worked_on(open_default_pack: OpenPack) -> None:
    read = []

    def endless() -> Iterator[Photo]:
        while True:
            read.append(1)
            yield photo(0, b"no photo")

    stream = enrol_many(endless(), open_default_pack)
    assert "no photo" in next(stream).why
    assert len(read) <= 12 * GROUP_PHOTOS
    stream.close()  # type: ignore[attr-defined]


def test_the_announced_size_is_read_without_the_pixels(portrait: bytes) -> None:
    height, width = decode_photo(portrait).shape[:2]
    assert photo_pixels(portrait[: len(portrait) // 2]) == height * width
    assert photo_pixels(encode_jpeg(np.zeros((20, 30, 3), np.uint8))) == 600
    with pytest.raises(BadInput, match="no photo"):
        photo_pixels(b"no photo")
