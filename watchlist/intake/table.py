"""Reads a list from a CSV: one row per photo, columns `subject_ref` and `image`, others kept as they are.

Image paths are relative to the CSV and stay below its folder. The whole table is checked before any photo is opened, and the
first fault is named with its line, so that a list is either taken as it stands or not at all.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lfr_engine.errors import BadInput

MAX_TABLE_BYTES = 16 * 1024 * 1024
MAX_ROWS = 200_000
MAX_FIELD = 4096
MAX_SUBJECT_REF = 200
REQUIRED = ("subject_ref", "image")


@dataclass(frozen=True, slots=True)
class ListRow:
    """One photo of one person: `image` as written, `path` where it lies, the other columns by name."""

    subject_ref: str
    image: str
    path: Path
    line: int
    others: Mapping[str, str]


def _fault(path: Path, line: int, what: str, next_step: str = "") -> BadInput:
    return BadInput(f"{path.name}, line {line}: {what}", next_step=next_step or "correct the list and run it again")


def _text(path: Path) -> str:
    if not path.is_file():
        raise BadInput(f"there is no list {path}", next_step="check the path")
    if path.stat().st_size > MAX_TABLE_BYTES:
        raise BadInput(f"{path} is larger than {MAX_TABLE_BYTES} bytes", next_step="divide the list")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text", next_step="save the list as CSV in UTF-8") from error
    if "\0" in text:
        raise BadInput(f"{path} holds a null character, so it is no CSV", next_step="save the list as CSV in UTF-8")
    return text


def image_path(table: Path, image: str, line: int) -> Path:
    """Where an image of the table lies. Raises BadInput on an absolute path, `..`, a link out of the folder, or no file."""
    parts = PurePosixPath(image)
    if not image or parts.is_absolute() or ".." in parts.parts or "\\" in image or ":" in image:
        raise _fault(
            table, line, f"the image path {image!r} must lie below the list's folder", "write it relative to the list, without '..'"
        )
    folder = table.parent.resolve()
    try:
        found = (folder / parts).resolve()
        there = found.is_file()
    except (OSError, RuntimeError) as error:  # a name too long for the file system, links in a circle
        raise _fault(table, line, f"the image path {image[:80]!r} leads nowhere", "correct the path") from error
    if not found.is_relative_to(folder):
        raise _fault(table, line, f"the image {image!r} is a link that leads out of the list's folder")
    if not there:
        raise _fault(table, line, f"the image {image!r} does not exist", "add the photo or take the row out")
    return found


def read_table(path: Path) -> list[ListRow]:
    """The rows of a list, every one checked. Raises BadInput naming the file, the line and the fault."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    rows: list[ListRow] = []
    try:
        columns = [name.strip() for name in next(reader, [])]
        missing = [name for name in REQUIRED if name not in columns]
        if missing:
            raise _fault(path, 1, f"the column {' and '.join(missing)} is missing", f"give the columns {', '.join(REQUIRED)}")
        if len(set(columns)) != len(columns):
            raise _fault(path, 1, "a column name stands there twice")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            rows.append(_row(path, reader.line_num, columns, cells))
            if len(rows) > MAX_ROWS:
                raise _fault(path, reader.line_num, f"the list has more than {MAX_ROWS} rows", "divide the list")
    except csv.Error as error:
        raise _fault(path, reader.line_num, f"this is no CSV: {error}") from error
    if not rows:
        raise BadInput(f"{path} lists nobody", next_step="add rows to the list")
    return rows


def _row(path: Path, line: int, columns: list[str], cells: list[str]) -> ListRow:
    if len(cells) != len(columns):
        raise _fault(path, line, f"{len(cells)} fields, where the header has {len(columns)}")
    if max(len(cell) for cell in cells) > MAX_FIELD:
        raise _fault(path, line, f"a field is longer than {MAX_FIELD} characters")
    values = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    subject_ref, image = values.pop("subject_ref"), values.pop("image")
    if not subject_ref or len(subject_ref) > MAX_SUBJECT_REF or not subject_ref.isprintable():
        raise _fault(path, line, f"subject_ref must be 1 to {MAX_SUBJECT_REF} printable characters")
    return ListRow(subject_ref, image, image_path(path, image, line), line, values)
