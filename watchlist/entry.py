"""A watchlist entry, its commitment, and the list root an authorising officer asserts (R17, R18, R29).

The commitment is HMAC-SHA256 keyed with the entry's own 256-bit nonce over the entry's exact bytes: it can be published
without saying who it is, and opened later by whoever holds nonce and entry.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from lfr_engine.errors import BadInput
from watchlist.categories import Category, ImageSource, ResponseClass
from watchlist.sealing import merkle

MAX_ENTRIES = 20_000
_Line = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
_Text = Annotated[str, StringConstraints(min_length=10, max_length=4000, strip_whitespace=True)]
_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
_Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class Entry(BaseModel):
    """One person on one list. `born` None means unknown age, which counts as under 18 until resolved (R21)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entry_id: _Id
    subject_ref: _Line
    category: Category
    justification: _Text
    offence_or_power: _Line
    image_source: ImageSource
    legal_basis: _Line
    image_date: date
    image: _Digest
    template: _Digest
    pack_digest: _Digest
    quality: Annotated[float, Field(ge=0, le=1)]
    born: date | None
    response: ResponseClass
    what_to_do: _Line
    safety_markers: tuple[_Line, ...] = ()
    proposer_id: _Id
    reviewer_id: _Id
    reviewed_at: Annotated[str, StringConstraints(max_length=24)]
    expires_at: Annotated[str, StringConstraints(max_length=24)]

    def under_18(self, on: date) -> bool:
        """Whether special care for children applies on this day; unknown age does (R21)."""
        if self.born is None:
            return True
        had_birthday = (on.month, on.day) >= (self.born.month, self.born.day)
        return on.year - self.born.year - (not had_birthday) < 18

    def to_bytes(self) -> bytes:
        """The exact bytes that are committed to, sealed and shown."""
        return self.model_dump_json().encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Entry":
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors()[0]
            raise BadInput(f"a watchlist entry is malformed at {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def new_nonce() -> bytes:
    """256 random bits: without them nobody can test a guess against a published commitment."""
    return secrets.token_bytes(32)


def commitment(entry: bytes, nonce: bytes) -> str:
    """The leaf of this entry as 64 hex digits."""
    if len(nonce) != 32:
        raise ValueError("an entry's nonce has 32 bytes")
    return hmac.new(nonce, entry, hashlib.sha256).hexdigest()


def list_root(leaves: Iterable[str]) -> str:
    """RFC 6962 root over the leaves in sorted order (the order says nothing about who was added when), 64 hex digits."""
    ordered = sorted(leaves)
    if not 1 <= len(ordered) <= MAX_ENTRIES:
        raise BadInput(f"a list holds 1 to {MAX_ENTRIES} entries, this one {len(ordered)}")
    if len(set(ordered)) != len(ordered):
        raise BadInput("the same leaf stands twice in a list")
    return merkle.root([merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in ordered]).hex()
