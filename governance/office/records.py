"""The deployment record: written by nobody, counted from the unit's ledger, asserted by Silver and the authorising officer."""

import base64
from collections.abc import Iterator, Sequence

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, Session, SQLModel, col, select

from governance.assertions import check_assertion, refuse_software_key
from governance.drill_figures import drill_figures
from governance.events import AlertDecision, AlertOutcome, PurgeDone, RecordPublished, read_entry
from governance.figures import Figures, count
from governance.intervals import rate
from governance.messages.authority import Authority
from governance.messages.decision import Action, Assertion, Decision
from governance.messages.payload import Mode, compose, opened, parse, signed
from governance.messages.record import DeploymentRecord, DrillFigures, LedgerRange
from governance.messages.roster import Role
from governance.messages.unit import PurgeCertificate
from governance.office.authorities import GrantedAuthority, of_deployment
from governance.office.store import Actor, Office
from governance.office.syncing import newest_sync, unit_entries
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput, Refused, VerificationFailed

COUNTING = (
    "A passage is one track through the zone of recognition that was detected at least twice or gave a usable view; "
    "a person who passes twice counts twice."
)


class PublishedRecord(SQLModel, table=True):
    """A record as asserted; `document` are the exact bytes."""

    __tablename__ = "record"

    decision: str = Field(primary_key=True)
    deployment_id: str = Field(index=True, unique=True)
    published_at: str
    document: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


def prepare(office: Office, deployment_id: str, notes: Sequence[str] = ()) -> bytes:
    """The record's document from what has been synced. Raises Refused when matching never ended or no purge is certified."""
    with office.read() as session:
        granted = of_deployment(session, deployment_id)
    body = _counted(office, granted, notes)
    return compose(body, clock=office.clock, mode=office.mode, profile=office.profile.name, rule_ids=("R74", "R75", "R77", "R84"))


def publish(office: Office, document: bytes, assertions: Sequence[Assertion]) -> PublishedRecord:
    """Publish what Silver and the authorising officer asserted. Raises Refused unless the figures still recompute."""
    record = parse(document, DeploymentRecord).body
    silver = _require_signers(office, record, document, assertions)
    with office.read() as session:
        granted = of_deployment(session, record.deployment_id)
        if session.exec(select(PublishedRecord).where(PublishedRecord.deployment_id == record.deployment_id)).first():
            raise Refused("the record of this deployment is published already", rule_ids=("R74", "R84"))
    if _counted(office, granted, record.notes) != record:
        raise VerificationFailed("the record does not recompute from the ledger", rule_ids=("R74",), next_step="prepare it again")
    decision = Decision(action=Action.PUBLISH, document=base64.b64encode(document).decode(), assertions=tuple(assertions))
    envelope = signed(decision, office.key, clock=office.clock, mode=office.mode, profile=office.profile.name, rule_ids=("R74", "R84"))
    digest = office.keep_object(envelope)
    with office.transaction() as session:
        row = PublishedRecord(
            decision=digest, deployment_id=record.deployment_id, published_at=format_utc(office.clock.now_utc()), document=document
        )
        session.add(row)
        office.record(
            session,
            RecordPublished(decision=digest),
            Actor(silver, Role.SILVER),
            deployment=record.deployment_id,
            authority=record.authority,
            objects=(digest,),
        )
    return row


def published(session: Session) -> list[PublishedRecord]:
    """All records, newest first."""
    return list(session.exec(select(PublishedRecord).order_by(col(PublishedRecord.published_at).desc())))


def _counted(office: Office, granted: GrantedAuthority, notes: Sequence[str]) -> DeploymentRecord:
    """The record from what has been synced by now: preparing and publishing both come here, so neither believes the other."""
    unit_id, deployment_id = granted.unit_id, granted.deployment_id
    with office.read() as session:
        synced = newest_sync(session, unit_id)
        if synced is None:
            raise Refused("the unit has not synced", rule_ids=("R74",), next_step="bring its sync package: lfr office receive FILE")
        figures = count(unit_entries(office, session, unit_id), deployment_id)
        if not figures.started_at or not figures.ended_at:
            raise Refused(
                "the unit's ledger does not show matching from start to end", rule_ids=("R74",), next_step="sync again after the end"
            )
        purge = _purge_digest(unit_entries(office, session, unit_id), deployment_id)
        _check_purge(office, purge, unit_id, deployment_id)
    range_ = LedgerRange(origin=f"{office.force}/unit/{unit_id}", first=0, stop=synced.size, root=synced.root)
    drill = drill_figures(granted.authority, granted.decision, figures, least_walks=office.profile.least_drill_walks)
    return _record(granted.authority, granted.decision, figures, purge, notes, range_, drill)


def _record(
    authority: Authority, decision: str, figures: Figures, purge: str, notes: Sequence[str], ledger: LedgerRange, drill: DrillFigures | None
) -> DeploymentRecord:
    alerts, false = figures.alerts, figures.false_alerts
    confirmed = list(figures.outcomes.values())
    return DeploymentRecord(
        deployment_id=authority.deployment_id,
        force=authority.force,
        operation=authority.operation,
        use_case=authority.use_case,
        location=authority.place.name,
        window_start=authority.window.start,
        window_end=authority.window.end,
        matching_started_at=figures.started_at,
        matching_ended_at=figures.ended_at,
        ended_because=figures.ended_because,
        authority=decision,
        certificate=authority.certificate,
        purge_certificate=purge,
        watchlist_size=authority.watchlist.size,
        watchlist_by_category={category.value: n for category, n in authority.watchlist.by_category.items()},
        under_18=authority.watchlist.under_18,
        threshold=authority.threshold,
        engine_sealed=figures.sealed,
        engine_lacking=figures.lacking,
        passages=figures.passages,
        counting_method=COUNTING,
        too_small=figures.too_small,
        low_quality=figures.low_quality,
        frames=figures.frames,
        dropped=figures.dropped,
        alerts=alerts,
        true_alerts=figures.true_alerts,
        false_alerts=false,
        confirmed_true=confirmed.count(AlertOutcome.CONFIRMED_TRUE),
        confirmed_false=confirmed.count(AlertOutcome.CONFIRMED_FALSE),
        indeterminate=sum(decided is AlertDecision.INDETERMINATE for decided in figures.decisions.values()),
        lost_alerts=sum(decided is AlertDecision.LOST for decided in figures.decisions.values()),
        open_alerts=sum(decided is None for decided in figures.decisions.values()),
        engagements=len(figures.engaged),
        false_per_passage=rate(min(false, figures.passages), figures.passages, "false alerts", "passages"),
        false_per_passage_worst=rate(
            min(false + figures.undecided, figures.passages), figures.passages, "false alerts at worst", "passages"
        ),
        false_per_alert=rate(false, alerts, "false", "alerts"),
        true_per_alert=rate(figures.true_alerts, alerts, "true", "alerts"),
        drill=drill,
        decided_by="scripted officer reading the rehearsal's truth" if figures.scripted else "officers",
        ledger=ledger,
        notes=tuple(notes),
    )


def _require_signers(office: Office, record: DeploymentRecord, document: bytes, assertions: Sequence[Assertion]) -> str:
    """Silver and the authorising officer of this deployment, two different people (R74); who Silver is."""
    signers, silvers = set[str](), set[str]()
    with office.read() as session:
        officer_id = of_deployment(session, record.deployment_id).authority.authorising_officer_id
    for assertion in assertions:
        person = office.roster.person(assertion.person_id, Role.SILVER, Role.AUTHORISING_OFFICER)
        held_by = check_assertion(assertion, Action.PUBLISH, document, person=person, roster=office.roster.roster)
        if office.mode is Mode.OPERATIONAL:
            refuse_software_key(held_by)
        signers.add(person.person_id)
        if Role.SILVER in person.roles:
            silvers.add(person.person_id)
    silvers.discard(officer_id)
    if officer_id not in signers or not silvers:
        raise Refused("a record is asserted by Silver and by the authorising officer of this deployment", rule_ids=("R74",))
    return min(silvers)


def _purge_digest(entries: Iterator[bytes], deployment_id: str) -> str:
    for entry in entries:
        event, body = read_entry(entry)
        if event.deployment == deployment_id and isinstance(body, PurgeDone):
            return body.certificate
    raise Refused("no purge is certified for this deployment", rule_ids=("R61",), next_step="lfr unit purge on the unit, then sync")


def _check_purge(office: Office, digest: str, unit_id: str, deployment_id: str) -> None:
    certificate = opened(office.object_bytes(digest), PurgeCertificate, [office.roster.unit_key(unit_id)]).body
    if certificate.deployment_id != deployment_id or certificate.bundle_opens_after:
        raise BadInput("the purge certificate does not show a purge of this deployment", rule_ids=("R61",))
