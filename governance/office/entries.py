"""The people proposed for one deployment's list: collected from photos, reviewed one by one, committed to (R17-R25).

A proposal becomes an entry when a second person has reviewed it for this deployment (R19). Its bytes are then fixed, and
their commitment is the leaf that the authorising officer's list root covers.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import uuid6
from pydantic import ValidationError
from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, Session, SQLModel, select

from governance.events import EntryCollected, EntryReviewed, ImageConsulted
from governance.messages.authority import ListSummary
from governance.messages.payload import digest_of
from governance.messages.roster import Role
from governance.office import blobs, photo_hints, risk
from governance.office.applications import get as get_application
from governance.office.store import Actor, Office
from lfr_engine.clock import format_utc
from lfr_engine.enrol import enrol_photo
from lfr_engine.errors import BadInput, Refused
from lfr_engine.packs.store import OpenPack
from watchlist.bundle import ListedPerson
from watchlist.categories import Category, ImageSource
from watchlist.entry import MAX_ENTRIES, Entry, commitment, list_root, new_nonce


class Proposal(SQLModel, table=True):
    """One proposed person. `state`: collected, kept, removed. `draft` is the commitment to the proposal's own bytes."""

    __tablename__ = "proposal"

    entry_id: str = Field(primary_key=True)
    application_id: str = Field(index=True)
    state: str = Field(default="collected", index=True)
    fields: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    nonce: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    draft: str
    leaf: str | None = Field(default=None, index=True)
    content: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    removal_reason: str = ""

    @property
    def described(self) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(self.fields)
        return fields


@dataclass(frozen=True, slots=True)
class PhotoOf:
    """A person as handed in: the photo's bytes and the fields of an entry that people know."""

    subject_ref: str
    photo: bytes
    category: str
    justification: str
    offence_or_power: str
    image_source: str
    legal_basis: str
    image_date: str
    born: str
    response: str
    what_to_do: str


def collect(office: Office, actor: Actor, application_id: str, person: PhotoOf, pack: OpenPack) -> Proposal:
    """Enrol one photo and keep the proposal. Raises BadInput naming what is wrong with photo or fields; nothing is kept then."""
    office.roster.person(actor.person_id, Role.COMPILER, Role.APPLICANT)
    enrolled = enrol_photo(person.photo, pack)
    template = np.asarray(enrolled.template.vector, dtype="<f4").tobytes()
    now = format_utc(office.clock.now_utc())
    fields: dict[str, Any] = {
        "entry_id": str(uuid6.uuid7()),
        "subject_ref": person.subject_ref,
        "category": person.category,
        "justification": person.justification,
        "offence_or_power": person.offence_or_power,
        "image_source": person.image_source,
        "legal_basis": person.legal_basis,
        "image_date": person.image_date,
        "image": digest_of(person.photo),
        "template": digest_of(template),
        "pack_digest": enrolled.template.pack_digest,
        "quality": round(float(enrolled.quality), 4),
        "born": person.born or None,
        "response": person.response,
        "what_to_do": person.what_to_do,
        "proposer_id": actor.person_id,
    }
    probe = _entry(fields, reviewer_id=actor.person_id, reviewed_at=now, expires_at=now)
    if probe.image_source is ImageSource.PASSPORT_OR_LICENCE:
        raise Refused("passport and driving-licence photos are not used", rule_ids=("R25",), next_step="use a photo of another source")
    encoded, nonce = json.dumps(fields, separators=(",", ":")).encode(), new_nonce()
    row = Proposal(
        entry_id=fields["entry_id"], application_id=application_id, fields=encoded, nonce=nonce, draft=commitment(encoded, nonce)
    )
    with office.transaction() as session:
        application = get_application(session, application_id)
        if application.state not in {"draft", "returned"}:
            raise Refused(f"the list of an application that is {application.state} does not grow", rule_ids=("R28",))
        if len(proposals(session, application_id)) >= MAX_ENTRIES:
            raise Refused(f"a list holds at most {MAX_ENTRIES} people", rule_ids=("R26",))
        for suffix, content in (("photo", person.photo), ("template", template), ("thumb", enrolled.thumb_jpeg)):
            blobs.put(office, application_id, f"{row.entry_id}.{suffix}", content)
        session.add(row)
        photo_hints.keep(session, row.entry_id, enrolled.hints)
        risk.note(office, session, row.entry_id, enrolled.template.vector, enrolled.template.pack_digest)
        office.record(session, EntryCollected(application_id=application_id, draft=row.draft), actor)
    return row


def review(office: Office, actor: Actor, application_id: str, entry_id: str, *, keep: bool, reason: str = "") -> Proposal:
    """A second person keeps or removes a proposal for this deployment (R4, R18, R19). Removing can be undone by keeping."""
    office.roster.person(actor.person_id, Role.COMPILER, Role.APPLICANT)
    with office.transaction() as session:
        row = _get(session, application_id, entry_id)
        application = get_application(session, application_id)
        if application.state not in {"draft", "returned"}:
            raise Refused(f"entries of an application that is {application.state} are not reviewed again", rule_ids=("R28",))
        if row.described["proposer_id"] == actor.person_id:
            raise Refused("whoever proposed an entry does not review it", rule_ids=("R4",), next_step="ask another compiler")
        if keep:
            now = format_utc(office.clock.now_utc())
            window = application.draft.get("window")
            window_end = (window.get("end") if isinstance(window, dict) else None) or now
            row.content = _entry(row.described, reviewer_id=actor.person_id, reviewed_at=now, expires_at=window_end).to_bytes()
            row.leaf, row.state, row.removal_reason = commitment(row.content, row.nonce), "kept", ""
        else:
            if len(reason.strip()) < 3:
                raise BadInput("say why this person is not to be listed", rule_ids=("R18",))
            row.content, row.leaf, row.state, row.removal_reason = None, None, "removed", reason.strip()
        session.add(row)
        body = EntryReviewed(application_id=application_id, draft=row.draft, leaf=row.leaf, verdict="keep" if keep else "remove")
        office.record(session, body, actor, justification="review for this deployment (R19)")
    return row


def thumb(office: Office, actor: Actor, application_id: str, entry_id: str, *, justification: str) -> bytes:
    """The small photo as JPEG, for those who decide about entries; every look is an event with its reason (R33, R65)."""
    office.roster.person(actor.person_id, Role.COMPILER, Role.APPLICANT, Role.AUTHORISING_OFFICER)
    with office.transaction() as session:
        row = _get(session, application_id, entry_id)
        office.record(session, ImageConsulted(application_id=application_id, draft=row.draft), actor, justification=justification)
    return blobs.take(office, application_id, f"{entry_id}.thumb")


def proposals(session: Session, application_id: str) -> list[Proposal]:
    """All proposals of an application in the order they came."""
    return list(session.exec(select(Proposal).where(Proposal.application_id == application_id).order_by(Proposal.entry_id)))


def kept(session: Session, application_id: str) -> list[Proposal]:
    """The reviewed entries that stay."""
    return [row for row in proposals(session, application_id) if row.state == "kept"]


def summary(session: Session, application_id: str, on: date) -> ListSummary:
    """What the officer is shown of the list (R26). Raises BadInput on an empty list."""
    rows = kept(session, application_id)
    entries = [Entry.from_bytes(row.content) for row in rows if row.content is not None]
    return ListSummary(
        root=list_root(row.leaf for row in rows if row.leaf is not None),
        size=len(entries),
        by_category={Category(key): n for key, n in sorted(Counter(entry.category for entry in entries).items())},
        by_source={ImageSource(key): n for key, n in sorted(Counter(entry.image_source for entry in entries).items())},
        under_18=sum(entry.under_18(on) for entry in entries),
    )


def listed_people(office: Office, session: Session, application_id: str) -> list[ListedPerson]:
    """The kept entries with template and thumbnail, as they are sealed."""
    people = []
    for row in kept(session, application_id):
        assert row.content is not None
        template = np.frombuffer(blobs.take(office, application_id, f"{row.entry_id}.template"), dtype="<f4")
        people.append(ListedPerson(row.content, row.nonce, template, blobs.take(office, application_id, f"{row.entry_id}.thumb")))
    return people


def _get(session: Session, application_id: str, entry_id: str) -> Proposal:
    row = session.get(Proposal, entry_id)
    if row is None or row.application_id != application_id:
        raise BadInput("there is no such entry in this application")
    return row


def _entry(fields: dict[str, Any], **review_fields: str) -> Entry:
    try:
        return Entry.model_validate({**fields, **review_fields})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{fields['subject_ref']}: {place}: {first['msg']}", rule_ids=("R17", "R18")) from error
