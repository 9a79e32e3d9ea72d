"""The drill of one deployment: which staff agreed to walk, and how often. Asserted with the authority, sealed with the list (R30)."""

from dataclasses import dataclass

import numpy as np
import uuid6
from pydantic import ValidationError
from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, Session, SQLModel, select

from governance.events import BlueCollected
from governance.messages.authority import DrillPlan, DrillWalker
from governance.messages.payload import digest_of
from governance.messages.roster import Role
from governance.office import blobs
from governance.office.applications import get as get_application
from governance.office.store import Actor, Office
from lfr_engine.clock import parse_utc
from lfr_engine.enrol import enrol_photo
from lfr_engine.errors import BadInput, Refused
from lfr_engine.packs.store import OpenPack
from watchlist.blue import MOST_BLUE, BlueEntry, BluePerson
from watchlist.entry import commitment, new_nonce
from watchlist.sealing.keys import VerifyingKey


class BlueRow(SQLModel, table=True):
    """One walker of one application's drill; `content` are the bytes that are committed to."""

    __tablename__ = "blue_entry"

    entry_id: str = Field(primary_key=True)
    application_id: str = Field(index=True)
    walker_id: str
    leaf: str
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    nonce: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DrillRow(SQLModel, table=True):
    """How many walks an application asks for."""

    __tablename__ = "drill"

    application_id: str = Field(primary_key=True)
    walks: int


@dataclass(frozen=True, slots=True)
class WalkerOf:
    """A member of staff as handed in: pseudonym, photo, the signed consent's bytes, and their token's public key."""

    walker_id: str
    photo: bytes
    consent: bytes
    consented_at: str
    expires_at: str
    token: str


def add_walker(office: Office, actor: Actor, application_id: str, walker: WalkerOf, pack: OpenPack) -> BlueRow:
    """Enrol one walker. Raises BadInput on a photo that cannot be used, Refused (R30) without a consent that lasts."""
    office.roster.person(actor.person_id, Role.COMPILER, Role.APPLICANT)
    if not walker.consent.strip():
        raise Refused("nobody is put on the blue list without their signed consent", rule_ids=("R30",), next_step="have it signed first")
    if not parse_utc(walker.consented_at) <= office.clock.now_utc() < parse_utc(walker.expires_at):
        raise Refused("this consent is not in force", rule_ids=("R30",), next_step="ask for it again")
    VerifyingKey.from_text(walker.token)
    enrolled = enrol_photo(walker.photo, pack)
    template = np.asarray(enrolled.template.vector, dtype="<f4").tobytes()
    try:
        entry = BlueEntry(
            entry_id=str(uuid6.uuid7()),
            walker_id=walker.walker_id,
            consent=digest_of(walker.consent),
            consented_at=walker.consented_at,
            expires_at=walker.expires_at,
            image=digest_of(walker.photo),
            template=digest_of(template),
            pack_digest=enrolled.template.pack_digest,
            quality=round(float(enrolled.quality), 4),
            token=walker.token,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{walker.walker_id}: {'.'.join(map(str, first['loc']))}: {first['msg']}", rule_ids=("R30",)) from error
    content, nonce = entry.to_bytes(), new_nonce()
    row = BlueRow(
        entry_id=entry.entry_id,
        application_id=application_id,
        walker_id=walker.walker_id,
        leaf=commitment(content, nonce),
        content=content,
        nonce=nonce,
    )
    with office.transaction() as session:
        _require_open(session, application_id)
        present = walkers(session, application_id)
        if len(present) >= MOST_BLUE or any(one.walker_id == row.walker_id for one in present):
            raise BadInput(f"{row.walker_id} walks already, or the drill has {MOST_BLUE} walkers", rule_ids=("R30",))
        blobs.put(office, application_id, f"{row.entry_id}.template", template)
        session.add(row)
        office.record(session, BlueCollected(application_id=application_id, leaf=row.leaf), actor)
    return row


def ask_for_walks(office: Office, actor: Actor, application_id: str, walks: int) -> None:
    """How many walks are to be drawn; 0 means no drill. Raises BadInput outside 0 to 500."""
    office.roster.person(actor.person_id, Role.COMPILER, Role.APPLICANT)
    if not 0 <= walks <= 500:
        raise BadInput(f"{walks} walks: a drill has 1 to 500, or 0 for none", rule_ids=("R78",))
    with office.transaction() as session:
        _require_open(session, application_id)
        session.merge(DrillRow(application_id=application_id, walks=walks))


def walkers(session: Session, application_id: str) -> list[BlueRow]:
    """In the order they were added."""
    return list(session.exec(select(BlueRow).where(BlueRow.application_id == application_id).order_by(BlueRow.entry_id)))


def plan_of(session: Session, application_id: str) -> DrillPlan | None:
    """What the officer is asked to assert with the list; None where no drill was asked for."""
    asked, rows = session.get(DrillRow, application_id), walkers(session, application_id)
    if asked is None or not asked.walks or not rows:
        return None
    return DrillPlan(
        walkers=tuple(
            DrillWalker(walker_id=row.walker_id, entry_id=row.entry_id, leaf=row.leaf, token=BlueEntry.from_bytes(row.content).token)
            for row in rows
        ),
        walks=asked.walks,
    )


def blue_people(office: Office, session: Session, application_id: str, plan: DrillPlan | None) -> list[BluePerson]:
    """The authorised walkers with their templates, as they are sealed. Raises Refused (R30) when a consent has run out."""
    if plan is None:
        return []
    leaves, people = {walker.leaf for walker in plan.walkers}, []
    for row in walkers(session, application_id):
        if row.leaf not in leaves:
            continue
        if parse_utc(BlueEntry.from_bytes(row.content).expires_at) <= office.clock.now_utc():
            raise Refused(f"the consent of {row.walker_id} has run out", rule_ids=("R30",), next_step="authorise again without them")
        template = np.frombuffer(blobs.take(office, application_id, f"{row.entry_id}.template"), dtype="<f4")
        people.append(BluePerson(row.content, row.nonce, template))
    return people


def _require_open(session: Session, application_id: str) -> None:
    application = get_application(session, application_id)
    if application.state not in {"draft", "returned"}:
        raise Refused(f"the drill of an application that is {application.state} is not changed", rule_ids=("R28", "R30"))
