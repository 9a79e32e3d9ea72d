"""The sealed list on its way to one unit: what the compiler asserts about its bytes (R20, R31)."""

from typing import Annotated, ClassVar

from pydantic import Field

from governance.messages.model import ModelStanding
from governance.messages.payload import Body, Digest, Hex32, Id, Line, WireTime


class Bundle(Body):
    """Asserted with action `seal`. Leaves are the approved ones; sealed entries = leaves minus removals."""

    object_type: ClassVar[str] = "bundle"
    max_bytes: ClassVar[int] = 8 * 2**20

    deployment_id: Id
    unit_id: Id
    recipient: Line
    authority: Digest
    list_root: Hex32
    leaves: Annotated[tuple[Hex32, ...], Field(min_length=1, max_length=20_000)]
    removals: tuple[Hex32, ...]
    compiled_at: WireTime
    not_before: WireTime
    not_after: WireTime
    pack_digest: Digest
    model: ModelStanding
    plain: Digest
    cipher: Digest


class UnitKey(Body):
    """The public half of a unit's one-use key, signed by the unit."""

    object_type: ClassVar[str] = "unit-key"

    deployment_id: Id
    unit_id: Id
    recipient: Line
    created_at: WireTime
