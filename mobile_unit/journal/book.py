"""One transaction over rows and ledger: what a request's handler works with."""

from dataclasses import dataclass

from sqlmodel import Session

from governance.events import EventBody, entry_bytes
from governance.ledger.log import Log
from lfr_engine.clock import Clock, format_utc, parse_utc
from lfr_engine.errors import BadInput
from mobile_unit.identity import Identity
from mobile_unit.journal.tables import AlertRow, DeploymentRow, UnitFact

LAST_SEEN, ROSTER_VERSION, NEWEST_COSIGNATURE = "last_seen", "roster_version", "newest_cosignature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Open for one request; the caller commits when the handler returned and rolls back when it raised."""

    session: Session
    log: Log
    identity: Identity
    clock: Clock

    def now(self) -> str:
        return format_utc(self.clock.now_utc())

    def record(
        self,
        body: EventBody,
        *,
        actor: str | None = None,
        role: str = "unit",
        justification: str = "",
        deployment: DeploymentRow | None = None,
        deployment_id: str | None = None,
        objects: tuple[str, ...] = (),
    ) -> None:
        """Append one event, and remember that this time was seen: a clock behind it is refused at the next gate (R20)."""
        facts = self.identity.facts
        entry = entry_bytes(
            body,
            clock=self.clock,
            actor=actor or facts.unit_id,
            role=role,
            justification=justification,
            mode=facts.mode,
            profile=deployment.profile if deployment else facts.profile,
            deployment=deployment.deployment_id if deployment else deployment_id,
            authority=deployment.decision if deployment else None,
            objects=objects,
        )
        self.log.append(self.session, entry)
        seen = self.fact(LAST_SEEN)
        if seen is None or parse_utc(seen) < self.clock.now_utc():
            self.remember(LAST_SEEN, self.now())

    def fact(self, key: str) -> str | None:
        row = self.session.get(UnitFact, key)
        return row.value if row else None

    def remember(self, key: str, value: str) -> None:
        row = self.session.get(UnitFact, key) or UnitFact(key=key, value=value)
        row.value = value
        self.session.add(row)

    def deployment(self, deployment_id: str) -> DeploymentRow:
        """Raises BadInput when this unit never took it on."""
        row = self.session.get(DeploymentRow, deployment_id)
        if row is None:
            raise BadInput(f"this unit has no deployment {deployment_id}", next_step="lfr unit key makes its one-use key first")
        return row

    def alert(self, alert_id: str) -> AlertRow:
        """Raises BadInput when there is none."""
        row = self.session.get(AlertRow, alert_id)
        if row is None:
            raise BadInput(f"there is no alert {alert_id}")
        return row
