"""Labelled photos for a measurement: who is on which, checked before anything is computed.

A folder holds one folder of photos per person. Three things make every figure wrong and are refused: one photo under two
names, two names that differ only in case or spacing, and photos that belong to nobody.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.split import PHOTO_SUFFIXES, people_of
from lfr_engine.image import MAX_PHOTO_BYTES

MAX_PHOTOS = 500_000
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Photo:
    """One labelled photo: `name` is its path relative to the material, `sha256` the digest of its bytes (hex)."""

    person: str
    name: str
    path: Path
    sha256: str


def read_faces(folder: Path) -> dict[str, tuple[Photo, ...]]:
    """Person -> their photos, in order of name. Raises BadInput for what is no labelled data set, saying what to do."""
    people = people_of(folder)
    astray = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file())
    if astray:
        raise BadInput(
            f"{len(astray)} photos in {folder} belong to nobody, first {astray[0]}", next_step="put each into its person's folder"
        )
    if sum(len(photos) for photos in people.values()) > MAX_PHOTOS:
        raise BadInput(f"{folder} holds more than {MAX_PHOTOS} photos", next_step="measure a part of it")
    check_names(people)
    found = {
        person: tuple(Photo(person, path.relative_to(folder).as_posix(), path, digest_of(path)) for path in paths)
        for person, paths in people.items()
    }
    check_digests(photo for photos in found.values() for photo in photos)
    return found


def digest_of(path: Path) -> str:
    """SHA-256 of a photo's bytes, hex. Raises BadInput where it cannot be read or is too large."""
    try:
        if path.stat().st_size > MAX_PHOTO_BYTES:
            raise BadInput(f"{path} is larger than {MAX_PHOTO_BYTES} bytes", next_step="hand in a smaller copy")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}", next_step="mend the material and run it again") from error


def check_names(names: Iterable[str]) -> None:
    """Raises BadInput on two names that are one person's to any reader: they differ only in case, spacing or underscores."""
    seen: dict[str, str] = {}
    for name in names:
        if len(name) > MAX_NAME or not name.isprintable():
            raise BadInput(f"{name[:40]!r} is no usable name of a person", next_step=f"use 1 to {MAX_NAME} printable characters")
        plain = "".join(unicodedata.normalize("NFKC", name).casefold().replace("_", " ").split())
        if plain in seen:
            raise BadInput(f"{seen[plain]!r} and {name!r} look like one person", next_step="join their photos, or rename one of them")
        seen[plain] = name


def check_digests(photos: Iterable[Photo]) -> None:
    """Raises BadInput where the same picture stands under two people: one of the labels is wrong."""
    seen: dict[str, Photo] = {}
    for photo in photos:
        other = seen.setdefault(photo.sha256, photo)
        if other.person != photo.person:
            raise BadInput(f"{other.name} and {photo.name} are the same picture under two names", next_step="correct the labels")
