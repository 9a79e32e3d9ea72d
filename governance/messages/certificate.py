"""The pipeline certificate: what exactly was tested, by whom, under which plan, and which threshold each list size may use (R37, R98).

It certifies a pipeline, not a model file: `pipeline` spells out everything that decides who is alerted on, and its digest is
what a unit measures again. A certificate names the plan that was logged before the run, and every run of that plan, failed
ones included: whoever tried until it fitted says so here.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from governance.messages.payload import Body, Decimal, Digest, Line, Strict, Text, WireTime, digest_of

RETEST_CEILING = timedelta(days=731)
"""R102: no certificate lasts longer than 24 months, whatever a profile says."""

Count = Annotated[int, Field(ge=0)]


class CameraClass(StrEnum):
    """Where the frames came from when the pipeline was tested; another class is another pipeline (R99)."""

    REHEARSAL = "rehearsal_camera"
    VIDEO_FILE = "video_file"
    LIVE = "live_camera"


class Predicted(Strict):
    """How often something is to be expected in one passage: k of n measured, the estimate and its 95 % bounds, and by which
    method. `extrapolated`: the list is longer than any that was measured."""

    k: Count
    n: Count
    expected: Decimal
    low: Decimal
    high: Decimal
    method: Line
    extrapolated: bool

    @model_validator(mode="after")
    def _coherent(self) -> "Predicted":
        if self.k > self.n or not 0 <= float(self.low) <= float(self.high) <= 1 or float(self.expected) > float(self.high):
            raise ValueError("counts and bounds of a prediction contradict each other")
        return self


class Band(Strict):
    """The threshold for lists up to `max_entries` (cosine of unit vectors, decimal string), and what it costs at that size:
    false alerts per passage of somebody not listed, misses per passage of somebody listed. None: not measured."""

    max_entries: Annotated[int, Field(ge=1)]
    threshold: Decimal
    false_alerts: Predicted | None = None
    misses: Predicted | None = None


class GroupRate(Strict):
    """Recognition and false alerts for one group, as counts (R38)."""

    attribute: Line
    group: Line
    recognised_k: Count
    recognised_n: Count
    false_k: Count
    false_n: Count

    @model_validator(mode="after")
    def _coherent(self) -> "GroupRate":
        if self.recognised_k > self.recognised_n or self.false_k > self.false_n:
            raise ValueError(f"more events than trials in {self.attribute} {self.group}")
        return self


class Licence(Strict):
    """What the models' licences allow at most, in their own words, and how that was checked (R98)."""

    use: Literal["demonstration", "research", "licensed", "any"]
    statement: Text
    checked: Text


class RunLine(Strict):
    """One run of the plan, as the office's ledger has it. `open`: it began and never said how it ended."""

    ordinal: Annotated[int, Field(ge=1)]
    began_at: WireTime
    outcome: Literal["passed", "failed", "aborted", "open"]
    result: Digest | None


class Evidence(Strict):
    """A run that passed, of a plan logged before it, and every other run of that plan until this certificate was issued."""

    plan: Digest
    run: Annotated[int, Field(ge=1)]
    result: Digest
    runs: Annotated[tuple[RunLine, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _rests_on_a_pass(self) -> "Evidence":
        if [line.ordinal for line in self.runs] != list(range(1, len(self.runs) + 1)):
            raise ValueError("the runs of a plan are numbered 1, 2, 3 without a gap")
        if self.run > len(self.runs) or (own := self.runs[self.run - 1]).outcome != "passed" or own.result != self.result:
            raise ValueError("a certificate rests on a run of its plan that passed, and on that run's result")
        return self

    @property
    def face(self) -> str:
        """How this result came about, in a sentence: nobody shops for a good one unseen."""
        others = [line for line in self.runs if line.outcome != "passed"]
        told = ", ".join(f"run {line.ordinal} {'never ended' if line.outcome == 'open' else line.outcome}" for line in others)
        return f"run {self.run} of {len(self.runs)} of its plan; {told or 'no run failed'}"


class Certificate(Body):
    """Signed by a test body in the roster. `groups` empty means: not measured, which operational mode refuses."""

    object_type: ClassVar[str] = "certificate"

    pack: Line
    pack_digest: Digest
    pipeline_digest: Digest
    pipeline: Text  # the facts as canonical JSON; exactly these bytes have the pipeline digest
    camera_classes: Annotated[tuple[CameraClass, ...], Field(min_length=1)]
    bands: Annotated[tuple[Band, ...], Field(min_length=1, max_length=20)]
    groups: tuple[GroupRate, ...]
    issuer: Line
    data_statement: Text
    licence: Licence
    known_limits: tuple[Text, ...]
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1, max_length=8)]
    valid_to: WireTime

    @model_validator(mode="after")
    def _coherent(self) -> "Certificate":
        if digest_of(self.pipeline.encode()) != self.pipeline_digest:
            raise ValueError("the pipeline spelled out is not the one the digest names")
        if len({one.plan for one in self.evidence}) != len(self.evidence):
            raise ValueError("a plan is named twice")
        if len({band.max_entries for band in self.bands}) != len(self.bands):
            raise ValueError("two bands end at the same size of list")
        return self

    def band_for(self, entries: int) -> Band | None:
        """The smallest band that reaches a list of this size, or None."""
        bands = sorted(self.bands, key=lambda band: band.max_entries)
        return next((band for band in bands if entries <= band.max_entries), None)

    def threshold_for(self, entries: int) -> str | None:
        """The certified threshold for a list of this size, or None when no band reaches so far."""
        band = self.band_for(entries)
        return band.threshold if band else None

    @property
    def face(self) -> tuple[str, ...]:
        """What stands on its face about how it came about, a sentence per plan."""
        return tuple(one.face for one in self.evidence)
