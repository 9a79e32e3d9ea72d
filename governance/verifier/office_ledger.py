"""What the office's ledger says, gathered in one pass: only the entries that later checks ask for are kept."""

from collections import defaultdict
from dataclasses import dataclass, field

from .events import Event
from .strict import Failed, digest, text

_TESTS = frozenset({"plan.registered", "run.started", "run.ended", "certificate.registered"})
_REGISTER = frozenset({"pipeline.registered", "pipeline.moved", "review.cleared", "pipeline.monitored", "groups.monitored"})
_OF_A_DEPLOYMENT = frozenset({"authority.granted", "unit_key.received", "bundle.sealed", "stop.ordered", "record.published"})


@dataclass(slots=True)
class OfficeLedger:
    """`deployments`: id to its entries by type, in order. `named`: object digest to the entry that named it first."""

    rosters: list[Event] = field(default_factory=list)
    syncs: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    deployments: dict[str, dict[str, list[Event]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    tests: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    register: list[Event] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    modes: set[str] = field(default_factory=set)

    def take(self, event: Event) -> None:
        self.modes.add(event.mode)
        for each in event.objects:
            self.named.setdefault(each, f"entry {event.index} ({event.type}) of the office ledger")
        if event.type in _OF_A_DEPLOYMENT:
            if event.deployment is None:
                raise Failed(f"the entry {event.type} names no deployment")
            self.deployments[event.deployment][event.type].append(event)
        elif event.type in _TESTS:
            self.tests[event.type].append(event)
        elif event.type in _REGISTER:
            self.register.append(event)
        elif event.type == "roster.published":
            digest(event.body, "roster")
            self.rosters.append(event)
        elif event.type == "sync.received":
            self.syncs[text(event.body, "unit_id", 80)].append(event)

    def entries(self, deployment: str, kind: str) -> list[Event]:
        return self.deployments[deployment][kind] if deployment in self.deployments else []
