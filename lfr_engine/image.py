"""Pixels: the one place that calls OpenCV, and the limits on photos that people hand in.

A photo's header is read before its pixels, so that a picture made to exhaust memory is refused at the cost of its header.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageOps, UnidentifiedImageError

from lfr_engine.errors import BadInput, LfrError
from lfr_engine.values import Floats, Image

MAX_PHOTO_BYTES = 25 * 1024 * 1024
MAX_PHOTO_PIXELS = 40_000_000
PHOTO_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")


class _QuietPillow:
    """Silences what Pillow warns of where the limits below refuse. Filters belong to the whole process, so the first thread that
    decodes sets them and the last one puts them back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._saved = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._saved.__exit__(None, None, None)


_QUIET = _QuietPillow()


def decode_photo(data: bytes) -> Image:
    """A handed-in photo as uint8 BGR, upright as its EXIF orientation says.

    Raises BadInput over 25 MB or 40 megapixels, and for what is no complete JPEG, PNG, WebP, BMP or TIFF.
    """
    with _opened(data) as photo:
        rgb = np.asarray(ImageOps.exif_transpose(photo).convert("RGB"), np.uint8)
    return np.ascontiguousarray(rgb[..., ::-1])


def photo_pixels(data: bytes) -> int:
    """How many pixels a photo's header announces. Raises BadInput as `decode_photo` does, but reads no pixels."""
    with _opened(data) as photo:
        return photo.width * photo.height


@contextmanager
def _opened(data: bytes) -> Iterator[PillowImage.Image]:
    """A photo whose header was read and keeps to the limits; what goes wrong inside becomes BadInput."""
    if len(data) > MAX_PHOTO_BYTES:
        raise BadInput(f"the photo has {len(data)} bytes; the limit is {MAX_PHOTO_BYTES}", next_step="hand in a smaller copy")
    try:
        with _QUIET, PillowImage.open(io.BytesIO(data), formats=PHOTO_FORMATS) as photo:
            if photo.width * photo.height > MAX_PHOTO_PIXELS:
                raise BadInput(
                    f"the photo has {photo.width * photo.height / 1e6:.1f} megapixels; the limit is {MAX_PHOTO_PIXELS // 1_000_000}",
                    next_step="hand in a smaller copy",
                )
            yield photo
    except (UnidentifiedImageError, PillowImage.DecompressionBombError) as error:
        raise BadInput("the file is no photo that can be read", next_step="use JPEG, PNG, WebP, BMP or TIFF") from error
    except (OSError, SyntaxError, ValueError, IndexError, EOFError) as error:
        raise BadInput(f"the photo is damaged: {error}", next_step="fetch it again from its source") from error


def resize(image: Image, width: int, height: int) -> Image:
    """The image at width x height: area averaging down to half the size and below, bilinear above.

    Between half and full size a bilinear pixel still reads most of the source (its four neighbours), at a fifth of the time: from 1280
    to 1138 pixels 1.7 ms instead of 7.7, on one core.
    """
    shrinks = 2 * width <= image.shape[1] or 2 * height <= image.shape[0]
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR), np.uint8)


def warp(image: Image, matrix: NDArray[np.float64], width: int, height: int) -> Image:
    """The image under a 2x3 affine matrix (source to target pixels), black outside, bilinear."""
    return np.asarray(cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(0, 0, 0)), np.uint8)


def blob(images: list[Image], scale: float, mean: tuple[float, float, float], *, rgb: bool) -> Floats:
    """Equal-sized images as float32 N x 3 x H x W: (pixel - mean) * scale, channels in RGB order where `rgb`."""
    return np.asarray(cv2.dnn.blobFromImages(images, scale, mean=mean, swapRB=rgb, crop=False), np.float32)


def grey(image: Image) -> Image:
    """Luma as uint8 height x width."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def edge_variance(luma: Image) -> float:
    """Variance of the Laplacian: low on a blurred picture (Pech-Pacheco et al. 2000)."""
    return float(cv2.Laplacian(luma, cv2.CV_64F).var())


def mean_luma(luma: Image) -> float:
    """The mean of a picture of one channel."""
    return float(cv2.mean(luma)[0])


def best_match(picture: Image, patch: Image) -> tuple[int, int, float]:
    """Where the patch fits best into a picture not smaller than it, both uint8 of one channel: x, y of its corner, and the normalised
    correlation there, -1 to 1 (0 where either is flat)."""
    found = cv2.matchTemplate(picture, patch, cv2.TM_CCOEFF_NORMED)
    _, alike, _, (x, y) = cv2.minMaxLoc(found)
    return x, y, float(alike) if np.isfinite(alike) else 0.0


def encode_jpeg(image: Image, quality: int = 85) -> bytes:
    """The image as a JPEG file. Raises LfrError where the codec fails."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise LfrError("a picture could not be encoded as JPEG")
    return bytes(data)


def pixelate(image: Image, bbox_xyxy_px: tuple[int, int, int, int], cells: int = 5) -> None:
    """Replace the box, in place, by `cells` x `cells` flat squares: too few to tell anybody by. Outside the image is cut off."""
    height, width = image.shape[:2]
    x0, x1 = (min(max(int(x), 0), width) for x in (bbox_xyxy_px[0], bbox_xyxy_px[2]))
    y0, y1 = (min(max(int(y), 0), height) for y in (bbox_xyxy_px[1], bbox_xyxy_px[3]))
    if x1 <= x0 or y1 <= y0:
        return
    small = cv2.resize(image[y0:y1, x0:x1], (min(cells, x1 - x0), min(cells, y1 - y0)), interpolation=cv2.INTER_AREA)
    image[y0:y1, x0:x1] = cv2.resize(small, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)


def text(image: Image, words: str, x_px: int, y_px: int) -> None:
    """Write a short plain line onto the image, in place, white on black, its baseline starting at (x, y)."""
    cv2.putText(image, words, (x_px, y_px), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 4, cv2.LINE_AA)
    cv2.putText(image, words, (x_px, y_px), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)


def soften(image: Image, sigma_x_px: float, sigma_y_px: float) -> Image:
    """Gaussian blur with its own width along each axis: lens blur where equal, motion blur where not. 0 leaves an axis sharp."""
    if max(sigma_x_px, sigma_y_px) < 0.05:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(sigma_x_px, 0.05), sigmaY=max(sigma_y_px, 0.05)), np.uint8)


def lay_over(canvas: Image, layer_bgra: Image, gain: float = 1.0) -> None:
    """Lay a layer over the canvas, in place; both of one size.

    The layer is BGRA with its colours already multiplied by its opacity (255 opaque); `gain` brightens it. One multiplication
    and one addition of bytes a pixel: the rehearsal camera does this for every walker of every frame.
    """
    see_through = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(layer_bgra, 3)), cv2.COLOR_GRAY2BGR)
    cv2.multiply(canvas, see_through, dst=canvas, scale=1 / 255)
    colour = cv2.cvtColor(layer_bgra, cv2.COLOR_BGRA2BGR)
    cv2.add(canvas, colour if gain == 1.0 else cv2.convertScaleAbs(colour, alpha=gain), dst=canvas)


def add_noise(canvas: Image, brighter: Image, darker: Image) -> None:
    """Add one picture of noise to the canvas and take another away, in place, saturating at 0 and 255."""
    cv2.add(canvas, brighter, dst=canvas)
    cv2.subtract(canvas, darker, dst=canvas)
