"""Templates of labelled still photos, as reference photos are enrolled and as somebody in front of a camera is compared.

A *reference* goes the product's own way (`lfr_engine.enrol`), refusals included. A *probe* is the face that the label means:
of the larger faces in the picture the one nearest to its middle, compared however poor it is, its quality noted.
"""

import hashlib
import time
from collections.abc import Callable, Iterable
from enum import StrEnum

import numpy as np

from lfr_engine.enrol import enrol_photo
from lfr_engine.errors import BadInput, LfrError
from lfr_engine.evaluation.material import Photo
from lfr_engine.evaluation.template_store import Kept, TemplateStore
from lfr_engine.image import decode_photo
from lfr_engine.packs.store import OpenPack
from lfr_engine.quality import measure
from lfr_engine.values import Face, Image

Say = Callable[[str], None]
PROGRESS_S = 5.0
LIKE_SIZE = 0.6  # a face at least this share of the largest one's size may be the one that the label means
BORDER = 0.4  # of the photo's longer side: detectors miss faces that fill the picture


class Use(StrEnum):
    REFERENCE = "reference"
    PROBE = "probe"


def templates_of(photos: Iterable[Photo], use: Use, pack: OpenPack, store: TemplateStore, say: Say) -> dict[str, Kept]:
    """What every photo gives, by its name: from the store where it is known, else computed and kept. `say` gets progress."""
    wanted = list(photos)
    done: dict[str, Kept] = {}
    spoken_s = time.monotonic()
    computed = 0
    for number, photo in enumerate(wanted, start=1):
        key = f"{use}:{photo.sha256}"
        kept = store.get(key)
        if kept is None:
            kept = _reference(photo, pack) if use is Use.REFERENCE else _probe(photo, pack)
            store.add(key, kept)
            computed += 1
        done[photo.name] = kept
        if time.monotonic() - spoken_s > PROGRESS_S:
            spoken_s = time.monotonic()
            say(f"{pack.manifest.name}: {use} templates {number} of {len(wanted)}")
    say(f"{pack.manifest.name}: {len(wanted)} {use} templates, {computed} computed, {len(wanted) - computed} kept from before")
    return done


def _reference(photo: Photo, pack: OpenPack) -> Kept:
    try:
        enrolled = enrol_photo(_bytes(photo), pack)
    except BadInput as error:
        return Kept(None, error.message, {})
    return Kept(enrolled.template.vector, "", {"score": enrolled.quality})


def _probe(photo: Photo, pack: OpenPack) -> Kept:
    try:
        image = decode_photo(_bytes(photo))
    except BadInput as error:
        return Kept(None, error.message, {})
    face = meant_face(image, pack)
    if face is None:
        return Kept(None, "no face was found", {})
    return Kept(pack.embedder.embed(image, [face])[0], "", measure(image, face).as_json())


def _bytes(photo: Photo) -> bytes:
    """The bytes that the data digest covers, or none: material that changes under a run is no material."""
    try:
        data = photo.path.read_bytes()
    except OSError as error:
        raise LfrError(
            f"{photo.name} cannot be read any more: {error.strerror}", next_step="leave the material alone and run it again"
        ) from error
    if hashlib.sha256(data).hexdigest() != photo.sha256:
        raise LfrError(f"{photo.name} changed while the test ran", next_step="leave the material alone and run it again")
    return data


def meant_face(image_bgr: Image, pack: OpenPack) -> Face | None:
    """Of the faces of like size as the largest, the one nearest to the picture's middle; None where there is no face."""
    faces = pack.detector.detect(image_bgr)
    if not faces:
        margin = round(BORDER * max(image_bgr.shape[:2]))
        wider = np.pad(image_bgr, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
        shift = np.float32(margin)
        faces = [Face(face.bbox_xyxy_px - shift, face.landmarks_xy_px - shift, face.score) for face in pack.detector.detect(wider)]
    if not faces:
        return None
    largest = max(face.size_px for face in faces)
    middle = np.array([image_bgr.shape[1] / 2, image_bgr.shape[0] / 2])
    return min(
        (face for face in faces if face.size_px >= LIKE_SIZE * largest),
        key=lambda face: float(np.linalg.norm((face.bbox_xyxy_px[:2] + face.bbox_xyxy_px[2:]) / 2 - middle)),
    )
