"""What the journal says when it is only looked at: the unit, a deployment, its alerts, the ledger."""

import base64
from collections.abc import Sequence

from sqlmodel import select

from governance.events import AlertDecision, AlertOutcome
from mobile_unit.journal import answers, asking
from mobile_unit.journal.book import LAST_SEEN, NEWEST_COSIGNATURE, ROSTER_VERSION, Book
from mobile_unit.journal.tables import AlertRow, AlertState, DeploymentRow, State


def look_at_deployment(book: Book, ask: asking.LookAtDeployment) -> answers.DeploymentSeen:
    return deployment_seen(book.deployment(ask.deployment_id))


def look_at_unit(book: Book, _ask: asking.LookAtUnit) -> answers.UnitSeen:
    rows = book.session.exec(select(DeploymentRow).order_by(DeploymentRow.deployment_id)).all()
    size, root = book.log.size_and_root(book.session)
    return answers.UnitSeen(
        roster_version=int(book.fact(ROSTER_VERSION) or 0),
        last_seen=book.fact(LAST_SEEN),
        newest_cosignature=book.fact(NEWEST_COSIGNATURE),
        deployments=tuple(deployment_seen(row) for row in rows),
        size=size,
        root=root.hex(),
    )


def look_at_ledger(book: Book, ask: asking.LookAtLedger) -> answers.LedgerSeen:
    size = book.log.size(book.session)
    stop_at = min(size, ask.position + ask.limit)
    entries = book.log.entries(book.session, ask.position, stop_at) if ask.position < stop_at else ()
    return answers.LedgerSeen(
        entries=tuple(answers.LedgerEntry(position=ask.position + n, entry=entry.decode()) for n, entry in enumerate(entries)), size=size
    )


def look_at_alerts(book: Book, ask: asking.LookAtAlerts) -> answers.AlertsSeen:
    return answers.AlertsSeen(alerts=tuple(alert_seen(row) for row in alerts_of(book, ask.deployment_id)), size=book.log.size(book.session))


def done(book: Book) -> answers.Done:
    return answers.Done(size=book.log.size(book.session))


def deployment_seen(row: DeploymentRow) -> answers.DeploymentSeen:
    return answers.DeploymentSeen(
        deployment_id=row.deployment_id,
        state=State(row.state),
        recipient=row.recipient,
        unit_key=base64.b64encode(row.unit_key).decode(),
        profile=row.profile,
        decision=row.decision,
        bundle=row.bundle,
        window_end=row.window_end,
        started_at=row.started_at,
        ended_at=row.ended_at,
        ended_because=row.ended_because,
        purge=None if row.purge is None else base64.b64encode(row.purge).decode(),
    )


def alert_seen(row: AlertRow) -> answers.AlertSeen:
    return answers.AlertSeen(
        alert_id=row.alert_id,
        deployment_id=row.deployment_id,
        camera_id=row.camera_id,
        raised_at=row.raised_at,
        state=AlertState(row.state),
        erased=row.sealed is None,
        decision=None if row.decision is None else AlertDecision(row.decision),
        reason=row.reason,
        decided_at=row.decided_at,
        engagement_officer_id=row.engagement_officer_id,
        operator_id=row.operator_id,
        engagement=row.engagement,
        outcome=None if row.outcome is None else AlertOutcome(row.outcome),
        identified_by=row.identified_by,
    )


def alerts_of(book: Book, deployment_id: str) -> Sequence[AlertRow]:
    chosen = select(AlertRow).where(AlertRow.deployment_id == deployment_id)
    return book.session.exec(chosen.order_by(AlertRow.raised_at, AlertRow.alert_id)).all()
