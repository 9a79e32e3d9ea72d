"""Home: for each role what waits, what is running, and what to do next."""

from dataclasses import dataclass, field

from flask import Blueprint, render_template
from sqlmodel import Session

from governance.messages.roster import Person, Role
from governance.office import applications, entries
from governance.office.applications import Application
from webui.office.access import ANYBODY_SIGNED_IN, allow, office, person
from webui.office.applications import names
from webui.office.parts import gaps

pages = Blueprint("home", __name__)
AT_MOST = 20  # lines of a block; the list of applications has them all


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that waits: where it is done, and what is known of it."""

    href: str
    text: str
    note: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """What waits for one role; `nothing` is said where that is so."""

    heading: str
    nothing: str
    lines: list[Line] = field(default_factory=list)


@pages.get("/")
@allow(*ANYBODY_SIGNED_IN)
def page() -> str:
    """Everything that waits for the person signed in, first things first."""
    blocks, shown = [], []
    with office().read() as session:
        for role, block in _BLOCKS:
            if role in person().roles and block not in shown:
                shown.append(block)
                blocks.append(block(session, person()))
    on_the_unit = bool(set(person().roles) & {Role.OPERATOR, Role.ENGAGEMENT_OFFICER})
    return render_template("office/home.html", title="Home", blocks=blocks, on_the_unit=on_the_unit, roles=person().roles)


def _for_officer(session: Session, me: Person) -> Block:
    block = Block("Waiting for your decision", "No application waits for a decision.")
    waiting = applications.listing(session, states=("submitted",))
    for row in sorted(waiting, key=lambda one: _start(one) or "9")[:AT_MOST]:
        if row.applicant_id != me.person_id:
            applicant = names().get(row.applicant_id, row.applicant_id)
            block.lines.append(Line(f"/applications/{row.application_id}/decision", row.title, f"by {applicant}", row.state))
    return block


def _for_applicant(session: Session, me: Person) -> Block:
    block = Block("Your applications", "You have none. Start one under Applications.")
    for row in applications.listing(session, applicant_id=me.person_id)[:AT_MOST]:
        left = len(gaps(row)) if row.state in {"draft", "returned"} else 0
        note = f"{left} answers still to give" if left else ("complete: check and submit" if row.state in {"draft", "returned"} else "")
        block.lines.append(Line(f"/applications/{row.application_id}", row.title, note, row.state))
    return block


def _for_compiler(session: Session, me: Person) -> Block:
    block = Block("Lists to fill and review", "No list is being filled.")
    for row in applications.listing(session, states=("draft", "returned"))[:AT_MOST]:
        found = entries.proposals(session, row.application_id)
        waiting = sum(one.state == "collected" and one.described["proposer_id"] != me.person_id for one in found)
        base = f"/applications/{row.application_id}"
        if waiting:
            block.lines.append(Line(f"{base}/review", row.title, f"{waiting} to review"))
        else:
            block.lines.append(Line(f"{base}/watchlist", row.title, f"{len(found)} proposed, none waits for your review"))
    return block


def _for_readers(session: Session, _: Person) -> Block:
    block = Block("Authorised deployments", "Nothing has been authorised.")
    for row in applications.listing(session, states=("authorised",))[:AT_MOST]:
        block.lines.append(Line(f"/deployments/{row.deployment_id}", row.title, _start(row), row.state))
    return block


def _start(row: Application) -> str:
    return str(row.draft.get("window", {}).get("start", ""))


_BLOCKS = (
    (Role.AUTHORISING_OFFICER, _for_officer),
    (Role.APPLICANT, _for_applicant),
    (Role.COMPILER, _for_compiler),
    (Role.AUTHORISING_OFFICER, _for_readers),
    (Role.SILVER, _for_readers),
    (Role.DPO, _for_readers),
    (Role.OVERSIGHT, _for_readers),
)
