"""From reference photos to templates: exactly one face each, good enough to be compared.

A photo that shows several people of like size is refused, because only a person can say which of them is meant. Two things
are no such doubt: small faces in the background, and one or two bystanders beside somebody who holds the middle of the
picture, as the subject of a portrait does. A group photo is always refused.

Many photos go through each network together. What comes of one never depends on the others: `enrol_photo` is `enrol_photos` of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lfr_engine.errors import BadInput
from lfr_engine.image import decode_photo, encode_jpeg, resize
from lfr_engine.packs.store import OpenPack
from lfr_engine.quality import QualityGate, judge, measure
from lfr_engine.quality_components import components, hints_of
from lfr_engine.values import Face, Image, Template

# A reference photo is chosen at leisure, so more is asked of it than of a passer-by's view.
REFERENCE_GATE = QualityGate(smallest_eye_distance_px=20.0)
LIKE_SIZE = 0.6  # another face at least this share of the largest one's size is a second person in the picture
MOST_BYSTANDERS = 2
MIDDLE = 0.25  # a bystander's face has its centre further than this share of the picture's width from the picture's centre
SURE_SCORE = 0.6
THUMB_PX = 240
MAX_THUMB_BYTES = 64 * 1024
MARGIN = 0.4  # of the photo's longer side: detectors miss faces that fill the picture, so a border is tried


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a reference photo gives: its template, its quality 0-1, and a small JPEG of face and shoulders for those who check.

    `hints`: what could be better about the photo, in words, where that was asked for."""

    template: Template
    quality: float
    thumb_jpeg: bytes
    hints: tuple[str, ...] = ()


def enrol_photo(data: bytes, pack: OpenPack) -> Enrolled:
    """Enrol the one person on a photo. Raises BadInput saying why the photo cannot be used."""
    (made,) = enrol_photos([data], pack, hints=True)
    if isinstance(made, BadInput):
        raise made
    return made


def enrol_photos(photos: Sequence[bytes], pack: OpenPack, *, hints: bool = False) -> list[Enrolled | BadInput]:
    """For every photo what enrolling it gives, or why it cannot be used, in their order.

    All their pixels are held at once: `bulk_enrol` hands over as many as fit.
    """
    made: list[Enrolled | BadInput] = [BadInput("not looked at")] * len(photos)
    images: dict[int, Image] = {}
    for place, data in enumerate(photos):
        try:
            images[place] = decode_photo(data)
        except BadInput as error:
            made[place] = error
    usable: dict[int, tuple[Face, float]] = {}
    for place, faces in zip(images, faces_of(list(images.values()), pack), strict=True):
        try:
            face = only_face(images[place], faces)
            usable[place] = face, _good_enough(images[place], face)
        except BadInput as error:
            made[place] = error
    crops = [crop for place, (face, _) in usable.items() for crop in pack.embedder.crops(images[place], [face])]
    for (place, (face, score)), row in zip(usable.items(), pack.embedder.features(crops), strict=True):
        template, told = Template(row, pack.pack_digest), hints_of(components(images[place], face)) if hints else ()
        made[place] = Enrolled(template, max(0.0, min(1.0, score)), _thumb(images[place], face), told)
    return made


def faces_of(images_bgr: Sequence[Image], pack: OpenPack) -> list[list[Face]]:
    """The faces of every photo; where none is sure, of the photo with a border."""
    found = pack.detector.detect_many(images_bgr)
    unsure = [place for place, faces in enumerate(found) if not _sure(faces)]
    bordered = [_bordered(images_bgr[place]) for place in unsure]
    again = pack.detector.detect_many([image for image, _ in bordered])
    for place, (_, margin), faces in zip(unsure, bordered, again, strict=True):
        found[place] = [_moved(face, margin) for face in faces]
    return found


def only_face(image_bgr: Image, faces: Sequence[Face]) -> Face:
    """The one face of a reference photo. Raises BadInput on none, and on several of like size."""
    sure = sorted(_sure(faces), key=lambda face: -face.size_px)
    if not sure:
        raise BadInput("no face was found", next_step="use a photo that shows the face from the front, in focus")
    alike = [face for face in sure if face.size_px >= LIKE_SIZE * sure[0].size_px]
    middle = [face for face in alike if _from_centre(face, image_bgr) <= MIDDLE]
    if len(middle) != 1 or len(alike) - 1 > MOST_BYSTANDERS:
        if len(alike) > 1:
            raise BadInput(f"{len(alike)} faces of like size were found", next_step="cut the photo so that it shows one person")
        return alike[0]
    return middle[0]


def _sure(faces: Sequence[Face]) -> list[Face]:
    return [face for face in faces if face.score >= SURE_SCORE]


def _bordered(image: Image) -> tuple[Image, int]:
    margin = round(MARGIN * max(image.shape[:2]))
    return np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="edge"), margin


def _moved(face: Face, by_px: int) -> Face:
    return Face(face.bbox_xyxy_px - np.float32(by_px), face.landmarks_xy_px - np.float32(by_px), face.score)


def _from_centre(face: Face, image_bgr: Image) -> float:
    """How far the face's centre lies from the picture's, in widths of the picture."""
    height, width = image_bgr.shape[:2]
    centre = (face.bbox_xyxy_px[:2] + face.bbox_xyxy_px[2:]) / 2
    return float(np.linalg.norm(centre - np.array([width / 2, height / 2])) / width)


def _good_enough(image_bgr: Image, face: Face) -> float:
    """The quality score of the face. Raises BadInput where the gate refuses it."""
    quality = measure(image_bgr, face)
    refusal = judge(quality, REFERENCE_GATE)
    if refusal is not None:
        raise BadInput(f"the face is {refusal}", next_step="use a sharper or larger photo that shows the face from the front")
    return quality.score


def _thumb(image_bgr: Image, face: Face) -> bytes:
    """Face and shoulders as a new JPEG, so that nothing of the photo's metadata comes along."""
    height, width = image_bgr.shape[:2]
    x0, y0, x1, y1 = (float(edge) for edge in face.bbox_xyxy_px)
    side, middle = max(x1 - x0, y1 - y0), (x0 + x1) / 2
    left, right = max(0, round(middle - side)), min(width, round(middle + side))
    top, bottom = max(0, round(y0 - 0.5 * side)), min(height, round(y1 + 0.7 * side))
    part = image_bgr[top : max(bottom, top + 1), left : max(right, left + 1)]
    scale = min(1.0, THUMB_PX / part.shape[0])
    small = resize(part, max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    for quality in (85, 70, 50):
        jpeg = encode_jpeg(small, quality)
        if len(jpeg) <= MAX_THUMB_BYTES:
            break
    return jpeg
