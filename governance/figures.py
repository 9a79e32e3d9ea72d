"""The figures of one deployment, counted from its unit's ledger entries and from nothing else. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from governance.events import (
    AlertAdjudicated,
    AlertDecision,
    AlertOutcome,
    AlertRaised,
    AlertResolved,
    DrillRecognised,
    DrillScheduled,
    DrillWalked,
    MatchingStarted,
    MatchingStopped,
    PassersCounted,
    read_entry,
)
from lfr_engine.errors import VerificationFailed
from lfr_engine.sealed.facts import Seal


@dataclass(slots=True)
class Figures:
    """Counts; every alert is in exactly one of true, false, undecided."""

    started_at: str = ""
    ended_at: str = ""
    ended_because: str = ""
    threshold: str = ""
    sealed: tuple[Seal, ...] = ()
    lacking: tuple[Seal, ...] = ()
    frames: int = 0
    dropped: int = 0
    passages: int = 0
    faces: int = 0
    too_small: int = 0
    low_quality: int = 0
    decisions: dict[str, AlertDecision | None] = field(default_factory=dict)
    outcomes: dict[str, AlertOutcome] = field(default_factory=dict)
    engaged: set[str] = field(default_factory=set)
    scripted: bool = False
    schedule: str = ""
    taps: dict[int, str] = field(default_factory=dict)
    recognitions: list[tuple[str, str]] = field(default_factory=list)

    @property
    def alerts(self) -> int:
        return len(self.decisions)

    @property
    def true_alerts(self) -> int:
        """Adjudicated true and not confirmed false, or confirmed true whatever was thought before."""
        return sum(self.standing(alert) == "true" for alert in self.decisions)

    @property
    def false_alerts(self) -> int:
        return sum(self.standing(alert) == "false" for alert in self.decisions)

    @property
    def undecided(self) -> int:
        """Open, lost and indeterminate: in the worst bound each is a false alert."""
        return sum(self.standing(alert) == "undecided" for alert in self.decisions)

    def standing(self, alert_id: str) -> str:
        """What an alert counts as: the engagement's outcome stands above the adjudication (R51)."""
        outcome = self.outcomes.get(alert_id)
        if outcome is AlertOutcome.CONFIRMED_TRUE:
            return "true"
        if outcome is AlertOutcome.CONFIRMED_FALSE:
            return "false"
        decision = self.decisions[alert_id]
        return {AlertDecision.TRUE: "true", AlertDecision.FALSE: "false"}.get(decision, "undecided") if decision else "undecided"


def count(entries: Iterable[bytes], deployment_id: str) -> Figures:
    """Walk a unit's entries in order. Raises VerificationFailed on an alert raised, decided or resolved twice or out of turn."""
    figures = Figures()
    for entry in entries:
        event, body = read_entry(entry)
        if event.deployment != deployment_id:
            continue
        match body:
            case MatchingStarted():
                figures.started_at = figures.started_at or event.at
                figures.threshold = body.threshold
                figures.sealed, figures.lacking = body.sealed, body.lacking
            case MatchingStopped():
                figures.ended_at, figures.ended_because = event.at, body.reason
            case PassersCounted():
                for name in ("frames", "dropped", "passages", "faces", "too_small", "low_quality"):
                    setattr(figures, name, getattr(figures, name) + getattr(body, name))
            case AlertRaised():
                _require(body.alert_id not in figures.decisions, f"alert {body.alert_id} was raised twice", "R43")
                figures.decisions[body.alert_id] = None
            case AlertAdjudicated():
                undecided = figures.decisions.get(body.alert_id, body.decision) is None
                _require(undecided, f"alert {body.alert_id} was decided twice or never raised", "R46")
                figures.decisions[body.alert_id] = body.decision
                figures.scripted |= body.scripted
            case AlertResolved():
                decided = figures.decisions.get(body.alert_id) is not None and body.alert_id not in figures.outcomes
                _require(decided, f"alert {body.alert_id} has two outcomes, or one before a decision", "R51")
                figures.outcomes[body.alert_id] = body.outcome
                if body.engagement == "engaged":
                    figures.engaged.add(body.alert_id)
            case DrillScheduled():
                _require(not figures.started_at, "a drill was scheduled after matching had started", "R30")
                figures.schedule = body.schedule
            case DrillWalked():
                _require(body.walk not in figures.taps, f"walk {body.walk} was tapped twice", "R30")
                figures.taps[body.walk] = event.at
            case DrillRecognised():
                figures.recognitions.append((body.walker_id, event.at))
            case _:
                pass
    return figures


def _require(holds: bool, otherwise: str, rule_id: str) -> None:
    if not holds:
        raise VerificationFailed(otherwise, rule_ids=(rule_id,))
