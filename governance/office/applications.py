"""An application: why, where, when and with what, saved part by part until it can be submitted (R5-R16).

A draft may be incomplete; `submitted_content` says what is missing. The applicant's text is personal work and stays in the
row, the ledger has its digest.
"""

import json
from collections.abc import Sequence
from typing import Any, Literal

import uuid6
from pydantic import ValidationError
from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, Session, SQLModel, col, select

from governance.events import ApplicationReturned, ApplicationSaved, ApplicationSubmitted
from governance.messages.application import Content
from governance.messages.payload import digest_of
from governance.messages.roster import Role
from governance.office.store import Actor, Office
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput, Refused


class Application(SQLModel, table=True):
    """`state`: draft, submitted, returned, refused, authorised. `revision` is the optimistic lock and part of what the officer asserts."""

    __tablename__ = "application"

    application_id: str = Field(primary_key=True)
    applicant_id: str = Field(index=True)
    state: str = Field(default="draft", index=True)
    revision: int = 1
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    deployment_id: str | None = Field(default=None, index=True)
    returned_reasons: str = ""
    created_at: str
    updated_at: str

    @property
    def draft(self) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(self.content)
        return fields

    @property
    def title(self) -> str:
        return str(self.draft.get("operation") or "Untitled application")


def create(office: Office, actor: Actor, fields: dict[str, Any]) -> Application:
    """A new draft of `actor`, who must be an applicant in the roster (R94)."""
    office.roster.person(actor.person_id, Role.APPLICANT)
    now = format_utc(office.clock.now_utc())
    row = Application(
        application_id=str(uuid6.uuid7()), applicant_id=actor.person_id, content=_encode(fields), created_at=now, updated_at=now
    )
    with office.transaction() as session:
        session.add(row)
        session.flush()
        body = ApplicationSaved(application_id=row.application_id, revision=1, content=digest_of(row.content))
        office.record(session, body, actor)
    return row


def save(office: Office, actor: Actor, application_id: str, revision: int, changes: dict[str, Any]) -> Application:
    """Merge `changes` into the draft. Raises Refused when somebody else saved since `revision`; nothing is overwritten."""
    with office.transaction() as session:
        row = get(session, application_id)
        _require_own_draft(office, row, actor)
        if row.revision != revision:
            raise Refused(
                "somebody saved this application after you opened it",
                rule_ids=("R7",),
                next_step="open it again; your text is still in the form: copy it over",
            )
        row.content = _encode({**row.draft, **changes})
        row.revision += 1
        row.state = "draft"
        row.updated_at = format_utc(office.clock.now_utc())
        session.add(row)
        body = ApplicationSaved(application_id=application_id, revision=row.revision, content=digest_of(row.content))
        office.record(session, body, actor)
    return row


def submit(office: Office, actor: Actor, application_id: str) -> Application:
    """Hand it to an authorising officer. Raises BadInput naming what is missing."""
    with office.transaction() as session:
        row = get(session, application_id)
        _require_own_draft(office, row, actor)
        submitted_content(row)
        row.state = "submitted"
        row.returned_reasons = ""
        row.updated_at = format_utc(office.clock.now_utc())
        session.add(row)
        body = ApplicationSubmitted(application_id=application_id, revision=row.revision, content=digest_of(row.content))
        office.record(session, body, actor)
    return row


def send_back(office: Office, actor: Actor, application_id: str, outcome: Literal["returned", "refused"], reasons: str) -> Application:
    """The authorising officer returns it for mending or refuses it, each with own reasons (R7)."""
    office.roster.person(actor.person_id, Role.AUTHORISING_OFFICER)
    if len(reasons.strip()) < 10:
        raise BadInput("say in your own words why, so that the applicant can act on it", rule_ids=("R7",))
    with office.transaction() as session:
        row = get(session, application_id)
        if row.state != "submitted":
            raise Refused(f"this application is {row.state}, not waiting for a decision", rule_ids=("R1",))
        row.state, row.returned_reasons = outcome, reasons.strip()
        row.updated_at = format_utc(office.clock.now_utc())
        session.add(row)
        office.record(
            session,
            ApplicationReturned(application_id=application_id, outcome=outcome, reasons=digest_of(reasons.encode())),
            actor,
        )
    return row


def get(session: Session, application_id: str) -> Application:
    """Raises BadInput when there is none."""
    row = session.get(Application, application_id)
    if row is None:
        raise BadInput(f"there is no application {application_id}")
    return row


def listing(session: Session, *, applicant_id: str | None = None, states: Sequence[str] = ()) -> list[Application]:
    """Newest first; at most 200, the page says when there are more."""
    query = select(Application).order_by(col(Application.created_at).desc()).limit(200)
    if applicant_id is not None:
        query = query.where(Application.applicant_id == applicant_id)
    if states:
        query = query.where(col(Application.state).in_(list(states)))
    return list(session.exec(query))


def missing_parts(row: Application) -> dict[str, str]:
    """Field -> what is wrong with it, empty when the application can be submitted."""
    try:
        Content.model_validate_json(row.content)
    except ValidationError as error:
        return {str(one["loc"][0] if one["loc"] else "application"): one["msg"] for one in error.errors()}
    return {}


def submitted_content(row: Application) -> Content:
    """The complete content. Raises BadInput naming the first gaps."""
    gaps = missing_parts(row)
    if gaps:
        named = "; ".join(f"{field}: {why}" for field, why in list(gaps.items())[:5])
        raise BadInput(f"the application is not complete: {named}", rule_ids=("R5", "R7"), next_step="fill these parts, then submit again")
    return Content.model_validate_json(row.content)


def _require_own_draft(office: Office, row: Application, actor: Actor) -> None:
    office.roster.person(actor.person_id, Role.APPLICANT)  # it may have been revoked since the draft was begun
    if row.applicant_id != actor.person_id:
        raise Refused("only the applicant changes an application", rule_ids=("R4",))
    if row.state not in {"draft", "returned"}:
        raise Refused(f"this application is {row.state} and cannot be changed", rule_ids=("R1",), next_step="ask for a variation")


def _encode(fields: dict[str, Any]) -> bytes:
    content = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    if len(content) > 256 * 1024:
        raise BadInput("an application is at most 256 KiB of text")
    return content
