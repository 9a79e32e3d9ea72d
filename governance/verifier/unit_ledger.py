"""What a unit's ledger says of each deployment, counted in one pass; the figures come from here and nowhere else."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .events import Event
from .strict import Failed, Fields, count, text

COUNTED = ("frames", "dropped", "passages", "faces", "too_small", "low_quality")
DECISIONS = frozenset({"adjudicated_true", "adjudicated_false", "indeterminate", "not_adjudicated"})
OUTCOMES = frozenset({"confirmed_true", "confirmed_false", "unconfirmed"})
_FIGURES = frozenset({"passers.counted", "alert.raised", "alert.adjudicated", "alert.resolved"})
_KEPT = frozenset({"unit_key.made", "gate.passed", "bundle.opened", "matching.started", "matching.stopped", "purge.done"})
_DRILL = frozenset({"drill.scheduled", "drill.walked", "drill.recognised"})


@dataclass(slots=True)
class Alert:
    """One alert on its way; None until somebody decided."""

    decision: str | None = None
    outcome: str | None = None
    engaged: bool = False

    @property
    def standing(self) -> str:
        """What it counts as: the outcome of an engagement stands above the adjudication (R51)."""
        for verdict, outcome, decision in (
            ("true", "confirmed_true", "adjudicated_true"),
            ("false", "confirmed_false", "adjudicated_false"),
        ):
            if self.outcome == outcome or (self.decision == decision and self.outcome not in ("confirmed_true", "confirmed_false")):
                return verdict
        return "undecided"


@dataclass(slots=True)
class UnitDeployment:
    """One deployment in one unit's ledger. `after_stop` counts figures entered after the record's range ended."""

    unit_id: str
    events: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    totals: Counter[str] = field(default_factory=Counter)
    alerts: dict[str, Alert] = field(default_factory=dict)
    scripted: bool = False
    first_index: int = -1
    after_stop: int = 0

    def one(self, kind: str) -> Event:
        """The only entry of that type. Raises Failed when there is none or more than one."""
        found = self.events[kind]
        if len(found) != 1:
            raise Failed(f"the unit's ledger has {len(found)} entries {kind} where there must be one")
        return found[0]

    def take(self, event: Event) -> None:
        if self.first_index < 0:
            self.first_index = event.index
        if event.type in _KEPT | _DRILL:
            self.events[event.type].append(event)
        if self.events["purge.done"] and event.type in ("matching.started", "matching.resumed", "alert.raised", "passers.counted"):
            raise Failed(f"the entry {event.type} comes after the purge")
        if event.type in _FIGURES:
            self._figure(event.type, event.body)

    def _figure(self, kind: str, body: Fields) -> None:
        if kind == "passers.counted":
            self.totals.update({name: count(body, name) for name in COUNTED})
            return
        alert_id = text(body, "alert_id", 80)
        if kind == "alert.raised":
            if alert_id in self.alerts:
                raise Failed(f"alert {alert_id} is raised twice")
            self.alerts[alert_id] = Alert()
            return
        alert = self.alerts.get(alert_id)
        if alert is None:
            raise Failed(f"alert {alert_id} is decided but was never raised")
        self.scripted |= body["scripted"] is True
        if kind == "alert.adjudicated":
            if alert.decision is not None or body["decision"] not in DECISIONS:
                raise Failed(f"alert {alert_id} is adjudicated twice, or as something unknown")
            alert.decision = body["decision"]
        else:
            if alert.outcome is not None or body["outcome"] not in OUTCOMES:
                raise Failed(f"alert {alert_id} is resolved twice, or as something unknown")
            alert.outcome, alert.engaged = body["outcome"], body["engagement"] == "engaged"


@dataclass(slots=True)
class UnitLedger:
    """`stops`: where the range of a deployment's published record ends, known from the office before this ledger is read."""

    unit_id: str
    stops: dict[str, int]
    deployments: dict[str, UnitDeployment] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        for each in event.objects:
            self.named.setdefault(each, f"entry {event.index} ({event.type}) of the ledger of unit {self.unit_id}")
        if event.deployment is None:
            return
        deployment = self.deployments.setdefault(event.deployment, UnitDeployment(self.unit_id))
        if event.type in _FIGURES and event.index >= self.stops.get(event.deployment, event.index + 1):
            deployment.after_stop += 1
        else:
            deployment.take(event)
