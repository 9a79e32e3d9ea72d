"""The pipeline certificate: what was tested, by whom, and which threshold each list size may use (R37, R98)."""

from typing import Annotated, ClassVar

from pydantic import Field

from governance.messages.payload import Body, Decimal, Digest, Line, Strict, Text, WireTime


class Band(Strict):
    """The threshold for lists up to `max_entries` (cosine of unit vectors, decimal string)."""

    max_entries: Annotated[int, Field(ge=1)]
    threshold: Decimal


class GroupRate(Strict):
    """Recognition and false alerts for one group, as counts (R38)."""

    attribute: Line
    group: Line
    recognised_k: Annotated[int, Field(ge=0)]
    recognised_n: Annotated[int, Field(ge=0)]
    false_k: Annotated[int, Field(ge=0)]
    false_n: Annotated[int, Field(ge=0)]


class Certificate(Body):
    """Signed by a test body in the roster. `groups` empty means: not measured, which operational mode refuses."""

    object_type: ClassVar[str] = "certificate"

    pack: Line
    pack_digest: Digest
    pipeline_digest: Digest
    camera_class: Line
    bands: Annotated[tuple[Band, ...], Field(min_length=1, max_length=20)]
    groups: tuple[GroupRate, ...]
    issuer: Line
    data_statement: Text
    licence: Text
    valid_to: WireTime

    def threshold_for(self, entries: int) -> str | None:
        """The certified threshold for a list of this size, or None when no band reaches so far."""
        bands = sorted(self.bands, key=lambda band: band.max_entries)
        return next((band.threshold for band in bands if entries <= band.max_entries), None)
