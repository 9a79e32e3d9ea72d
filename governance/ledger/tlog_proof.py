"""Offline proof that an entry is in a witnessed log, to the byte of c2sp.org/tlog-proof (draft v0.1, header `tlog-proof@v1`).

`extra` carries the entry itself, so that the proof stands alone. It is unauthenticated until the proof has been verified
with it: `verify` hashes it into the tree.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from governance.ledger.checkpoint import parse_checkpoint, parse_size
from governance.ledger.note import COSIGNATURE_V1, Verifier, decode_base64, open_note
from lfr_engine.errors import BadInput, VerificationFailed
from watchlist.sealing.merkle import leaf_hash, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
PROOF_BYTES_MAX = 131_072  # an entry of 16 KiB in base64, 63 hashes and a note of at most 64 KiB
HASHES_MAX = 63


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Entry, place, path and the cosigned checkpoint it leads to; unverified until `verify` returned."""

    entry: bytes
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    @property
    def text(self) -> str:
        head = [HEADER, f"extra {base64.b64encode(self.entry).decode()}", f"index {self.index}"]
        return "\n".join([*head, *(base64.b64encode(each).decode() for each in self.hashes), "", self.checkpoint])

    def verify(self, *, log: Verifier, witnesses: Iterable[Verifier], threshold: int) -> datetime:
        """The time of the newest cosignature. Raises BadInput (malformed) or VerificationFailed (does not prove it).

        At least `threshold` different witness keys must have cosigned; a threshold below one would prove nothing.
        """
        if threshold < 1:
            raise BadInput("a proof needs at least one witness")
        known = [each for each in witnesses if each.algorithm == COSIGNATURE_V1]
        opened = open_note(self.checkpoint, [log, *known])
        if log not in opened.signed_by:
            raise VerificationFailed(f"the checkpoint in this proof is not signed by {log.name}")
        stated = parse_checkpoint(opened.text)
        if stated.origin != log.name:
            raise VerificationFailed(f"the checkpoint in this proof is of the log {stated.origin}, not of {log.name}")
        if len({each.public_key for each in opened.times_s}) < threshold:
            raise VerificationFailed(
                f"{len(opened.times_s)} of the known witnesses cosigned this checkpoint; the roster asks for {threshold}",
                next_step="ask the office for a proof under a cosigned checkpoint",
            )
        verify_inclusion(leaf_hash(self.entry), self.index, stated.size, self.hashes, stated.root_hash)
        try:
            return datetime.fromtimestamp(max(opened.times_s.values()), UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise VerificationFailed("a cosignature names an impossible time") from error


def parse_proof(text: str) -> TlogProof:
    """Raises BadInput on anything but a proof of this form, one without `extra` included: ours always carry the entry."""
    if len(text.encode()) > PROOF_BYTES_MAX:
        raise BadInput(f"a proof has at most {PROOF_BYTES_MAX} bytes")
    head, blank, checkpoint = text.partition("\n\n")
    header, *lines = head.split("\n")
    if header != HEADER or not blank or len(lines) < 2 or not lines[0].startswith("extra ") or not lines[1].startswith("index "):
        raise BadInput("this is not a proof of the form c2sp.org/tlog-proof@v1 with its entry")
    hashes = tuple(decode_base64(line) for line in lines[2:])
    if len(hashes) > HASHES_MAX or any(len(each) != 32 for each in hashes):
        raise BadInput("an inclusion proof is at most 63 hashes of 32 bytes")
    return TlogProof(decode_base64(lines[0].removeprefix("extra ")), parse_size(lines[1].removeprefix("index ")), hashes, checkpoint)
