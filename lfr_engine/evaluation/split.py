"""Which half of the labelled people a person belongs to, fixed by their name alone.

Thresholds are chosen on `Half.CHOOSING`; every published rate is measured on `Half.UNSEEN`. A digest of the name decides,
so that no list has to be kept, no shuffle repeated, and adding people moves nobody from one half to the other.
"""

import hashlib
from enum import StrEnum
from pathlib import Path

from lfr_engine.errors import BadInput

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


class Half(StrEnum):
    CHOOSING = "choosing"
    UNSEEN = "unseen"


def half_of(name: str) -> Half:
    """The half of one person, by one bit of a SHA-256 of their name.

    The digest has a prefix of its own: whoever made the collection may have chosen its people by a plain digest of the
    name, and then that digest's bits are no coin.
    """
    return Half.UNSEEN if hashlib.sha256(b"lawful-lfr/half\n" + name.encode()).digest()[0] & 1 else Half.CHOOSING


def people_of(faces_dir: Path, half: Half | None = None) -> dict[str, list[Path]]:
    """Person -> their photos in order, from a folder `NAME/NAME_NNNN.jpg`; one half of the people, or all.

    Raises BadInput where the folder is missing or holds nobody.
    """
    if not faces_dir.is_dir():
        raise BadInput(f"{faces_dir} is not a folder of labelled faces", next_step="give a folder with one folder of photos per person")
    people = {
        folder.name: photos
        for folder in sorted(faces_dir.iterdir())
        if folder.is_dir() and (half is None or half_of(folder.name) is half)
        if (photos := sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES))
    }
    if not people:
        raise BadInput(f"{faces_dir} holds no folder with photos", next_step="give a folder with one folder of photos per person")
    return people
