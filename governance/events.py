"""The closed catalogue of ledger events: one class per event, its fields exactly, and what kind of operation it is.

Entries hold no data about listed people or passers-by (R67): staff by pseudonymous id, objects by digest, passers-by
only as per-minute counters. Each class says which operation of DPA 2018 s.62 it is (R64) and which Covenant principles
and rules it is evidence for (R71).
"""

import json
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

import uuid6
from pydantic import Field, ValidationError

from governance.messages.model import ModelState, Need
from governance.messages.payload import Decimal, Digest, Hex32, Id, Line, Mode, RuleId, Strict, WireTime
from governance.rules.model_states import Cause
from lfr_engine.clock import Clock, format_utc
from lfr_engine.errors import BadInput
from lfr_engine.sealed.facts import Seal

MAX_ENTRY_BYTES = 16 * 1024
Count = Annotated[int, Field(ge=0)]
Ed25519Signature = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]


class Op(StrEnum):
    """The six operations of DPA 2018 s.62, and those of governance."""

    COLLECTION = "collection"
    ALTERATION = "alteration"
    CONSULTATION = "consultation"
    DISCLOSURE = "disclosure"
    COMBINATION = "combination"
    ERASURE = "erasure"
    AUTHORISE = "authorise"
    CONFIGURE = "configure"
    START = "start"
    PAUSE = "pause"
    STOP = "stop"
    PUBLISH = "publish"
    VERIFY = "verify"


class Principle(StrEnum):
    """The Covenant's six principles; our reading of each is a working one."""

    LAWFUL = "lawful"
    TRANSPARENT = "transparent"
    EXPLAINABLE = "explainable"
    RESPONSIBLE = "responsible"
    ACCOUNTABLE = "accountable"
    ROBUST = "robust"


class AlertDecision(StrEnum):
    """What adjudication says of an alert, before anybody is spoken to (R47, R51)."""

    TRUE = "adjudicated_true"
    FALSE = "adjudicated_false"
    INDETERMINATE = "indeterminate"
    LOST = "not_adjudicated"


class AlertOutcome(StrEnum):
    """What became of it after engagement (R51)."""

    CONFIRMED_TRUE = "confirmed_true"
    CONFIRMED_FALSE = "confirmed_false"
    UNCONFIRMED = "unconfirmed"


class EventBody(Strict):
    """Base of the catalogue."""

    name: ClassVar[str]
    op: ClassVar[Op]
    subject: ClassVar[Literal["listed", "passers_by", "staff", "none"]] = "none"
    principles: ClassVar[tuple[Principle, ...]] = (Principle.ACCOUNTABLE,)
    rule_ids: ClassVar[tuple[str, ...]] = ()


class OfficeInitialised(EventBody):
    name, op, rule_ids = "office.initialised", Op.CONFIGURE, ("R66",)
    force: Id
    mode: Mode


class RosterPublished(EventBody):
    name, op, rule_ids = "roster.published", Op.CONFIGURE, ("R33", "R72")
    version: Count
    roster: Digest


class UnitEnrolled(EventBody):
    name, op, rule_ids = "unit.enrolled", Op.CONFIGURE, ("R1",)
    unit_id: Id
    keyid: Hex32


class CertificateRegistered(EventBody):
    name, op, rule_ids = "certificate.registered", Op.CONFIGURE, ("R37", "R98")
    principles = (Principle.ROBUST, Principle.LAWFUL)
    certificate: Digest
    pipeline_digest: Digest


class ApplicationSaved(EventBody):
    name, op, rule_ids = "application.saved", Op.ALTERATION, ("R5", "R6", "R7")
    application_id: Id
    revision: Count
    content: Digest


class ApplicationSubmitted(EventBody):
    name, op, rule_ids = "application.submitted", Op.ALTERATION, ("R5", "R6", "R7")
    application_id: Id
    revision: Count
    content: Digest


class ApplicationReturned(EventBody):
    name, op, rule_ids = "application.returned", Op.AUTHORISE, ("R7",)
    application_id: Id
    outcome: Literal["returned", "refused"]
    reasons: Digest


class EntryCollected(EventBody):
    name, op, subject, rule_ids = "entry.collected", Op.COLLECTION, "listed", ("R17", "R18", "R24")
    principles = (Principle.LAWFUL, Principle.RESPONSIBLE)
    application_id: Id
    draft: Hex32


class EntryReviewed(EventBody):
    name, op, subject, rule_ids = "entry.reviewed", Op.CONSULTATION, "listed", ("R18", "R19")
    principles = (Principle.LAWFUL, Principle.RESPONSIBLE)
    application_id: Id
    draft: Hex32
    leaf: Hex32 | None
    verdict: Literal["keep", "remove"]


class ImageConsulted(EventBody):
    name, op, subject, rule_ids = "image.consulted", Op.CONSULTATION, "listed", ("R33", "R65")
    application_id: Id
    draft: Hex32


class PhotoRefused(EventBody):
    name, op, subject, rule_ids = "photo.refused", Op.ERASURE, "listed", ("R24",)
    application_id: Id
    count: Count


class AuthorityGranted(EventBody):
    name, op, rule_ids = "authority.granted", Op.AUTHORISE, ("R1", "R2", "R4", "R5", "R7", "R8", "R26")
    principles = (Principle.LAWFUL, Principle.ACCOUNTABLE, Principle.RESPONSIBLE)
    decision: Digest
    application_id: Id
    unit_id: Id
    list_root: Hex32
    window_start: WireTime
    window_end: WireTime


class UnitKeyReceived(EventBody):
    name, op, rule_ids = "unit_key.received", Op.CONFIGURE, ("R31",)
    unit_id: Id
    unit_key: Digest


class BundleSealed(EventBody):
    name, op, subject, rule_ids = "bundle.sealed", Op.DISCLOSURE, "listed", ("R20", "R31")
    principles = (Principle.LAWFUL, Principle.ROBUST)
    decision: Digest
    unit_id: Id
    entries: Count


class StopOrdered(EventBody):
    name, op, rule_ids = "stop.ordered", Op.STOP, ("R14",)
    decision: Digest
    unit_id: Id


class SyncReceived(EventBody):
    name, op, rule_ids = "sync.received", Op.COLLECTION, ("R66", "R69")
    unit_id: Id
    origin: Line
    size: Count
    root: Hex32
    sequence: Count
    package: Digest


class RecordPublished(EventBody):
    name, op, rule_ids = "record.published", Op.PUBLISH, ("R74", "R84")
    principles = (Principle.TRANSPARENT, Principle.ACCOUNTABLE)
    decision: Digest


class ExportMade(EventBody):
    name, op, rule_ids = "export.made", Op.DISCLOSURE, ("R68", "R72")
    principles = (Principle.TRANSPARENT,)
    size: Count


class SignedIn(EventBody):
    name, op, subject, rule_ids = "session.started", Op.VERIFY, "staff", ("R33",)
    succeeded: bool


class ClockSimulated(EventBody):
    name, op, rule_ids = "clock.simulated", Op.CONFIGURE, ("R36",)
    setting: Line


class BlueCollected(EventBody):
    """A member of staff agreed to walk; the leaf is a commitment, the consent is named by the entry behind it."""

    name, op, subject, rule_ids = "blue.collected", Op.COLLECTION, "staff", ("R30",)
    principles = (Principle.ROBUST, Principle.LAWFUL)
    application_id: Id
    leaf: Hex32


class DrillScheduled(EventBody):
    """Before matching starts: how many walks, of how many walkers, under which schedule (R30, R78)."""

    name, op, subject, rule_ids = "drill.scheduled", Op.CONFIGURE, "staff", ("R30", "R78", "R101")
    principles = (Principle.ROBUST, Principle.ACCOUNTABLE)
    schedule: Digest
    walks: Count
    walkers: Count


class DrillWalked(EventBody):
    """A walker tapped their own token for this walk; the signature is over deployment and walk."""

    name, op, subject, rule_ids = "drill.walked", Op.VERIFY, "staff", ("R30", "R78", "R101")
    principles = (Principle.ROBUST,)
    walk: Count
    walker_id: Id
    signature: Ed25519Signature
    scripted: bool


class DrillRecognised(EventBody):
    """The engine's candidate was a walker. No alert, no picture, nobody is asked to do anything."""

    name, op, subject, rule_ids = "drill.recognised", Op.COMBINATION, "staff", ("R30", "R78", "R101")
    principles = (Principle.ROBUST,)
    walker_id: Id
    camera_id: Id


class GateRefused(EventBody):
    name, op, rule_ids = "gate.refused", Op.VERIFY, ("R1",)
    principles = (Principle.LAWFUL, Principle.ROBUST)
    refused_by: tuple[RuleId, ...]


class GatePassed(EventBody):
    name, op, rule_ids = "gate.passed", Op.VERIFY, ("R1", "R20", "R35", "R36", "R37")
    principles = (Principle.LAWFUL, Principle.ROBUST)
    decision: Digest
    bundle: Digest
    certificate: Digest
    would_block: tuple[RuleId, ...]


class UnitKeyMade(EventBody):
    name, op, rule_ids = "unit_key.made", Op.CONFIGURE, ("R31",)
    unit_key: Digest
    recipient: Line


class BundleOpened(EventBody):
    name, op, subject, rule_ids = "bundle.opened", Op.CONSULTATION, "listed", ("R31",)
    bundle: Digest
    entries: Count


class MatchingStarted(EventBody):
    name, op, rule_ids = "matching.started", Op.START, ("R1", "R41", "R70")
    principles = (Principle.LAWFUL, Principle.ACCOUNTABLE)
    camera_ids: tuple[Id, ...]
    list_root: Hex32
    pack_digest: Digest
    pipeline_digest: Digest
    threshold: Decimal
    sealed: tuple[Seal, ...]  # what the engine process had given up before it saw a pixel (R41)
    lacking: tuple[Seal, ...]


class PassersCounted(EventBody):
    """Deltas over one minute or less: nobody in particular."""

    name, op, subject, rule_ids = "passers.counted", Op.COLLECTION, "passers_by", ("R44", "R45", "R57")
    principles = (Principle.LAWFUL, Principle.TRANSPARENT)
    minute: WireTime
    frames: Count
    dropped: Count
    passages: Count
    faces: Count
    too_small: Count
    low_quality: Count


class AlertRaised(EventBody):
    name, op, subject, rule_ids = "alert.raised", Op.COMBINATION, "listed", ("R43", "R46", "R70")
    principles = (Principle.EXPLAINABLE, Principle.RESPONSIBLE)
    alert_id: Id
    camera_id: Id
    candidate: Hex32  # commitment under the alert's own key: no leaf, so that the log cannot say who was seen


class AlertShown(EventBody):
    name, op, subject, rule_ids = "alert.shown", Op.CONSULTATION, "listed", ("R46", "R65")
    alert_id: Id


class AlertAdjudicated(EventBody):
    name, op, subject, rule_ids = "alert.adjudicated", Op.ALTERATION, "listed", ("R46", "R47", "R51")
    principles = (Principle.RESPONSIBLE, Principle.ACCOUNTABLE, Principle.EXPLAINABLE)
    alert_id: Id
    decision: AlertDecision
    reason: Line
    decided_after_ms: Count
    engagement_officer_id: Id
    operator_id: Id
    scripted: bool


class AlertResolved(EventBody):
    name, op, subject, rule_ids = "alert.resolved", Op.ALTERATION, "listed", ("R50", "R51", "R52")
    principles = (Principle.RESPONSIBLE, Principle.ACCOUNTABLE)
    alert_id: Id
    engagement: Literal["none", "attempted_lost", "engaged"]
    outcome: AlertOutcome
    identified_by: Literal["document", "fingerprint", "known_to_officer", "other", "rehearsal_truth", "not_engaged"]
    scripted: bool


class MatchingPaused(EventBody):
    name, op, rule_ids = "matching.paused", Op.PAUSE, ("R14",)
    reason: Line


class MatchingResumed(EventBody):
    name, op, rule_ids = "matching.resumed", Op.START, ("R14",)
    reason: Line


class MatchingStopped(EventBody):
    name, op, rule_ids = "matching.stopped", Op.STOP, ("R8", "R14")
    principles = (Principle.LAWFUL,)
    reason: Literal["end_time", "stop_order", "operator", "clock", "engine_lost", "sources_ended", "monitor", "power_loss"]


class PurgeDone(EventBody):
    name, op, subject, rule_ids = "purge.done", Op.ERASURE, "listed", ("R57", "R59", "R61")
    principles = (Principle.LAWFUL, Principle.RESPONSIBLE)
    certificate: Digest


class AlertErased(EventBody):
    name, op, subject, rule_ids = "alert.erased", Op.ERASURE, "listed", ("R58",)
    alert_id: Id


class ListErased(EventBody):
    """The office's own photos and templates of a list, once its unit has purged: the key under which they lay, and the files."""

    name, op, subject, rule_ids = "list.erased", Op.ERASURE, "listed", ("R62",)
    principles = (Principle.LAWFUL, Principle.RESPONSIBLE)
    application_id: Id
    files: Count


class PlanRegistered(EventBody):
    """A test was announced before anything was measured."""

    name, op, rule_ids = "plan.registered", Op.CONFIGURE, ("R37", "R100")
    principles = (Principle.ROBUST, Principle.TRANSPARENT)
    plan: Digest
    pipeline_digest: Digest


class RunStarted(EventBody):
    """Run `ordinal` of a plan begins; one that never ends stays on the certificate as open."""

    name, op, rule_ids = "run.started", Op.VERIFY, ("R37", "R100")
    principles = (Principle.ROBUST, Principle.TRANSPARENT)
    plan: Digest
    ordinal: Count


class RunEnded(EventBody):
    name, op, rule_ids = "run.ended", Op.VERIFY, ("R37", "R100")
    principles = (Principle.ROBUST, Principle.TRANSPARENT)
    plan: Digest
    ordinal: Count
    outcome: Literal["passed", "failed", "aborted"]
    result: Digest | None


class PipelineRegistered(EventBody):
    name, op, rule_ids = "pipeline.registered", Op.CONFIGURE, ("R98",)
    principles = (Principle.ROBUST, Principle.ACCOUNTABLE)
    model: Id
    pipeline_digest: Digest
    pack_digest: Digest
    predecessor: Digest | None


class PipelineMoved(EventBody):
    """One step in the model register; `needs` is what a review that it opens has to bring."""

    name, op, rule_ids = "pipeline.moved", Op.CONFIGURE, ("R55", "R98", "R99", "R102")
    principles = (Principle.ROBUST, Principle.ACCOUNTABLE)
    pipeline_digest: Digest
    was: ModelState
    becomes: ModelState
    cause: Cause
    needs: tuple[Need, ...]


class ReviewCleared(EventBody):
    """One thing a review needed was done; `evidence` is the certificate or the document that shows it."""

    name, op, rule_ids = "review.cleared", Op.VERIFY, ("R55", "R99")
    principles = (Principle.RESPONSIBLE, Principle.ACCOUNTABLE)
    pipeline_digest: Digest
    need: Need
    evidence: Digest


class PipelineMonitored(EventBody):
    """The cumulative monitor of false alerts after a deployment was folded in (R54, R79). Bounds are shares of passages."""

    name, op, rule_ids = "pipeline.monitored", Op.VERIFY, ("R54", "R79")
    principles = (Principle.ROBUST, Principle.RESPONSIBLE)
    pipeline_digest: Digest
    reviews: Count
    passages: Count
    false_alerts: Count
    undecided: Count
    lower: Decimal
    lower_worst: Decimal
    breached: bool


class GroupsMonitored(EventBody):
    """A comparison of groups (R55): how many were large enough to compare, and whether two of them lie apart."""

    name, op, rule_ids = "groups.monitored", Op.VERIFY, ("R55", "R79")
    principles = (Principle.ROBUST, Principle.RESPONSIBLE)
    pipeline_digest: Digest
    measure: Literal["recognition", "outcomes"]
    groups: Count
    suppressed: Count
    table: Digest
    breached: bool


class MonitorTripped(EventBody):
    """The unit's own monitor passed its limit. `suspended`: matching waits for Silver; False in a demonstration only."""

    name, op, rule_ids = "monitor.tripped", Op.PAUSE, ("R54",)
    principles = (Principle.ROBUST, Principle.RESPONSIBLE)
    passages: Count
    false_alerts: Count
    undecided: Count
    lower: Decimal
    suspended: bool


class MatchTested(EventBody):
    name, op, rule_ids = "match.tested", Op.COMBINATION, ("R37",)
    pack_digest: Digest
    enrolled: Count
    video: Digest


CATALOGUE: dict[str, type[EventBody]] = {body.name: body for body in EventBody.__subclasses__()}


class Event(Strict):
    """One ledger entry: what R64 asks for at least, less what the tree and its checkpoints already do."""

    v: Literal[1]
    id: Id
    type: Line
    op: Op
    at: WireTime
    actor: Id
    role: Line
    subject: Literal["listed", "passers_by", "staff", "none"]
    justification: Line
    deployment: Id | None
    authority: Digest | None
    profile: Id
    mode: Mode
    principles: tuple[Principle, ...]
    rule_ids: tuple[RuleId, ...]
    objects: tuple[Digest, ...]
    recipients: tuple[Id, ...]
    body: dict[str, Any]


def entry_bytes(
    body: EventBody,
    *,
    clock: Clock,
    actor: str,
    role: str,
    justification: str,
    mode: Mode,
    profile: str,
    deployment: str | None = None,
    authority: str | None = None,
    objects: tuple[str, ...] = (),
    recipients: tuple[str, ...] = (),
) -> bytes:
    """The exact bytes to append. A consultation or disclosure without justification is refused (R65) by BadInput."""
    if body.op in {Op.CONSULTATION, Op.DISCLOSURE} and not justification.strip():
        raise BadInput(f"{body.name} needs a justification", rule_ids=("R65",), next_step="say why the data was opened or passed on")
    try:
        event = Event(
            v=1,
            id=str(uuid6.uuid7()),
            type=body.name,
            op=body.op,
            at=format_utc(clock.now_utc()),
            actor=actor,
            role=role,
            subject=body.subject,
            justification=justification,
            deployment=deployment,
            authority=authority,
            profile=profile,
            mode=mode,
            principles=body.principles,
            rule_ids=body.rule_ids,
            objects=objects,
            recipients=recipients,
            body=body.model_dump(mode="json"),
        )
    except ValidationError as error:  # a justification of a page or command line is longer than a ledger line, say
        first = error.errors()[0]
        raise BadInput(f"{body.name} cannot be logged: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    entry = event.model_dump_json().encode()
    if len(entry) > MAX_ENTRY_BYTES:
        raise BadInput(f"a {body.name} entry of {len(entry)} bytes is above {MAX_ENTRY_BYTES}")
    return entry


def read_entry(entry: bytes) -> tuple[Event, EventBody]:
    """Event and typed body from entry bytes. Raises BadInput on anything outside the catalogue."""
    try:
        event = Event.model_validate_json(entry)
        body_type = CATALOGUE[event.type]
        if (event.op, event.subject) != (body_type.op, body_type.subject):
            raise BadInput(f"a ledger entry calls a {event.type} a {event.op.value} about {event.subject}")
        return event, body_type.model_validate_json(json.dumps(event.body))  # from JSON, so that nothing is coerced
    except (ValidationError, KeyError) as error:
        raise BadInput(f"a ledger entry is outside the catalogue: {str(error)[:200]}") from error
