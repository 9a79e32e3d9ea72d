"""The part of an evaluation's result that a certificate takes over; the rest of the file is covered by its digest (R100)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from governance.intervals import fixed
from governance.messages.certificate import Band, GroupRate, Predicted
from governance.messages.payload import Decimal, Digest
from lfr_engine.errors import BadInput

Share = Annotated[float, Field(ge=0, le=1)]


class Registered(BaseModel):
    """What a result says of its own registration."""

    plan: Digest
    run: Annotated[int, Field(ge=1)]


class MeasuredRate(BaseModel):
    """A prediction of the calibration, its shares still as numbers."""

    model_config = ConfigDict(extra="ignore")

    k: Annotated[int, Field(ge=0)]
    n: Annotated[int, Field(ge=0)]
    expected: Share
    low: Share
    high: Share
    method: Annotated[str, Field(max_length=300)]
    extrapolated: bool

    @property
    def predicted(self) -> Predicted:
        shares = {name: fixed(getattr(self, name)) for name in ("expected", "low", "high")}
        return Predicted(k=self.k, n=self.n, method=self.method, extrapolated=self.extrapolated, **shares)


class MeasuredBand(BaseModel):
    """One threshold of the calibration."""

    model_config = ConfigDict(extra="ignore")

    max_entries: Annotated[int, Field(ge=1)]
    threshold: Decimal
    false_alerts: MeasuredRate | None = None
    misses: MeasuredRate | None = None

    @property
    def band(self) -> Band:
        return Band(
            max_entries=self.max_entries,
            threshold=self.threshold,
            false_alerts=self.false_alerts.predicted if self.false_alerts else None,
            misses=self.misses.predicted if self.misses else None,
        )


class MeasuredGroup(BaseModel):
    """One group's counts; None where they are too small to show."""

    model_config = ConfigDict(extra="ignore")

    attribute: str
    group: str
    recognised_k: int | None
    recognised_n: int | None
    false_k: int | None
    false_n: int | None

    @property
    def rate(self) -> GroupRate | None:
        """As a certificate has it; None where nothing may be shown."""
        counts = (self.recognised_k, self.recognised_n, self.false_k, self.false_n)
        return None if None in counts else GroupRate.model_validate(self.model_dump())


class CertifiableResult(BaseModel):
    """The part of a result file that a certificate takes over; the rest of the file is covered by its digest."""

    model_config = ConfigDict(extra="ignore")

    pipeline_digest: Digest
    pack_digest: Digest
    registered: Registered
    bands: tuple[MeasuredBand, ...] = ()
    groups: tuple[MeasuredGroup, ...] = ()


def read_result(result: bytes) -> CertifiableResult:
    """Raises BadInput naming the field that a certificate needs and the result lacks."""
    try:
        return CertifiableResult.model_validate_json(result)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "its start"
        raise BadInput(
            f"this result cannot be certified: {place}: {first['msg']}",
            next_step="run lfr evaluate with --plan, and calibrate, then certify that very file",
        ) from error
