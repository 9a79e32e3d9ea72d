"""What the journal does about a deployment, from its one-use key to its purge certificate. Each function is one request."""

import base64

from sqlmodel import select

from governance.events import (
    BundleOpened,
    ClockSimulated,
    GatePassed,
    GateRefused,
    MatchingPaused,
    MatchingResumed,
    MatchingStarted,
    MatchingStopped,
    MonitorTripped,
    PassersCounted,
    PurgeDone,
    UnitKeyMade,
)
from governance.messages.payload import Mode, digest_of
from lfr_engine.errors import BadInput, Refused
from mobile_unit.journal import answers, asking
from mobile_unit.journal.book import NEWEST_COSIGNATURE, ROSTER_VERSION, Book
from mobile_unit.journal.looking import deployment_seen, done
from mobile_unit.journal.tables import RUNNING, DeploymentRow, OrderRow, State
from mobile_unit.reasons import PAUSING, SILVER_DECIDED


def prepare(book: Book, ask: asking.Prepare) -> answers.Done:
    """Take a deployment on. The same key again changes nothing; another key for it is refused (R31)."""
    row = book.session.get(DeploymentRow, ask.deployment_id)
    if row is None:
        envelope = base64.b64decode(ask.unit_key)
        row = DeploymentRow(
            deployment_id=ask.deployment_id, recipient=ask.recipient, unit_key=envelope, profile=book.identity.facts.profile
        )
        book.session.add(row)
        digest = digest_of(envelope)
        book.record(UnitKeyMade(unit_key=digest, recipient=ask.recipient), deployment=row, objects=(digest,))
    elif row.recipient != ask.recipient:
        raise Refused(f"{ask.deployment_id} has another one-use key on this unit", rule_ids=("R31",))
    return done(book)


def gate_said_no(book: Book, ask: asking.GateSaidNo) -> answers.Done:
    row = book.session.get(DeploymentRow, ask.deployment_id)
    body = GateRefused(refused_by=ask.rule_ids)
    book.record(body, actor=ask.operator_id, role="operator", deployment=row, deployment_id=ask.deployment_id)
    return done(book)


def gate_said_yes(book: Book, ask: asking.GateSaidYes) -> answers.Done:
    """Remember what passed. Raises Refused (R59) once the deployment has run: its key is for one use."""
    row = book.deployment(ask.deployment_id)
    _require_unused(row)
    row.decision, row.bundle, row.certificate = ask.decision, ask.bundle, ask.certificate
    row.profile, row.window_end, row.alert_h = ask.profile, ask.window_end, ask.alert_h
    row.operator_ids, row.engagement_officer_ids = ask.operator_id, " ".join(ask.engagement_officer_ids)
    book.session.add(row)
    book.remember(ROSTER_VERSION, str(max(ask.roster_version, int(book.fact(ROSTER_VERSION) or 0))))
    book.remember(NEWEST_COSIGNATURE, max(ask.cosigned_at, book.fact(NEWEST_COSIGNATURE) or ""))
    body = GatePassed(decision=ask.decision, bundle=ask.bundle, certificate=ask.certificate, would_block=ask.would_block)
    objects = (ask.decision, ask.bundle, ask.certificate)
    book.record(body, actor=ask.operator_id, role="operator", deployment=row, objects=objects)
    if book.clock.simulated:
        setting = f"sim:{book.now()}:{book.clock.sim_rate:g}"
        book.record(ClockSimulated(setting=setting), deployment=row)
    return done(book)


def start(book: Book, ask: asking.Start) -> answers.Done:
    row = book.deployment(ask.deployment_id)
    _require_unused(row)
    if row.decision is None or row.bundle is None:
        raise Refused("the gate has not been passed", rule_ids=("R1",), next_step="lfr unit check")
    row.state, row.started_at = State.MATCHING, book.now()
    book.session.add(row)
    opened = BundleOpened(bundle=row.bundle, entries=ask.entries)
    why = "matching under the authority"
    book.record(opened, actor=ask.operator_id, role="operator", justification=why, deployment=row, objects=(row.bundle,))
    started = MatchingStarted(
        camera_ids=ask.camera_ids,
        list_root=ask.list_root,
        pack_digest=ask.pack_digest,
        pipeline_digest=ask.pipeline_digest,
        threshold=ask.threshold,
        sealed=ask.sealed,
        lacking=ask.lacking,
    )
    book.record(started, actor=ask.operator_id, role="operator", deployment=row, objects=(row.decision,))
    return done(book)


def count_passers(book: Book, ask: asking.CountPassers) -> answers.Done:
    fields = ask.model_dump(exclude={"do", "deployment_id"})
    book.record(PassersCounted(**fields), deployment=book.deployment(ask.deployment_id))
    return done(book)


def pause(book: Book, ask: asking.Pause) -> answers.Done:
    row = _in_state(book, ask.deployment_id, State.MATCHING)
    if ask.reason not in PAUSING:
        raise BadInput(f"{ask.reason!r} is no reason to pause", rule_ids=("R14",), next_step=f"one of {', '.join(PAUSING)}")
    row.state = State.PAUSED
    book.session.add(row)
    book.record(MatchingPaused(reason=ask.reason), actor=ask.who, role="operator", deployment=row)
    return done(book)


def resume(book: Book, ask: asking.Resume) -> answers.Done:
    row = _in_state(book, ask.deployment_id, State.PAUSED)
    row.state = State.MATCHING
    book.session.add(row)
    book.record(MatchingResumed(reason=ask.reason), actor=ask.who, role="operator", deployment=row)
    return done(book)


def trip(book: Book, ask: asking.Trip) -> answers.Done:
    """The monitor of false alerts passed its limit: matching waits for Silver, except in a demonstration, which shows it (R54)."""
    row = book.deployment(ask.deployment_id)
    suspends = book.identity.facts.mode is not Mode.DEMONSTRATION
    if suspends and row.state in RUNNING:
        row.state = State.SUSPENDED
        book.session.add(row)
    fields = ask.model_dump(exclude={"do", "deployment_id"})
    book.record(MonitorTripped(**fields, suspended=suspends), deployment=row)
    return done(book)


def release(book: Book, ask: asking.Release) -> answers.Done:
    """Silver lets a suspended deployment go on. That `who` is Silver is the caller's to check: the roster is not here."""
    row = _in_state(book, ask.deployment_id, State.SUSPENDED, rule_id="R54")
    row.state = State.MATCHING
    book.session.add(row)
    book.record(MatchingResumed(reason=SILVER_DECIDED), actor=ask.who, role="silver", deployment=row)
    return done(book)


def stop(book: Book, ask: asking.Stop) -> answers.Done:
    """Matching ended. A second stop, or one after a recovery, changes nothing: the first reason counts."""
    row = book.deployment(ask.deployment_id)
    if row.state in RUNNING:
        row.state, row.ended_at, row.ended_because = State.ENDED, book.now(), ask.reason
        book.session.add(row)
        role = "unit" if ask.who == book.identity.unit_id else "operator"
        book.record(MatchingStopped(reason=ask.reason), actor=ask.who, role=role, deployment=row)
    return done(book)


def order(book: Book, ask: asking.Order) -> answers.Done:
    row = book.deployment(ask.deployment_id)
    if row.state not in RUNNING:
        raise Refused(f"{ask.deployment_id} is not matching", rule_ids=("R14",))
    book.session.add(OrderRow(deployment_id=ask.deployment_id, what=ask.what, who=ask.who, reason=ask.reason))
    return done(book)


def take_order(book: Book, ask: asking.TakeOrder) -> answers.OrderTaken:
    open_orders = select(OrderRow).where(OrderRow.deployment_id == ask.deployment_id, OrderRow.taken == False)  # noqa: E712 - SQL
    row = book.session.exec(open_orders.order_by(OrderRow.number)).first()  # type: ignore[arg-type]  # a column here, an int to mypy
    if row is None:
        return answers.OrderTaken(what=None, who=None, reason="")
    row.taken = True
    book.session.add(row)
    return answers.OrderTaken.model_validate({"what": row.what, "who": row.who, "reason": row.reason})


def purged(book: Book, ask: asking.Purged) -> answers.DeploymentSeen:
    """Keep the certificate and say so in the ledger, once; a second certificate after a cut is not taken, the first is answered."""
    row = book.deployment(ask.deployment_id)
    if row.state in RUNNING:
        raise Refused("matching has not ended", rule_ids=("R59",), next_step="lfr unit stop")
    if row.purge is None:
        row.purge, row.state = base64.b64decode(ask.certificate), State.PURGED
        book.session.add(row)
        digest = digest_of(row.purge)
        book.record(PurgeDone(certificate=digest), deployment=row, objects=(digest,))
    return deployment_seen(row)


def _in_state(book: Book, deployment_id: str, state: State, rule_id: str = "R14") -> DeploymentRow:
    row = book.deployment(deployment_id)
    if row.state != state:
        raise Refused(f"{deployment_id} is {row.state}, not {state.value}", rule_ids=(rule_id,))
    return row


def _require_unused(row: DeploymentRow) -> None:
    if row.state != State.PREPARED:
        raise Refused(
            f"{row.deployment_id} has already run on this unit ({row.state}): its key was for one use",
            rule_ids=("R59",),
            next_step="lfr unit recover ends what a power cut left open; a new deployment needs a new authority",
        )
