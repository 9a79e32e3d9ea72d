"""One digest for the material of a test: what a plan names before a run, and a run measures again before it begins.

A table that names pictures stands for the pictures too: otherwise they could be swapped under a registered table.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.tables import file_below, read_lines

_CHUNK = 2**20
_FILES_MAX = 5_000_000
_PICTURE_COLUMNS = (("image_a", "image_b"), ("subject_ref", "image"))


def digest_of_data(path: Path) -> str:
    """`sha256:<hex>`. Of a folder: over a line `<hex>  <relative path>` for every file in it, sorted by path, so that a file
    added, renamed, altered or missing changes it and its time does not. Of a file: of its bytes; of a table of pictures
    (columns image_a and image_b, or subject_ref and image): over such lines for the table itself and each picture it names.

    Raises BadInput where there is nothing, where a table names what is not there, and on links and devices.
    """
    if path.is_file():
        pictures = sorted(set(_pictures(path)))
        return f"sha256:{_lines(path.parent, [path, *pictures]) if pictures else _hex(path)}"
    return f"sha256:{_lines(path, list(_files(path)))}"


def files_in_data(path: Path) -> int:
    """How many files the digest covers."""
    return 1 + len(set(_pictures(path))) if path.is_file() else sum(1 for _ in _files(path))


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise BadInput(f"there is no test material at {folder}", next_step="name a file or folder that exists")
    found = 0
    for path in sorted(folder.rglob("*"), key=lambda one: one.relative_to(folder).as_posix()):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BadInput(f"{path} is a link or a device; test material is plain files", next_step="copy the file itself there")
        if path.is_file():
            found += 1
            yield path
    if not 0 < found <= _FILES_MAX:
        raise BadInput(f"{folder} holds {found} files", next_step="name the folder with the material")


def _pictures(table: Path) -> Iterator[Path]:
    """The pictures a table names, each below its folder; nothing where the file is no such table."""
    if table.suffix.lower() != ".csv":
        return
    lines = read_lines(table, ())
    columns = next((names for names in _PICTURE_COLUMNS if set(names) <= lines[0].cells.keys()), ())
    for line in lines:
        for name in columns:
            if name.startswith("image") and line.cells[name]:
                file_below(table, line.cells[name], line.number)
                yield table.parent / line.cells[name]


def _lines(base: Path, files: list[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(f"{_hex(file)}  {file.relative_to(base).as_posix()}\n".encode())
    return whole.hexdigest()


def _hex(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
