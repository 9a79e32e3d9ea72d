"""What the witness decides about a submitted checkpoint; pure. Checks in the order of c2sp.org/tlog-witness:

1. the request is well formed                                            else 400
2. the origin is one it was told to witness                              else 404
3. a key it trusts for that origin signed the checkpoint                 else 403
4. the old size is not above the checkpoint's                            else 400
5. the old size is the size it cosigned last (0 if never)                else 409 and that size
6. at equal sizes the roots are equal                                    else 409 and that size: a fork
7. the consistency proof leads from the old tree to the new one          else 422: a fork or a rollback
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from governance.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_size
from governance.ledger.note import Verifier, decode_base64, open_note, split_note
from lfr_engine.errors import BadInput, VerificationFailed
from watchlist.sealing.merkle import EMPTY_ROOT, verify_consistency

PROOF_LINES_MAX = 63


@dataclass(frozen=True, slots=True)
class Head:
    """What the witness remembers of one log: the largest tree it cosigned and when (seconds since 1970)."""

    origin: str
    size: int
    root_hash: bytes
    time_s: int


def empty_head(origin: str) -> Head:
    return Head(origin, 0, EMPTY_ROOT, 0)


@dataclass(frozen=True, slots=True)
class Submission:
    """A parsed request; nothing in it is verified."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str
    checkpoint: Checkpoint


class Declined(Exception):
    """The witness does not cosign. `evidence`: the log's own key signed what it must not sign, which is worth keeping."""

    def __init__(self, status: int, reason: str, *, known_size: int | None = None, evidence: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.known_size = known_size
        self.evidence = evidence


def parse_submission(body: bytes) -> Submission:
    """Raises Declined(400)."""
    try:
        head, blank, note = body.decode().partition("\n\n")
        old_line, *proof_lines = head.split("\n")
        if not blank or not old_line.startswith("old ") or len(proof_lines) > PROOF_LINES_MAX:
            raise BadInput("a request is `old <size>`, at most 63 hashes, an empty line and a checkpoint")
        proof = tuple(decode_base64(line) for line in proof_lines)
        if any(len(each) != 32 for each in proof):
            raise BadInput("a proof line is not a hash of 32 bytes")
        return Submission(parse_size(old_line.removeprefix("old ")), proof, note, parse_checkpoint(split_note(note)[0]))
    except (BadInput, UnicodeDecodeError) as error:
        raise Declined(400, str(error)) from error


def check_signature(submission: Submission, logs: Mapping[str, Sequence[Verifier]]) -> None:
    """Steps 2 and 3. Raises Declined."""
    trusted = logs.get(submission.checkpoint.origin)
    if not trusted:
        raise Declined(404, "this witness does not know that log")
    try:
        open_note(submission.note, trusted)
    except VerificationFailed as error:
        raise Declined(403, str(error)) from error


def check_history(submission: Submission, head: Head) -> None:
    """Steps 4 to 7 against what was cosigned before. Returns nothing, or raises Declined."""
    stated = submission.checkpoint
    if submission.old_size > stated.size:
        raise Declined(400, "the old size is above the checkpoint's size")
    if submission.old_size != head.size:
        raise Declined(409, "the old size is not the one cosigned last", known_size=head.size)
    if stated.size == head.size and stated.root_hash != head.root_hash:
        raise Declined(409, "another tree of this size was cosigned", known_size=head.size, evidence=True)
    try:
        verify_consistency(head.size, stated.size, submission.proof, head.root_hash, stated.root_hash)
    except VerificationFailed as error:
        raise Declined(422, str(error), evidence=True) from error
