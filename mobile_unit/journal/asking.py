"""What may be asked of the journal: strict, typed, one JSON line each.

An answer means the change is on disk together with its ledger entry. A request that fails changes nothing.
"""

import base64
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from governance.events import AlertDecision, AlertOutcome
from governance.messages.payload import Base64, Decimal, Digest, Hex32, Id, Line, RuleId, Strict, WireTime
from lfr_engine.sealed.facts import Seal

MAX_LINE_BYTES = 80 * 2**20  # a sync package in base64; requests are far smaller
Count = Annotated[int, Field(ge=0)]


class Prepare(Strict):
    """Take on a deployment: the one-use key's public half, signed by the unit."""

    do: Literal["prepare"] = "prepare"
    deployment_id: Id
    recipient: Line
    unit_key: Base64


class GateSaidNo(Strict):
    do: Literal["gate_said_no"] = "gate_said_no"
    deployment_id: Id
    operator_id: Id
    rule_ids: tuple[RuleId, ...]


class GateSaidYes(Strict):
    """What the gate let pass, remembered for the run, the purge and the next gate."""

    do: Literal["gate_said_yes"] = "gate_said_yes"
    deployment_id: Id
    operator_id: Id
    engagement_officer_ids: tuple[Id, ...]
    decision: Digest
    bundle: Digest
    certificate: Digest
    would_block: tuple[RuleId, ...]
    profile: Id
    window_end: WireTime
    alert_h: Count
    roster_version: Count
    cosigned_at: WireTime


class Start(Strict):
    """The bundle was opened and matching begins."""

    do: Literal["start"] = "start"
    deployment_id: Id
    operator_id: Id
    entries: Count
    camera_ids: tuple[Id, ...]
    list_root: Hex32
    pack_digest: Digest
    pipeline_digest: Digest
    threshold: Decimal
    sealed: tuple[Seal, ...]
    lacking: tuple[Seal, ...]


class CountPassers(Strict):
    """Deltas since the last time."""

    do: Literal["count_passers"] = "count_passers"
    deployment_id: Id
    minute: WireTime
    frames: Count
    dropped: Count
    passages: Count
    faces: Count
    too_small: Count
    low_quality: Count


class AlertContent(Strict):
    """What is kept under the alert's own key: pictures (JPEG), the candidate's entry and photo, and how near it was."""

    probes: Annotated[tuple[Base64, ...], Field(min_length=1, max_length=3)]
    figure: Base64
    thumb: Base64
    entry: Base64
    leaf: Hex32
    similarity: float
    threshold: float
    quality: dict[str, float]
    frame: Count
    first_frame: Count
    bbox_xyxy_px: tuple[int, int, int, int]
    others: Count

    @property
    def entry_bytes(self) -> bytes:
        return base64.b64decode(self.entry)


class Raise(Strict):
    do: Literal["raise"] = "raise"
    deployment_id: Id
    camera_id: Id
    content: AlertContent


class Show(Strict):
    do: Literal["show"] = "show"
    alert_id: Id
    who: Id
    why: Line


class Adjudicate(Strict):
    do: Literal["adjudicate"] = "adjudicate"
    alert_id: Id
    decision: AlertDecision
    reason: Line
    engagement_officer_id: Id
    operator_id: Id
    scripted: bool


class Resolve(Strict):
    do: Literal["resolve"] = "resolve"
    alert_id: Id
    engagement: Literal["none", "attempted_lost", "engaged"]
    outcome: AlertOutcome
    identified_by: Literal["document", "fingerprint", "known_to_officer", "other", "rehearsal_truth", "not_engaged"]
    engagement_officer_id: Id
    scripted: bool


class DueWalk(Strict):
    """One walk as it was drawn, with the public half of its walker's token."""

    number: Annotated[int, Field(ge=1, le=500)]
    walker_id: Id
    token: Annotated[str, Field(max_length=300)]
    due_at: WireTime


class ScheduleDrill(Strict):
    """The walks of this deployment's drill, before matching starts."""

    do: Literal["schedule_drill"] = "schedule_drill"
    deployment_id: Id
    walks: Annotated[tuple[DueWalk, ...], Field(min_length=1, max_length=500)]


class Walked(Strict):
    """A walker tapped: their token's signature over deployment and walk."""

    do: Literal["walked"] = "walked"
    deployment_id: Id
    walk: Annotated[int, Field(ge=1, le=500)]
    signature: Line
    scripted: bool


class Recognised(Strict):
    """The engine's candidate was a walker of the drill."""

    do: Literal["recognised"] = "recognised"
    deployment_id: Id
    walker_id: Id
    camera_id: Id


class LookAtDrill(Strict):
    do: Literal["look_at_drill"] = "look_at_drill"
    deployment_id: Id


class Pause(Strict):
    do: Literal["pause"] = "pause"
    deployment_id: Id
    who: Id
    reason: Line


class Resume(Strict):
    do: Literal["resume"] = "resume"
    deployment_id: Id
    who: Id
    reason: Line


class Trip(Strict):
    """The monitor of false alerts passed its limit (R54)."""

    do: Literal["trip"] = "trip"
    deployment_id: Id
    passages: Count
    false_alerts: Count
    undecided: Count
    lower: Decimal


class Release(Strict):
    """Silver lets matching go on after that."""

    do: Literal["release"] = "release"
    deployment_id: Id
    who: Id


class Stop(Strict):
    """Matching ended; asking again changes nothing."""

    do: Literal["stop"] = "stop"
    deployment_id: Id
    who: Id
    reason: Literal["end_time", "stop_order", "operator", "clock", "engine_lost", "sources_ended", "monitor", "power_loss"]


class Order(Strict):
    """Ask a running deployment to do something; its runtime takes it within a moment."""

    do: Literal["order"] = "order"
    deployment_id: Id
    what: Literal["stop", "pause", "resume", "release"]
    who: Id
    reason: Line = ""


class TakeOrder(Strict):
    do: Literal["take_order"] = "take_order"
    deployment_id: Id


class ErasePurged(Strict):
    """Erase what goes at once at the purge: alerts decided false, and all of them where nothing is kept (R58)."""

    do: Literal["erase_purged"] = "erase_purged"
    deployment_id: Id


class EraseDue(Strict):
    """Erase every alert whose time has come."""

    do: Literal["erase_due"] = "erase_due"


class Purged(Strict):
    """The purge certificate of a deployment; the first one counts."""

    do: Literal["purged"] = "purged"
    deployment_id: Id
    certificate: Base64


class Package(Strict):
    """The next sync package, or the last one again when nothing happened since."""

    do: Literal["package"] = "package"
    deployment_id: Id
    office_nonce: Hex32


class LookAtDeployment(Strict):
    do: Literal["look_at_deployment"] = "look_at_deployment"
    deployment_id: Id


class LookAtUnit(Strict):
    do: Literal["look_at_unit"] = "look_at_unit"


class LookAtAlerts(Strict):
    do: Literal["look_at_alerts"] = "look_at_alerts"
    deployment_id: Id


class LookAtLedger(Strict):
    """Entries from `position` on, at most `limit`."""

    do: Literal["look_at_ledger"] = "look_at_ledger"
    position: Count
    limit: Annotated[int, Field(ge=0, le=500)]


Request = Annotated[
    Prepare | GateSaidNo | GateSaidYes | Start | CountPassers | Raise | Show | Adjudicate | Resolve | Pause | Resume | Trip | Release | Stop
    | Order | TakeOrder | ErasePurged | EraseDue | Purged | Package | LookAtDeployment | LookAtUnit | LookAtAlerts | LookAtLedger
    | ScheduleDrill | Walked | Recognised | LookAtDrill,
    Field(discriminator="do"),
]  # fmt: skip
REQUESTS: TypeAdapter[Request] = TypeAdapter(Request)
