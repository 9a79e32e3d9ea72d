"""The document an authorising officer asserts: why, who, where, when, with what, under which limits.

Its bytes travel inside a Decision with action `authorise`. Everything the gate compares is in here (R1).
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from governance.messages.payload import Body, Decimal, Digest, Hex32, Id, Line, RuleId, Strict, Text, WireTime
from watchlist.categories import Category, ImageSource


class Policy(Strict):
    """The published policy the deployment rests on (R5): without publication it is not law (Bridges)."""

    url: Line
    digest: Digest
    version: Line
    in_force_from: WireTime


class Place(Strict):
    """Where: a closed location type, a closed ring of corners (WGS84 longitude, latitude) and why listed people may be there (R5, R6)."""

    name: Line
    location_type: Id
    polygon: tuple[tuple[float, float], ...]
    justification: Text
    intelligence_ref: Line

    @model_validator(mode="after")
    def _closed_ring(self) -> "Place":
        if len(self.polygon) < 4 or self.polygon[0] != self.polygon[-1] or len(self.polygon) > 500:
            raise ValueError("a polygon is a closed ring of 4 to 500 points")
        if not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in self.polygon):
            raise ValueError("a point lies outside the world")
        return self


class Window(Strict):
    """From when to when matching may run (R8)."""

    start: WireTime
    end: WireTime

    @model_validator(mode="after")
    def _in_order(self) -> "Window":
        if self.end <= self.start:
            raise ValueError("the end lies before the start")
        return self


class ListSummary(Strict):
    """What the officer sees of the list, and the Merkle root over its leaves (R26)."""

    root: Hex32
    size: Annotated[int, Field(ge=1, le=20_000)]
    by_category: dict[Category, int]
    by_source: dict[ImageSource, int]
    under_18: Annotated[int, Field(ge=0)]


class DocumentReference(Strict):
    """A document bound by kind, version and hash (R10)."""

    kind: Literal["DPIA", "EIA", "APD", "CIA", "legal_mandate", "training_plan"]
    version: Line
    digest: Digest
    review_due: WireTime


class Retention(Strict):
    """How long what is kept, under the ceilings in code (R57-R60)."""

    alert_h: Annotated[int, Field(ge=0, le=744)]
    watchlist_after_end_h: Annotated[int, Field(ge=0, le=24)]
    cctv_d: Annotated[int, Field(ge=0, le=31)]


class ShownFinding(Strict):
    """A finding as the officer saw it when deciding."""

    rule_id: RuleId
    level: Literal["blocks", "would_block", "warns", "informs"]
    text: Text


class DrillWalker(Strict):
    """A member of staff by pseudonym, the leaf of their blue entry, and the public half of the token they tap (R30)."""

    walker_id: Id
    entry_id: Id
    leaf: Hex32
    token: Annotated[str, Field(max_length=300)]


class DrillPlan(Strict):
    """Who walks, and how often in all. When is drawn from the digest of this very authority (governance/drills.py)."""

    walkers: Annotated[tuple[DrillWalker, ...], Field(min_length=1, max_length=50)]
    walks: Annotated[int, Field(ge=1, le=500)]

    @model_validator(mode="after")
    def _each_once(self) -> "DrillPlan":
        for name in ("walker_id", "entry_id", "leaf", "token"):
            if len({getattr(walker, name) for walker in self.walkers}) != len(self.walkers):
                raise ValueError(f"two walkers share one {name}")
        return self


class Authority(Body):
    """The whole authority. `server_random` and `revision` tie the assertion to the one document the office served."""

    object_type: ClassVar[str] = "authority"
    max_bytes: ClassVar[int] = 512 * 1024

    server_random: Hex32
    revision: Annotated[int, Field(ge=1)]
    application_id: Id
    deployment_id: Id
    force: Id
    operating_forces: tuple[Id, ...]
    operation: Line
    applicant_id: Id
    authorising_officer_id: Id
    operator_ids: tuple[Id, ...]
    use_case: Id
    objective: Text
    necessity: Text
    proportionality: Text
    alternatives: Text
    seriousness_of_harm: Literal["low", "moderate", "serious", "very_serious"]
    policy: Policy
    place: Place
    camera_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=8)]
    window: Window
    unit_id: Id
    watchlist: ListSummary
    drill: DrillPlan | None = None
    certificate: Digest
    threshold: Decimal
    documents: tuple[DocumentReference, ...]
    retention: Retention
    notice_published_at: WireTime | None
    officer_reasons: Text
    findings: tuple[ShownFinding, ...]
