"""What the journal answers: strict, typed, one JSON line each."""

from typing import Annotated, Any, Literal

from pydantic import Field

from governance.events import AlertDecision, AlertOutcome
from governance.messages.payload import Base64, Digest, Hex32, Id, Line, Strict, WireTime
from mobile_unit.journal.asking import MAX_LINE_BYTES, AlertContent, Count
from mobile_unit.journal.tables import AlertState, State


class Done(Strict):
    """It is written; `size` is the ledger's size."""

    size: Count


class DeploymentSeen(Strict):
    """A deployment as the journal has it."""

    deployment_id: Id
    state: State
    recipient: Line
    unit_key: Base64
    profile: Id
    decision: Digest | None
    bundle: Digest | None
    window_end: WireTime | None
    started_at: WireTime | None
    ended_at: WireTime | None
    ended_because: Line | None
    purge: Base64 | None


class UnitSeen(Strict):
    """What the gate must remember, the deployments there are, and the ledger's size and root."""

    roster_version: Count
    last_seen: WireTime | None
    newest_cosignature: WireTime | None
    deployments: tuple[DeploymentSeen, ...]
    size: Count
    root: Hex32


class AlertSeen(Strict):
    """An alert without its pictures."""

    alert_id: Id
    deployment_id: Id
    camera_id: Id
    raised_at: WireTime
    state: AlertState
    erased: bool
    decision: AlertDecision | None
    reason: Line | None
    decided_at: WireTime | None
    engagement_officer_id: Id | None
    operator_id: Id | None
    engagement: Line | None
    outcome: AlertOutcome | None
    identified_by: Line | None


class AlertsSeen(Strict):
    alerts: tuple[AlertSeen, ...]
    size: Count


class AlertShown(Strict):
    alert: AlertSeen
    content: AlertContent


class OrderTaken(Strict):
    """The next order, or none."""

    what: Literal["stop", "pause", "resume", "release"] | None
    who: Id | None
    reason: Line


class Erased(Strict):
    alert_ids: tuple[Id, ...]
    kept: Count


class PackageMade(Strict):
    sequence: Annotated[int, Field(ge=1)]
    size: Count
    root: Hex32
    envelope: Annotated[str, Field(max_length=MAX_LINE_BYTES)]


class LedgerEntry(Strict):
    position: Count
    entry: Annotated[str, Field(max_length=16 * 1024)]


class LedgerSeen(Strict):
    entries: tuple[LedgerEntry, ...]
    size: Count


class WalkSeen(Strict):
    """One walk of the schedule."""

    number: Count
    walker_id: Id
    due_at: WireTime
    tapped_at: WireTime | None


class DrillSeen(Strict):
    """In order of time; empty where the authority has no drill."""

    walks: tuple[WalkSeen, ...]


class Failed(Strict):
    """Why nothing was changed: the error as the command line prints it, and its kind."""

    failed: dict[str, Any]
