"""Result files of commands: refused before a long run where they cannot be written, and written whole or not at all."""

import os
import tempfile
from pathlib import Path

from lfr_engine.errors import BadInput


def require_place_for(path: Path | None) -> None:
    """Raises BadInput unless `path` (or None) can become a file: better now than after the minutes the result takes."""
    if path is None:
        return
    if path.exists() and not path.is_file():  # a folder, or a device that replacing would destroy
        raise BadInput(f"{path} is no ordinary file", next_step="name a new file, or one to replace")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise BadInput(f"the folder of {path} does not exist", next_step="name a file in a folder that exists")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise BadInput(
            f"{path} cannot be written: {error.strerror}", next_step="name a file in a folder that you may write to, on a disk with space"
        ) from error


def write_whole(path: Path, text: str) -> None:
    """Replace the file in one step, so that no half result can be read."""
    handle, scratch = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
