"""What a console is shown: plain values, with times aware and pictures as bytes, made from the journal's answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from governance.events import AlertDecision, AlertOutcome, read_entry
from governance.rules.finding import Finding
from lfr_engine.clock import parse_utc
from mobile_unit.identity import Identity
from mobile_unit.journal import answers
from mobile_unit.journal.tables import AlertState
from mobile_unit.runtime.counting import Counters
from mobile_unit.runtime.live import Going
from mobile_unit.starting import Ready, Wish
from watchlist.entry import Entry

Band = Literal["just above the threshold", "above the threshold", "well above the threshold"]


@dataclass(frozen=True, slots=True)
class StaffMember:
    person_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What stays the same through the run."""

    deployment_id: str
    unit_id: str
    unit_name: str
    force: str
    operation: str
    place: str
    window_start: datetime
    window_end: datetime
    mode: str
    profile: str
    watchlist_size: int
    threshold: str
    camera_ids: tuple[str, ...]
    operators: tuple[StaffMember, ...]
    engagement_officers: tuple[StaffMember, ...]
    would_block: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Right now. `position` is the ledger's size: what comes later stands from there on."""

    state: Going
    ended_because: str | None
    now: datetime
    left_s: float
    counters: Counters
    cameras: dict[str, str]
    """What each is doing, in words."""
    unwell: tuple[str, ...]
    """Cameras that need somebody."""
    unused: tuple[str, ...]
    """Cameras that were taken out or lost, and can be added again."""
    open_alerts: int
    decided: dict[AlertDecision, int]
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """An alert without its pictures."""

    alert_id: str
    camera_id: str
    raised_at: datetime
    state: AlertState
    erased: bool
    decision: AlertDecision | None
    reason: str | None
    decided_at: datetime | None
    engagement_officer_id: str | None
    operator_id: str | None
    engagement: str | None
    outcome: AlertOutcome | None
    identified_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert as people look at it: probe and candidate, and never a number for how alike they are (R40)."""

    line: AlertLine
    probes: tuple[bytes, ...]
    figure: bytes
    thumb: bytes
    entry: Entry
    band: Band
    quality: dict[str, float]
    bbox_xyxy_px: tuple[int, int, int, int]
    frame: int
    others: int


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Something that happened, as the ledger has it."""

    position: int
    type: str
    at: datetime
    body: dict[str, Any]


def band(similarity: float, threshold: float) -> Band:
    """How far above the threshold in words, by thirds of the way from the threshold to 1."""
    way = (similarity - threshold) / max(1e-9, 1 - threshold)
    return "just above the threshold" if way < 1 / 3 else "above the threshold" if way < 2 / 3 else "well above the threshold"


def shown(identity: Identity, ready: Ready, wish: Wish) -> Shown:
    authority, confirmed = ready.passed.authority, wish.confirmed
    names = {person.person_id: person.name for person in ready.passed.roster.roster.persons}
    return Shown(
        deployment_id=wish.deployment_id,
        unit_id=identity.unit_id,
        unit_name=identity.facts.name,
        force=authority.body.force,
        operation=authority.body.operation,
        place=authority.body.place.name,
        window_start=parse_utc(authority.body.window.start),
        window_end=parse_utc(authority.body.window.end),
        mode=authority.mode.value,
        profile=authority.profile,
        watchlist_size=len(ready.passed.people),
        threshold=authority.body.threshold,
        camera_ids=wish.camera_ids,
        operators=(StaffMember(confirmed.operator_id, names[confirmed.operator_id]),),
        engagement_officers=tuple(StaffMember(who, names[who]) for who in confirmed.engagement_officer_ids),
        would_block=ready.passed.would_block,
    )


def line_of(seen: answers.AlertSeen) -> AlertLine:
    fields = seen.model_dump(exclude={"deployment_id", "raised_at", "decided_at"})
    return AlertLine(**fields, raised_at=parse_utc(seen.raised_at), decided_at=parse_utc(seen.decided_at) if seen.decided_at else None)


def ledger_line(line: answers.LedgerEntry) -> LedgerLine:
    event, _ = read_entry(line.entry.encode())
    return LedgerLine(line.position, event.type, parse_utc(event.at), event.body)
