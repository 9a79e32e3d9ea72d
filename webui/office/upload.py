"""The photos of one upload, by the names the table gives them: single files or a zip, read in memory, never unpacked to disk."""

import io
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

from lfr_engine.errors import BadInput
from lfr_engine.image import MAX_PHOTO_BYTES

MAX_UPLOAD_BYTES = 256 * 1024 * 1024
MAX_FILES = 1000
MAX_UNPACKED_BYTES = 1024 * 1024 * 1024


def photos_of(uploads: Iterable[Any]) -> Callable[[str], bytes | None]:
    """A look-up from a name in the table to a photo's bytes. Raises BadInput on a zip that is none, or that would unpack too large."""
    single: dict[str, Any] = {}
    archives: list[zipfile.ZipFile] = []
    for upload in uploads:
        if not upload or not upload.filename:
            continue
        if upload.filename.lower().endswith(".zip"):
            archives.append(_archive(upload))
        else:
            single[_plain(upload.filename)] = upload

    def find(name: str) -> bytes | None:
        wanted = _plain(name)
        if wanted in single:
            single[wanted].stream.seek(0)
            return _bounded(single[wanted].stream)
        for archive in archives:
            member = next((one for one in archive.infolist() if _plain(one.filename) == wanted and not one.is_dir()), None)
            if member is not None:
                return _member(archive, member)
        return None

    return find


def _archive(upload: Any) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(upload.stream.read()))
    except (zipfile.BadZipFile, ValueError) as error:
        raise BadInput("the zip file cannot be read", next_step="make it again, without a password") from error
    members = archive.infolist()
    if len(members) > MAX_FILES or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise BadInput(f"the zip holds more than {MAX_FILES} files, or unpacks to more than 1 GiB", next_step="hand it in in parts")
    return archive


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as content:
            return _bounded(content)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise BadInput("this photo cannot be unpacked from the zip", next_step="make the zip again, without a password") from error


def _bounded(stream: Any) -> bytes:
    """One byte more than allowed is enough to be refused by whoever decodes it; the size a zip claims is not believed."""
    content: bytes = stream.read(MAX_PHOTO_BYTES + 1)
    return content


def _plain(name: str) -> str:
    """Browsers send file names without their folder, so that only the last part can be compared."""
    return name.replace("\\", "/").rsplit("/", 1)[-1].casefold()
