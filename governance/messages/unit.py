"""What a unit sends home: its ledger segment and the certificate of its purge."""

from typing import Annotated, ClassVar

from pydantic import Field

from governance.messages.payload import Base64, Body, Digest, Hex32, Id, Line, Strict, Text, WireTime


class SyncPackage(Body):
    """A segment of the unit's ledger, in order, each entry's exact bytes; bound so that it can be taken only once."""

    object_type: ClassVar[str] = "sync"
    max_bytes: ClassVar[int] = 64 * 2**20

    deployment_id: Id
    unit_id: Id
    epoch: Id
    sequence: Annotated[int, Field(ge=1)]
    office_nonce: Hex32
    previous_size: Annotated[int, Field(ge=0)]
    previous_root: Hex32
    entries: tuple[Base64, ...]
    checkpoint: Text
    objects: tuple[Base64, ...]  # DSSE envelopes named by the entries: unit key, purge certificate


class Destroyed(Strict):
    """One kind of thing that no longer exists, and how many."""

    what: Line
    count: Annotated[int, Field(ge=0)]


class PurgeCertificate(Body):
    """`proves` says what this can show: that keys were destroyed, not that flash cells were overwritten (R61)."""

    object_type: ClassVar[str] = "purge"

    deployment_id: Id
    unit_id: Id
    recipient: Line
    bundle: Digest
    matching_ended_at: WireTime
    ended_because: Line
    destroyed_at: WireTime
    destroyed: tuple[Destroyed, ...]
    bundle_opens_after: bool
    method: Text
    proves: Text
