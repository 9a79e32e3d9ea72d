"""The deployment record: what one deployment did, in counts that anyone can recompute from the ledger (R74, R75, R84)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from governance.messages.payload import Body, Decimal, Digest, Hex32, Id, Line, Strict, Text, WireTime
from lfr_engine.sealed.facts import Seal

Count = Annotated[int, Field(ge=0)]


class Rate(Strict):
    """k of n with the exact (Clopper-Pearson) 95 % interval as decimal strings; n = 0 has the interval 0 to 1."""

    k: Count
    n: Count
    low: str
    high: str
    wording: Text


class LedgerRange(Strict):
    """Entries [first, stop) of the unit's ledger that the figures rest on, and that ledger's root at `stop`."""

    origin: Line
    first: Count
    stop: Count
    root: Hex32


class DrillFigures(Strict):
    """Recognition of staff who walked (R30, R78): no operational figure. `low` and `high` are clustered by walker; `measured`
    False means too few walks to say anything, and then there is no rate to read."""

    walkers: Count
    scheduled: Count
    walked: Count
    recognised: Count
    outside_walks: Count
    least_walks: Count
    effective: str
    low: str
    high: str
    measured: bool
    wording: Text


class DeploymentRecord(Body):
    """Asserted with action `publish` by Silver and the authorising officer."""

    object_type: ClassVar[str] = "record"

    deployment_id: Id
    force: Id
    operation: Line
    use_case: Id
    location: Line
    window_start: WireTime
    window_end: WireTime
    matching_started_at: WireTime
    matching_ended_at: WireTime
    ended_because: Line
    authority: Digest
    certificate: Digest
    purge_certificate: Digest
    watchlist_size: Count
    watchlist_by_category: dict[str, int]
    under_18: Count
    threshold: Decimal
    engine_sealed: tuple[Seal, ...]  # what the engine process could not do, whatever code ran in it (R41)
    engine_lacking: tuple[Seal, ...]
    passages: Count
    counting_method: Text
    too_small: Count
    low_quality: Count
    frames: Count
    dropped: Count
    alerts: Count
    true_alerts: Count
    false_alerts: Count
    confirmed_true: Count
    confirmed_false: Count
    indeterminate: Count
    lost_alerts: Count
    open_alerts: Count
    engagements: Count
    false_per_passage: Rate
    false_per_passage_worst: Rate  # every undecided, lost or indeterminate alert counted as false
    false_per_alert: Rate
    true_per_alert: Rate
    drill: DrillFigures | None = None
    decided_by: Literal["officers", "scripted officer reading the rehearsal's truth"]
    ledger: LedgerRange
    notes: tuple[Text, ...]
