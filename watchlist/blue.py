"""A blue entry: a member of staff who agreed to be recognised, so that recognition can be measured (R30).

A type of its own, so that no code that handles people of interest can take one for another: it has no category, no reason
to be sought, nothing to do on an alert, and no photo is sealed with it. It is committed to like any entry.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from lfr_engine.errors import BadInput
from watchlist.entry import commitment

MOST_BLUE = 50
_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
_Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
_Time = Annotated[str, StringConstraints(max_length=24)]


class BlueEntry(BaseModel):
    """One walker of a drill. `consent` is the digest of the signed consent and tasking; `token` the public key they tap with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    blue: Annotated[int, Field(ge=1, le=1)] = 1
    entry_id: _Id
    walker_id: _Id
    consent: _Digest
    consented_at: _Time
    expires_at: _Time
    image: _Digest
    template: _Digest
    pack_digest: _Digest
    quality: Annotated[float, Field(ge=0, le=1)]
    token: Annotated[str, StringConstraints(max_length=300)]

    def to_bytes(self) -> bytes:
        return self.model_dump_json().encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "BlueEntry":
        """Raises BadInput for anything else, an entry of a person of interest above all."""
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors()[0]
            raise BadInput(f"a blue entry is malformed at {'.'.join(map(str, first['loc']))}: {first['msg']}", rule_ids=("R30",)) from error


@dataclass(frozen=True, slots=True)
class BluePerson:
    """A blue entry as it is sealed: exact bytes, nonce, template [d] float32 of unit norm. No picture."""

    content: bytes
    nonce: bytes
    template: npt.NDArray[np.float32]

    @property
    def leaf(self) -> str:
        return commitment(self.content, self.nonce)

    @property
    def entry(self) -> BlueEntry:
        return BlueEntry.from_bytes(self.content)
