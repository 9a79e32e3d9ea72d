"""Where many photos come from: a folder with everything below it, or a zip archive. Read only; nothing is unpacked.

A photo's person is the name of the first folder it lies in, as in NAME/NAME_0001.jpg, and of a file that lies in none its own name
without ending. Every machine of a cluster opens the source itself, at the same path: photos are not sent around.
"""

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from lfr_engine.errors import BadInput
from lfr_engine.image import MAX_PHOTO_BYTES

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
MAX_PHOTOS = 5_000_000


@dataclass(frozen=True, slots=True)
class Listed:
    """One photo of a source: its name there, with /, and its size in bytes."""

    image: str
    size: int

    @property
    def subject_ref(self) -> str:
        path = PurePosixPath(self.image)
        return path.parts[0] if len(path.parts) > 1 else path.stem


def listing(source: Path) -> list[Listed]:
    """The photos of a folder or zip archive, by name. Links are left out: a photo is a file of the source.

    Raises BadInput where the source is neither, holds no photo, or more than MAX_PHOTOS.
    """
    if source.is_dir():
        found = list(_of_folder(source))
    elif source.is_file() and zipfile.is_zipfile(source):
        found = [Listed(info.filename, info.file_size) for info in _archive(source).infolist() if _is_photo(info.filename)]
    else:
        raise BadInput(f"{source} is neither a folder nor a zip archive", next_step="name a folder of photos, or such a folder as .zip")
    if not found:
        raise BadInput(f"{source} holds no photo", next_step=f"photos end in {', '.join(sorted(ENDINGS))}")
    if len(found) > MAX_PHOTOS:
        raise BadInput(f"{source} holds {len(found)} photos; the limit is {MAX_PHOTOS}", next_step="enrol it in parts")
    return sorted(found, key=lambda listed: listed.image)


def digest(photos: list[Listed]) -> str:
    """Of names and sizes: enough to notice that somebody goes on with another source than the one begun with."""
    text = "".join(f"{listed.size} {listed.image}\n" for listed in photos)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def read(source: Path, image: str) -> bytes:
    """The bytes of one photo. Raises BadInput where it is gone, too large, encrypted or damaged."""
    try:
        return _read_file(source / image) if source.is_dir() else _read_member(source, image)
    except (OSError, KeyError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise BadInput(f"the file cannot be read: {error}") from error


def _of_folder(source: Path) -> Iterator[Listed]:
    for folder, folders, names in os.walk(source):
        folders.sort()
        for name in names:
            path = Path(folder) / name
            status = path.lstat()
            if _is_photo(name) and stat.S_ISREG(status.st_mode):
                yield Listed(path.relative_to(source).as_posix(), status.st_size)


def _is_photo(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".") and "__MACOSX" not in path.parts


def _read_file(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        return file.read(MAX_PHOTO_BYTES + 1)  # one more than allowed is enough to be refused


@lru_cache(maxsize=4)
def _archive(source: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise BadInput(f"{source} is a damaged zip archive: {error}", next_step="fetch it again from its source") from error


def _read_member(source: Path, image: str) -> bytes:
    """At most one byte over the limit is unpacked, whatever size the archive promises."""
    with _archive(source).open(image) as member:
        return member.read(MAX_PHOTO_BYTES + 1)
