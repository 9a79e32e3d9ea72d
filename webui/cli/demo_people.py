"""The people of the demonstration: real photos that come with installed packages, and one archive fetched at set-up.

Their names play no part: each is P-01, P-02... and a line that says which photo it is. Nobody here is suspected of
anything; they were chosen because their photos are published in packages that a machine with this program has anyway.
Where only one photo of a person exists, the one who walks is that photo mirrored and made worse (`same_photo`): a
recognition there proves the machinery, not the matcher, and every report says how many such pairs it has.
"""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from lfr_engine.errors import LfrError, VerificationFailed
from lfr_engine.image import decode_photo, encode_jpeg, resize

ARCHIVE_NAME = "face_recognition-1.3.0.tar.gz"
ARCHIVE_SHA256 = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
_ARCHIVE_FOLDER = "face_recognition-1.3.0/tests/test_images/"

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Photo:
    """A published photo: package (empty: the archive), file in it, and the face, forehead to chin, measured once by hand
    with a detector. The files never change: they belong to locked versions."""

    package: str
    file: str
    face: Box

    @property
    def source(self) -> str:
        return f"{self.package or ARCHIVE_NAME}: {self.file}"


_GROUP = "data/images/t1.jpg"
# Turned so far to the side that every enrolment refuses the photo: may pass, is never listed.
_NEVER_LISTED = frozenset({5})
# (what the line on the page says, enrolment photo, walking photo where there is another one)
_PEOPLE: tuple[tuple[str, _Photo, _Photo | None], ...] = (
    ("1st from left", _Photo("insightface", _GROUP, (61, 268, 168, 397)), None),
    ("2nd from left", _Photo("insightface", _GROUP, (267, 151, 372, 278)), None),
    ("3rd from left", _Photo("insightface", _GROUP, (466, 267, 568, 412)), None),
    ("4th from left", _Photo("insightface", _GROUP, (749, 352, 848, 475)), None),
    ("5th from left", _Photo("insightface", _GROUP, (906, 58, 1005, 202)), None),
    ("6th from left", _Photo("insightface", _GROUP, (1126, 273, 1221, 397)), None),
    ("portrait", _Photo("insightface", "data/images/Tom_Hanks_54745.png", (14, 13, 87, 112)), None),
    ("portrait", _Photo("skimage", "data/astronaut.png", (178, 63, 268, 176)), None),
    ("portrait", _Photo("", "obama.jpg", (374, 94, 606, 415)), _Photo("", "obama2.jpg", (195, 224, 471, 614))),
    ("portrait", _Photo("", "biden.jpg", (436, 186, 712, 571)), None),
)
# Face heights, in pixels, to which photos are reduced, and how much is kept around the face, in face heights.
_ENROL_FACE_PX, _WALK_FACE_PX, _SAME_PHOTO_FACE_PX = 160, 130, 80
_MARGIN = 0.55


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One person: a photo to enrol and one that walks (JPEG files), where the face is in the latter, and whether both come
    from the same picture."""

    ref: str
    enrol_jpeg: bytes
    walk_jpeg: bytes
    walk_box: Box
    same_photo: bool
    source: str
    listable: bool
    """False where the photo is too poor to enrol, so that this person only passes."""


def demo_people(cache_dir: Path) -> list[DemoPerson]:
    """Everybody whose photos this machine has; `cache_dir` holds the archive, without which two people are missing.

    Raises VerificationFailed where the archive is not the published one, LfrError where a package lacks its photo.
    """
    archive = _archive(cache_dir / ARCHIVE_NAME)
    people = []
    for number, (place, enrol, other) in enumerate(_PEOPLE, start=1):
        if not enrol.package and not archive:
            continue
        walk = other or enrol
        enrol_jpeg, _ = _portrait(_bytes_of(enrol, archive), enrol.face, _ENROL_FACE_PX)
        walk_jpeg, box = _portrait(_bytes_of(walk, archive), walk.face, _WALK_FACE_PX if other else _SAME_PHOTO_FACE_PX)
        source = f"person from {enrol.source} ({place})" + (f"; walks as {walk.source}" if other else "; the same photo walks")
        people.append(DemoPerson(f"P-{number:02d}", enrol_jpeg, walk_jpeg, box, other is None, source, number not in _NEVER_LISTED))
    return people


def _portrait(photo: bytes, face: Box, face_px: int) -> tuple[bytes, Box]:
    """The face with some surroundings, as a JPEG in which it is at most `face_px` high, and where it is there."""
    image = decode_photo(photo)
    x0, y0, x1, y1 = face
    margin = round(_MARGIN * (y1 - y0))
    left, top = max(0, x0 - margin), max(0, y0 - margin)
    part = image[top : min(image.shape[0], y1 + margin), left : min(image.shape[1], x1 + margin)]
    scale = min(1.0, face_px / (y1 - y0))
    small = resize(part, round(part.shape[1] * scale), round(part.shape[0] * scale))
    box = tuple(int(scale * edge) for edge in (x0 - left, y0 - top, x1 - left, y1 - top))
    return encode_jpeg(small, 92), (box[0], box[1], box[2], box[3])


def _bytes_of(photo: _Photo, archive: dict[str, bytes]) -> bytes:
    if not photo.package:
        return archive[photo.file]
    spec = find_spec(photo.package)  # finds the folder without running the package
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / photo.file
        if path.is_file():
            return path.read_bytes()
    raise LfrError(f"the package {photo.package} or its {photo.file} is not installed", next_step="run scripts/demo, which installs it")


def _archive(path: Path) -> dict[str, bytes]:
    """The archive's photos by name, read in memory; empty where it was not fetched."""
    if not path.is_file():
        return {}
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != ARCHIVE_SHA256:
        raise VerificationFailed(f"{path} is not the published archive", next_step="delete it and run scripts/demo again")
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        photos = {}
        for name in sorted({photo.file for _, *both in _PEOPLE for photo in both if photo and not photo.package}):
            member = tar.extractfile(_ARCHIVE_FOLDER + name)
            if member is None:
                raise VerificationFailed(f"{path} does not hold {name}")
            photos[name] = member.read()
    return photos
