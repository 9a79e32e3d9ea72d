"""The auditor's export: everything the separate verifier needs, and no biometrics."""

import shutil
from pathlib import Path

from sqlmodel import select

from governance.events import ExportMade, read_entry
from governance.ledger.checkpoint import parse_checkpoint
from governance.ledger.note import split_note
from governance.office.records import published
from governance.office.store import Actor, Office
from governance.office.syncing import TakenSync, newest_sync, unit_log
from governance.office.witnessing import cosigned_checkpoint
from lfr_engine.errors import BadInput


def make_export(office: Office, actor: Actor, folder: Path, *, justification: str) -> Path:
    """Write the export, whole or not at all; the disclosure itself is logged and inside it. Raises BadInput if `folder` exists."""
    if folder.exists():
        raise BadInput(f"{folder} exists already", next_step="choose a new folder")
    with office.transaction() as session:
        size = office.log.size(session)
        office.record(session, ExportMade(size=size), actor, justification=justification, recipients=("auditor",))
    checkpoint = cosigned_checkpoint(office)
    making = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(making, ignore_errors=True)
    (making / "objects").mkdir(parents=True)
    (making / "published").mkdir()
    (making / "checkpoint").write_text(checkpoint)
    shutil.copytree(office.home.ledger / "checkpoints", making / "checkpoints")
    (making / "roster.dsse.json").write_bytes(office.roster_bytes)
    size = parse_checkpoint(split_note(checkpoint)[0]).size
    named: set[str] = set()
    with office.read() as session:
        office.log.write_tiles(session, making, size)
        for entry in office.log.entries(session, 0, size):
            named.update(read_entry(entry)[0].objects)
        for unit_id in sorted(set(session.exec(select(TakenSync.unit_id)))):
            log, last = unit_log(office, unit_id), newest_sync(session, unit_id)
            assert last is not None
            place = making / "units" / unit_id
            place.mkdir(parents=True)
            log.write_tiles(session, place, last.size)
            (place / "checkpoint").write_text(last.checkpoint)
        for row in published(session):
            (making / "published" / f"{row.deployment_id}.json").write_bytes(row.document)
    for digest in sorted(named):
        (making / "objects" / office.object_path(digest).name).write_bytes(office.object_bytes(digest))
    making.rename(folder)
    return folder
