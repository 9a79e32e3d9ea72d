"""What the steps of the engine hand to each other: frozen, checked when made, pixels in the frame they name.

Images are uint8 BGR, height x width x 3. Boxes are `xyxy` in pixels of the source frame, with x to the right and y down.
A similarity is the cosine of two unit vectors, never a probability; the machine makes a *candidate*, only people confirm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]

# A unit vector in float32 may miss 1 by rounding alone: 512 terms of 6e-8 stay far below this.
UNIT_NORM_TOLERANCE = 1e-4


def _checked(array: NDArray[Any], shape: tuple[int | None, ...], what: str) -> None:
    fits = array.ndim == len(shape) and all(want is None or want == have for want, have in zip(shape, array.shape, strict=True))
    if not fits:
        raise ValueError(f"{what} has shape {array.shape}, not {shape}")
    if array.dtype != np.uint8 and not np.isfinite(array).all():
        raise ValueError(f"{what} holds a number that is not finite")


class Decoded(Protocol):
    """A picture as its decoder holds it, nothing converted yet. `luma` may be the decoder's own memory: read it, never write."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width, height."""

    def bgr(self) -> Image: ...

    def luma(self) -> Image:
        """uint8 height x width."""

    def wipe(self) -> None:
        """Overwrite what can be reached, let go of the rest."""


class Frame:
    """One picture of a stream: 0-based index in the source, seconds since the stream's start, and its pixels.

    `Frame(index, stream_s, image_bgr)` holds uint8 BGR; `Frame(index, stream_s, decoded=...)` converts on the first look, so that
    a frame nobody looks at costs its decoding alone. Whoever takes a frame wipes it when done.
    """

    __slots__ = ("_decoded", "_image", "_luma", "index", "size_px", "stream_s")

    def __init__(self, index: int, stream_s: float, image_bgr: Image | None = None, *, decoded: Decoded | None = None) -> None:
        if (image_bgr is None) == (decoded is None):
            raise ValueError("a frame has its pixels, or a decoder that holds them")
        if image_bgr is not None:
            _checked(image_bgr, (None, None, 3), "a frame")
        if index < 0 or (image_bgr is not None and image_bgr.dtype != np.uint8):
            raise ValueError("a frame is uint8 and its index not negative")
        self.index, self.stream_s = index, stream_s
        self.size_px = decoded.size_px if decoded is not None else (image_bgr.shape[1], image_bgr.shape[0])  # type: ignore[union-attr]
        self._image, self._decoded = image_bgr, decoded
        self._luma: Image | None = None

    @property
    def looked_at(self) -> bool:
        """Whether the BGR pixels exist already."""
        return self._image is not None

    @property
    def image_bgr(self) -> Image:
        """uint8 height x width x 3. Raises ValueError once wiped."""
        if self._image is None:
            self._image = self._held().bgr()
        return self._image

    @property
    def luma(self) -> Image:
        """uint8 height x width, for motion and health; read only. Raises ValueError once wiped."""
        if self._luma is None:
            # Green weighs most in luma and costs no conversion; nothing but motion and health looks here.
            self._luma = self._held().luma() if self._decoded is not None else np.ascontiguousarray(self.image_bgr[..., 1])
        return self._luma

    def wipe(self) -> None:
        """Overwrite what is ours of it and let go of the rest; what a decoder holds is overwritten by its later frames."""
        if self._decoded is not None:
            self._decoded.wipe()
        elif self._luma is not None:
            self._luma.fill(0)  # ours: made from the picture above
        if self._image is not None:
            self._image.fill(0)
        self._decoded = self._luma = self._image = None

    def _held(self) -> Decoded:
        if self._decoded is None:
            raise ValueError("this frame was wiped")
        return self._decoded


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A detected face: box float32[4], five landmarks float32[5, 2] (left eye, right eye, nose, mouth corners, as seen), score 0-1."""

    bbox_xyxy_px: Floats
    landmarks_xy_px: Floats
    score: float

    def __post_init__(self) -> None:
        _checked(self.bbox_xyxy_px, (4,), "a face box")
        _checked(self.landmarks_xy_px, (5, 2), "face landmarks")

    @property
    def size_px(self) -> float:
        """The longer side of the box."""
        x0, y0, x1, y1 = self.bbox_xyxy_px
        return float(max(x1 - x0, y1 - y0))


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A face as a unit vector, bound to the pack that made it: templates of two packs are never compared."""

    vector: Floats
    pack_digest: str

    def __post_init__(self) -> None:
        _checked(self.vector, (None,), "a template")
        if abs(float(np.linalg.norm(self.vector)) - 1.0) > UNIT_NORM_TOLERANCE:
            raise ValueError("a template is a unit vector")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry of the gallery that reached the threshold, and the similarity it reached."""

    entry_id: str
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class Alert:
    """One per passage and candidate: what the operator is shown. `probes` are up to three crops of the passer, best first;
    `figure` is the frame with everybody else pixelated; `explanation` is JSON-ready (`lfr_engine.explain`)."""

    track: int
    first_frame: int
    frame: int
    stream_s: float
    bbox_xyxy_px: tuple[int, int, int, int]
    candidates: tuple[Candidate, ...]
    quality: Mapping[str, float]
    threshold: float
    probes: tuple[Image, ...]
    figure: Image
    explanation: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Region:
    """Where a face is, or where its track says it must be, in the frame just stepped; `alerted` once its passage raised an alert."""

    track: int
    bbox_xyxy_px: tuple[int, int, int, int]
    alerted: bool


@dataclass(frozen=True, slots=True)
class Counters:
    """What is counted of everybody, cumulative: numbers only, never a trace of who.

    `passages` counts people who showed at least one usable view or two detections; `too_small` and `low_quality` count
    passages of which no view could be compared; `throttled` alerts that were held back (`lfr_engine.throttle`).
    """

    frames: int = 0
    faces: int = 0
    passages: int = 0
    too_small: int = 0
    low_quality: int = 0
    alerts: int = 0
    throttled: int = 0

    def as_json(self) -> dict[str, int]:
        names = ("frames", "faces", "passages", "too_small", "low_quality", "alerts", "throttled")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Step:
    """What one frame brought: new alerts, the regions to redact in this frame, and the counters so far.

    `detected`: faces were looked for in this very frame. Only then is every face in `regions`; a picture for anybody's eyes is
    made from such frames alone, since somebody may have walked in since the last. `flooded`: alerts come so fast that somebody
    may be holding pictures up to the camera (`lfr_engine.throttle`).
    """

    alerts: tuple[Alert, ...] = ()
    regions: tuple[Region, ...] = ()
    counters: Counters = field(default_factory=Counters)
    detected: bool = False
    flooded: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """One view that was judged, told to an evaluation and to nobody else: `rejection` where the quality gate refused it, `row` (a
    copy of the template) where it was embedded; neither where it was usable and not worth embedding."""

    track: int
    frame: int
    bbox_xyxy_px: tuple[int, int, int, int]
    rejection: str | None
    row: Floats | None
