"""Taking in a list of people: one CSV row and one photo each; who was refused, and why, is kept as a report (R17, R18, R24).

A row that cannot be used never stops the others, and nothing half-taken stays: `entries.collect` keeps a person or nothing.
Rows whose photo is on the list already are passed over, so that a mended table can be handed in as a whole again.
"""

import csv
import io
import json
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import uuid6

from governance.events import PhotoRefused
from governance.messages.payload import digest_of
from governance.office import applications, blobs, entries
from governance.office.entries import PhotoOf
from governance.office.store import Actor, Office
from lfr_engine.errors import BadInput, LfrError, Refused
from lfr_engine.packs.store import OpenPack

COLUMNS = (
    "subject_ref",
    "image",
    "category",
    "justification",
    "offence_or_power",
    "image_source",
    "legal_basis",
    "image_date",
    "born",
    "response",
    "what_to_do",
)
MAX_TABLE_BYTES = 4 * 1024 * 1024
MAX_ROWS = 500  # ours: what one request enrols while somebody waits; longer lists come in parts
OPEN_STATES = {"draft", "returned"}
MAX_SHOWN = 200  # ours: of a refused row's reference and file name, as the report repeats them
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they show a text in another order than it has
_PLAIN_CONTROLS = frozenset("\n\r\t")


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row that was not taken, with its line in the table and what can be done about it."""

    line: int
    subject_ref: str
    image: str
    why: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one handed-in table."""

    report_id: str
    taken: int
    already_there: int
    refused: tuple[RefusedRow, ...]


def take_in(
    office: Office, actor: Actor, application_id: str, table: bytes, photo: Callable[[str], bytes | None], pack: OpenPack
) -> Report:
    """Enrol every row that can be; `photo` gives a photo's bytes by the table's name for it, None where there is none.

    Raises BadInput for a table that cannot be read at all, Refused (R28) when the list may not grow any more.
    """
    rows = read_rows(table)
    with office.read() as session:
        state = applications.get(session, application_id).state
        there = {(one.described["subject_ref"], one.described["image"]) for one in entries.proposals(session, application_id)}
    if state not in OPEN_STATES:
        raise Refused(f"the list of an application that is {state} does not grow", rule_ids=("R28",))
    taken, again, refused = 0, 0, list[RefusedRow]()
    for line, row in rows:
        content = photo(row["image"])
        if content is not None and (row["subject_ref"], digest_of(content)) in there:
            again += 1
            continue
        try:
            _take_one(office, actor, application_id, row, content, pack)
            taken += 1
        except LfrError as error:
            why, next_step = error.message.removeprefix(f"{row['subject_ref']}: "), error.next_step or "mend this row in the table"
            refused.append(RefusedRow(line, _short(row["subject_ref"]), _short(row["image"]), _short(why), next_step))
    report = Report(str(uuid6.uuid7()), taken, again, tuple(refused))
    # Under the list's key: the report names people, and is erased with the list.
    blobs.put(office, application_id, f"{report.report_id}.report", json.dumps(asdict(report)).encode())
    if refused:
        with office.transaction() as session:
            office.record(session, PhotoRefused(application_id=application_id, count=len(refused)), actor)
    return report


def report_of(office: Office, application_id: str, report_id: str) -> Report:
    """A kept report. Raises BadInput where there is none, or after the list was erased."""
    fields: dict[str, Any] = json.loads(blobs.take(office, application_id, f"{report_id}.report"))
    return Report(fields["report_id"], fields["taken"], fields["already_there"], tuple(RefusedRow(**row) for row in fields["refused"]))


def read_rows(table: bytes) -> list[tuple[int, dict[str, str]]]:
    """(line, row) for every row of the CSV; a table that cannot be trusted as a whole raises BadInput saying where."""
    if len(table) > MAX_TABLE_BYTES:
        raise BadInput(f"the table has more than {MAX_TABLE_BYTES // 1024**2} MiB", next_step="divide it")
    try:
        reader = csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline=""), strict=True)
        columns = [str(name).strip() for name in reader.fieldnames or ()]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("the table is not CSV text in UTF-8", next_step="save it as CSV (UTF-8) and hand it in again") from error
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise BadInput(f"the table lacks the column {', '.join(missing)}", next_step=f"its columns are: {', '.join(COLUMNS)}")
    reader.fieldnames = columns
    rows = []
    try:
        for row in reader:
            if None in row or None in row.values():
                raise BadInput(
                    f"line {reader.line_num} has more or fewer fields than the first line", next_step="mend it and hand it in again"
                )
            rows.append((reader.line_num, {name: row[name].strip() for name in COLUMNS}))
            if len(rows) > MAX_ROWS:
                raise BadInput(f"the table has more than {MAX_ROWS} rows", next_step="hand it in in parts")
    except csv.Error as error:
        raise BadInput(f"line {reader.line_num} is not CSV: {error}", next_step="mend it and hand it in again") from error
    if not rows:
        raise BadInput("the table lists nobody", next_step="add a row for each person")
    return rows


def misleads(text: str) -> bool:
    """Whether a text holds characters that make it read otherwise than it is: direction overrides, control characters."""
    return any(one in _OVERRIDES or (unicodedata.category(one) == "Cc" and one not in _PLAIN_CONTROLS) for one in text)


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _take_one(office: Office, actor: Actor, application_id: str, row: dict[str, str], content: bytes | None, pack: OpenPack) -> None:
    if content is None:
        raise BadInput(
            f"the photo {row['image']!r} was not handed in", next_step="choose it together with the table, or put it into the zip"
        )
    if wrong := [name for name, value in row.items() if misleads(value)]:
        raise BadInput(f"invisible control characters in: {', '.join(wrong)}", next_step="type it again instead of pasting it")
    fields = {name: value for name, value in row.items() if name != "image"}
    entries.collect(office, actor, application_id, PhotoOf(photo=content, **fields), pack)
