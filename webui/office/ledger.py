"""The ledger as people read it: who did what, when, under which rule; the checkpoint and its witnesses; an export (R64, R66, R68)."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response

from governance.events import Event, read_entry
from governance.export import make_export
from governance.ledger.checkpoint import parse_checkpoint
from governance.ledger.log import Log
from governance.ledger.note import Verifier, open_note, split_note
from governance.messages.roster import Role
from governance.office.store import Office
from governance.office.witnessing import cosigned_checkpoint, newest_checkpoint
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput
from webui.office.access import ANYBODY_SIGNED_IN, actor, allow, office, person

pages = Blueprint("ledger", __name__)
PER_PAGE = 50
EXPORTERS = (Role.OVERSIGHT, Role.DPO, Role.SILVER, Role.ADMINISTRATOR, Role.AUTHORISING_OFFICER)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry with its place in the tree."""

    index: int
    event: Event


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest cosigned checkpoint: how much it covers, and who signed when."""

    size: int
    root: str
    witnesses: tuple[tuple[str, str], ...]


@pages.get("/ledger")
@allow(*ANYBODY_SIGNED_IN)
def page() -> str:
    """Newest first, fifty at a time."""
    with office().read() as session:
        size = office().log.size(session)
        stop = min(size, max(0, request.args.get("before", type=int, default=size)))
        start = max(0, stop - PER_PAGE)
        entries = entries_between(office().log, session, start, stop)
    return render_template(
        "office/ledger.html",
        title="Ledger",
        entries=entries,
        size=size,
        start=start,
        stop=stop,
        newer=min(size, stop + PER_PAGE) if stop < size else None,
        standing=standing(office()),
        may_export=any(role in EXPORTERS for role in person().roles),
        origin=office().log.origin,
    )


@pages.post("/ledger/witness")
@allow(*EXPORTERS)
def ask_witnesses() -> Response:
    """Bring the ledger before its witnesses now."""
    cosigned_checkpoint(office())
    flash("The witnesses have signed the newest checkpoint.", "success")
    return redirect(url_for("ledger.page"))


@pages.post("/ledger/export")
@allow(*EXPORTERS)
def export() -> Response:
    """Write an export for the verifier into the exports folder. Its making is an entry too (R68)."""
    why = request.form.get("justification", "").strip()
    if len(why) < 5:
        raise BadInput("say what the export is for", rule_ids=("R65", "R68"), next_step="go back and give the reason")
    home = office().home.root.parent
    stamp = format_utc(office().clock.now_utc()).replace(":", "").replace(".", "")
    folder = make_export(office(), actor(), home / "exports" / f"export-{stamp}", justification=why)
    flash(f"The export lies in {folder}. Check it with: lfr-verify {folder} --root root.vkey --witness w.vkey", "success")
    return redirect(url_for("ledger.page"))


def entries_between(log: Log, session: Session, start: int, stop: int) -> list[Entry]:
    """Entries [start, stop), newest first."""
    found = [Entry(start + n, read_entry(entry)[0]) for n, entry in enumerate(log.entries(session, start, stop))]
    return found[::-1]


def standing(of: Office) -> Standing | None:
    """Read from the newest cosigned checkpoint; None before the first."""
    note = newest_checkpoint(of)
    if note is None:
        return None
    checkpoint = parse_checkpoint(split_note(note)[0])
    witnesses = [Verifier.from_vkey(one.vkey) for one in of.roster.roster.witnesses]
    times_s = open_note(note, [of.log_signer.verifier, *witnesses]).times_s
    signed = tuple((one.name, format_utc(datetime.fromtimestamp(at, UTC))) for one, at in times_s.items())
    return Standing(checkpoint.size, base64.b64encode(checkpoint.root_hash).decode(), signed)
