"""What the journal does about an alert: raised, shown, decided exactly once, resolved, erased (R43-R51, R58)."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta

import uuid6
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlmodel import select

from governance.events import AlertAdjudicated, AlertDecision, AlertErased, AlertOutcome, AlertRaised, AlertResolved, AlertShown
from lfr_engine.clock import format_utc, parse_utc
from lfr_engine.errors import BadInput, Refused
from mobile_unit.journal import answers, asking
from mobile_unit.journal.book import Book
from mobile_unit.journal.looking import alert_seen, alerts_of
from mobile_unit.journal.tables import RUNNING, AlertKeyRow, AlertRow, AlertState, DeploymentRow
from mobile_unit.reasons import LOOKING, REASONS

_NONCE_BYTES = 12
_MAY_BE_ENGAGED = (AlertDecision.TRUE, AlertDecision.INDETERMINATE)


def raise_alert(book: Book, ask: asking.Raise) -> answers.AlertSeen:
    """A candidate for people to look at. Raises Refused once matching has ended."""
    deployment = book.deployment(ask.deployment_id)
    if deployment.state not in RUNNING:
        raise Refused("matching has ended: no alert is taken any more", rule_ids=("R8",))
    alert_id, key = str(uuid6.uuid7()), AESGCM.generate_key(256)
    row = AlertRow(
        alert_id=alert_id,
        deployment_id=deployment.deployment_id,
        camera_id=ask.camera_id,
        raised_at=book.now(),
        erase_at=format_utc(book.clock.now_utc() + timedelta(hours=deployment.alert_h)),
        sealed=_seal(key, alert_id, ask.content.model_dump_json().encode()),
    )
    book.session.add_all([row, AlertKeyRow(alert_id=alert_id, key=key)])
    candidate = hmac.new(key, bytes.fromhex(ask.content.leaf), hashlib.sha256).hexdigest()
    book.record(AlertRaised(alert_id=alert_id, camera_id=ask.camera_id, candidate=candidate), deployment=deployment)
    return alert_seen(row)


def show(book: Book, ask: asking.Show) -> answers.AlertShown:
    """Pictures and candidate, for somebody of this deployment who says why (R65)."""
    row = book.alert(ask.alert_id)
    deployment = book.deployment(row.deployment_id)
    _require_member(ask.who, deployment, operators=True, engagement_officers=True)
    if ask.why not in LOOKING:
        raise BadInput(f"{ask.why!r} is no reason to look at an alert", rule_ids=("R65",), next_step=f"one of {', '.join(LOOKING)}")
    key = book.session.get(AlertKeyRow, row.alert_id)
    if key is None or row.sealed is None:
        raise Refused("this alert's pictures have been erased", rule_ids=("R58",))
    role = "operator" if ask.who in deployment.operator_ids.split() else "engagement_officer"
    book.record(AlertShown(alert_id=row.alert_id), actor=ask.who, role=role, justification=ask.why, deployment=deployment)
    content = asking.AlertContent.model_validate_json(_unseal(key.key, row.alert_id, row.sealed))
    return answers.AlertShown(alert=alert_seen(row), content=content)


def adjudicate(book: Book, ask: asking.Adjudicate) -> answers.AlertSeen:
    """The engagement officer's decision, with the operator's support, once. Raises Refused (R46) on a second one."""
    row = book.alert(ask.alert_id)
    deployment = book.deployment(row.deployment_id)
    _require_member(ask.engagement_officer_id, deployment, engagement_officers=True)
    _require_member(ask.operator_id, deployment, operators=True)
    if ask.reason not in REASONS[ask.decision]:
        raise BadInput(
            f"{ask.reason!r} is not a reason for {ask.decision.value}",
            rule_ids=("R47",),
            next_step=f"one of {', '.join(REASONS[ask.decision])}",
        )
    if row.state != AlertState.OPEN:
        raise Refused(
            f"this alert is already decided as {row.decision} by {row.engagement_officer_id} at {row.decided_at}",
            rule_ids=("R46",),
            next_step="look at the decision that was recorded",
        )
    row.state, row.decision, row.reason, row.decided_at = AlertState.DECIDED, ask.decision, ask.reason, book.now()
    row.engagement_officer_id, row.operator_id = ask.engagement_officer_id, ask.operator_id
    book.session.add(row)
    waited = book.clock.now_utc() - parse_utc(row.raised_at)
    body = AlertAdjudicated(
        alert_id=row.alert_id,
        decision=ask.decision,
        reason=ask.reason,
        decided_after_ms=max(0, int(waited.total_seconds() * 1000)),
        engagement_officer_id=ask.engagement_officer_id,
        operator_id=ask.operator_id,
        scripted=ask.scripted,
    )
    book.record(body, actor=ask.engagement_officer_id, role="engagement_officer", deployment=deployment)
    return alert_seen(row)


def resolve(book: Book, ask: asking.Resolve) -> answers.AlertSeen:
    """What became of it, once. A score never identifies anybody: engaged means a way of identification was used (R50)."""
    row = book.alert(ask.alert_id)
    deployment = book.deployment(row.deployment_id)
    _require_member(ask.engagement_officer_id, deployment, engagement_officers=True)
    if row.state != AlertState.DECIDED or AlertDecision(row.decision or "") not in _MAY_BE_ENGAGED:
        raise Refused(f"this alert is {row.state} ({row.decision}): there is no outcome to record", rule_ids=("R51",))
    engaged = ask.engagement == "engaged"
    if engaged == (ask.identified_by == "not_engaged"):
        raise Refused("say how the person was identified, if and only if somebody was engaged", rule_ids=("R50",))
    if not engaged and ask.outcome is not AlertOutcome.UNCONFIRMED:
        raise Refused("without an engagement nothing is confirmed", rule_ids=("R51",))
    if (ask.identified_by == "rehearsal_truth") > ask.scripted:
        raise Refused("only the scripted officer of a rehearsal knows the truth", rule_ids=("R50",))
    row.state, row.engagement, row.outcome, row.identified_by = AlertState.RESOLVED, ask.engagement, ask.outcome, ask.identified_by
    book.session.add(row)
    fields = ask.model_dump(include={"engagement", "outcome", "identified_by", "scripted"})
    body = AlertResolved(alert_id=row.alert_id, **fields)
    book.record(body, actor=ask.engagement_officer_id, role="engagement_officer", deployment=deployment)
    return alert_seen(row)


def erase_purged(book: Book, ask: asking.ErasePurged) -> answers.Erased:
    """At the purge the ones decided false go at once; where the authority keeps nothing, every one."""
    deployment, rows = book.deployment(ask.deployment_id), alerts_of(book, ask.deployment_id)
    gone = [row for row in rows if row.sealed is not None and (row.decision == AlertDecision.FALSE or deployment.alert_h == 0)]
    return _erase(book, gone, kept=sum(row.sealed is not None for row in rows) - len(gone))


def erase_due(book: Book, _ask: asking.EraseDue) -> answers.Erased:
    rows = book.session.exec(select(AlertRow)).all()
    due = [row for row in rows if row.sealed is not None and parse_utc(row.erase_at) <= book.clock.now_utc()]
    return _erase(book, due, kept=sum(row.sealed is not None for row in rows) - len(due))


def _erase(book: Book, rows: Sequence[AlertRow], *, kept: int) -> answers.Erased:
    for row in rows:
        key = book.session.get(AlertKeyRow, row.alert_id)
        if key is not None:
            book.session.delete(key)
        row.sealed = None
        book.session.add(row)
        book.record(AlertErased(alert_id=row.alert_id), deployment=book.deployment(row.deployment_id))
    return answers.Erased(alert_ids=tuple(row.alert_id for row in rows), kept=kept)


def _require_member(who: str, deployment: DeploymentRow, *, operators: bool = False, engagement_officers: bool = False) -> None:
    allowed = deployment.operator_ids.split() * operators + deployment.engagement_officer_ids.split() * engagement_officers
    if who not in allowed:
        role = "operator" if not engagement_officers else "engagement officer"
        raise Refused(f"{who} is not {role} in this deployment", rule_ids=("R46",), next_step=f"one of {', '.join(allowed)}")


def _seal(key: bytes, alert_id: str, content: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, alert_id.encode())


def _unseal(key: bytes, alert_id: str, sealed: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], alert_id.encode())
