"""Reads the CSV tables of a measurement with ceilings on everything, naming the file and the line of the first fault."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lfr_engine.errors import BadInput

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 1_000_000
MAX_FIELD = 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: its line number and its columns by name, stripped."""

    number: int
    cells: dict[str, str]


def read_lines(table: Path, needed: tuple[str, ...]) -> list[Line]:
    """The rows of a CSV that has at least the `needed` columns. Raises BadInput on anything that is no such table."""
    lines = []
    reader = csv.reader(io.StringIO(_text(table), newline=""), strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
        missing = [name for name in needed if name not in columns]
        if missing:
            raise at_line(table, 1, f"the column {' and '.join(missing)} is missing", f"give the columns {', '.join(needed)}")
        if len(set(columns)) != len(columns):
            raise at_line(table, 1, "a column name stands there twice")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            lines.append(_line(table, reader.line_num, columns, cells))
            if len(lines) > MAX_ROWS:
                raise at_line(table, reader.line_num, f"the table has more than {MAX_ROWS} rows", "divide it")
    except csv.Error as error:
        raise at_line(table, reader.line_num, f"this is no CSV: {error}") from error
    if not lines:
        raise BadInput(f"{table} holds no rows", next_step="add rows to the table")
    return lines


def _line(table: Path, number: int, columns: list[str], cells: list[str]) -> Line:
    if len(cells) != len(columns):
        raise at_line(table, number, f"{len(cells)} fields, where the header has {len(columns)}")
    if max(len(cell) for cell in cells) > MAX_FIELD:
        raise at_line(table, number, f"a field is longer than {MAX_FIELD} characters")
    return Line(number, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)})


def _text(table: Path) -> str:
    if not table.is_file():
        raise BadInput(f"there is no table {table}", next_step="check the path")
    if table.stat().st_size > MAX_BYTES:
        raise BadInput(f"{table} is larger than {MAX_BYTES} bytes", next_step="divide it")
    try:
        text = table.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{table} is not UTF-8 text", next_step="save it as CSV in UTF-8") from error
    if "\0" in text:
        raise BadInput(f"{table} holds a null character, so it is no CSV", next_step="save it as CSV in UTF-8")
    return text


def at_line(table: Path, line: int, what: str, next_step: str = "") -> BadInput:
    """The error of one line."""
    return BadInput(f"{table.name}, line {line}: {what}", next_step=next_step or "correct the table and run it again")


def file_below(table: Path, name: str, line: int) -> Path:
    """Where a file named by the table lies: below the table's folder, also after every link. Raises BadInput otherwise."""
    parts = PurePosixPath(name)
    if not name or parts.is_absolute() or ".." in parts.parts or "\\" in name:
        raise at_line(table, line, f"{name!r} is no path below the table's folder", "use relative paths without ..")
    found = (table.parent / parts).resolve()
    if not found.is_relative_to(table.parent.resolve()):
        raise at_line(table, line, f"{name!r} is a link that leads out of the table's folder")
    if not found.is_file():
        raise at_line(table, line, f"{name!r} does not exist", "add the file or take the row out")
    return found
