"""Photos that people hand in: limits before pixels, the right way up, damage named."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as PillowImage

from lfr_engine.errors import BadInput
from lfr_engine.image import MAX_PHOTO_BYTES, decode_photo, encode_jpeg, pixelate


def encoded(size: tuple[int, int], kind: str, **options: object) -> bytes:
    picture = PillowImage.new("RGB", size, (10, 20, 200))
    picture.paste((250, 240, 230), (0, 0, size[0] // 2, size[1] // 2))
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def png_header_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header announces a huge picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def test_pixels_are_bgr() -> None:
    image = decode_photo(encoded((40, 20), "PNG"))
    assert image.shape == (20, 40, 3)
    assert image[19, 39].tolist() == [200, 20, 10]


def test_a_photo_lying_on_its_side_is_turned_upright() -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    image = decode_photo(encoded((40, 20), "JPEG", exif=exif))
    assert image.shape == (40, 20, 3)
    assert image[0, 19].min() > 200  # the bright corner was at the left, and is now at the right


@pytest.mark.parametrize(("width", "height"), [(10_000, 6_000), (60_000, 60_000)])
def test_a_huge_picture_is_refused_by_its_header(width: int, height: int) -> None:
    with pytest.raises(BadInput, match=r"megapixels|no photo"):
        decode_photo(png_header_claiming(width, height))


def test_a_real_sixty_megapixel_photo_is_refused() -> None:
    with pytest.raises(BadInput, match=r"60\.0 megapixels; the limit is 40"):
        decode_photo(encoded((10_000, 6_000), "PNG", compress_level=1))


def test_damaged_and_foreign_files_are_refused() -> None:
    whole = encoded((200, 200), "JPEG")
    for data in (b"", b"hello", whole[: len(whole) // 2], b"%PDF-1.4", encoded((8, 8), "GIF"), png_header_claiming(64, 64)):
        with pytest.raises(BadInput):
            decode_photo(data)
    with pytest.raises(BadInput, match="bytes"):
        decode_photo(bytes(MAX_PHOTO_BYTES + 1))


def test_pixelating_leaves_at_most_so_many_colours_and_touches_nothing_else() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    before = image.copy()
    pixelate(image, (-10, 20, 40, 200), cells=5)
    assert len({tuple(pixel) for pixel in image[20:, :40].reshape(-1, 3).tolist()}) <= 25
    assert np.array_equal(image[:20], before[:20])
    assert np.array_equal(image[:, 40:], before[:, 40:])


def test_a_box_outside_the_picture_changes_nothing() -> None:
    image = np.full((10, 10, 3), 7, np.uint8)
    for box in ((20, 20, 30, 30), (-9, -9, -1, -1), (5, 5, 5, 9)):
        pixelate(image, box)
    assert (image == 7).all()


def test_jpeg_comes_back_nearly_the_same() -> None:
    image = decode_photo(encoded((64, 64), "PNG"))
    assert np.abs(decode_photo(encode_jpeg(image)).astype(int) - image).mean() < 4
