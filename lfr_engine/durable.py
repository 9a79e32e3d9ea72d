"""Files that survive a power cut: written whole or not at all, removed for good, each step on disk before the next."""

import os
import secrets
from pathlib import Path


def put(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """`content` under `path`, replacing what was there in one step: a reader, or a power cut, meets the old or the new, whole."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove(path: Path) -> bool:
    """Unlink `path`; False when it was gone already."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync_folder(path.parent)
    return True


def overwrite_and_remove(path: Path) -> bool:
    """Write random bytes over a file's content, then unlink it; False when it was gone already.

    On flash the old cells may survive (R61): what counts is that a wrapped key's only name and content are gone.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    with os.fdopen(descriptor, "wb") as out:
        out.write(secrets.token_bytes(path.stat().st_size))
        out.flush()
        os.fsync(out.fileno())
    return remove(path)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
