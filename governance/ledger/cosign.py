"""Asks a witness to cosign a checkpoint: the client's half of c2sp.org/tlog-witness (draft v0.1).

The witness answers with one signature line, or with 409 and the size it knows; then a proof from that size is sent, once.
A witness that holds another tree of the same size has caught a fork: that is a VerificationFailed, never a retry.
"""

import base64
import http.client
import urllib.parse
from collections.abc import Callable, Sequence

from governance.ledger.checkpoint import parse_checkpoint, parse_size
from governance.ledger.note import Verifier, open_note, split_note
from lfr_engine.errors import BadInput, LfrError, VerificationFailed

TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 65_536

ProofFrom = Callable[[int], Sequence[bytes]]
"""Old size to the consistency proof from there to the checkpoint; `lambda old: log.consistency_proof(session, old, size)`."""


class WitnessUnavailable(LfrError):
    """The witness is down, too slow, or answers something that is not its protocol. Another witness may still answer."""


def request_cosignature(
    url: str, note: str, *, witness: Verifier, old_size: int, proof_from: ProofFrom, timeout_s: float = TIMEOUT_S
) -> str:
    """The witness's signature line over `note`, verified, newline included. `url` is its submission prefix, `http://host:port`.

    Raises WitnessUnavailable, or VerificationFailed when the witness refuses (a fork, an unknown log) or signs something else.
    """
    size = parse_checkpoint(split_note(note)[0]).size
    status, answer = _post(url, _request(note, old_size, proof_from), timeout_s)
    if status == 409:
        known_size = _size_in(answer, url)
        if known_size == old_size:
            raise VerificationFailed(
                f"the witness {witness.name} cosigned another tree of {size} entries: this log has been forked",
                next_step="stop: two different ledgers were signed with this key",
            )
        if known_size > size:
            raise VerificationFailed(
                f"the witness {witness.name} has already cosigned {known_size} entries of this log; this checkpoint has {size}",
                next_step="take a newer checkpoint; if the ledger has no more entries, an old database was restored",
            )
        status, answer = _post(url, _request(note, known_size, proof_from), timeout_s)
    if status != 200:
        raise _refusal(status, answer, witness)
    return _own_line(note, answer, witness)


def add_signatures(note: str, lines: Sequence[str]) -> str:
    """The note with cosignature lines added, each line once."""
    return note + "".join(dict.fromkeys(line for line in lines if line not in note))


def _request(note: str, old_size: int, proof_from: ProofFrom) -> bytes:
    hashes = "".join(f"{base64.b64encode(each).decode()}\n" for each in proof_from(old_size))
    return f"old {old_size}\n{hashes}\n{note}".encode()


def _post(url: str, body: bytes, timeout_s: float) -> tuple[int, str]:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"{url!r} is not the address of a witness, http://host:port")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout_s)
    try:
        connection.request("POST", parts.path.rstrip("/") + "/add-checkpoint", body, {"Content-Type": "text/plain; charset=utf-8"})
        response = connection.getresponse()
        answer = response.read(ANSWER_BYTES_MAX + 1)
        if len(answer) > ANSWER_BYTES_MAX:
            raise WitnessUnavailable(f"the witness at {url} answers without end")
        return response.status, answer.decode()
    except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
        raise WitnessUnavailable(
            f"the witness at {url} does not answer ({error or type(error).__name__})", next_step="start lfr-witness, or ask another witness"
        ) from error
    finally:
        connection.close()


def _size_in(answer: str, url: str) -> int:
    try:
        return parse_size(answer.removesuffix("\n"))
    except BadInput as error:
        raise WitnessUnavailable(f"the witness at {url} answers 409 without the size it knows") from error


def _refusal(status: int, answer: str, witness: Verifier) -> LfrError:
    reasons = {
        403: "does not accept the log's signature",
        404: "does not know this log",
        409: "holds a newer tree",
        422: "found the proof wrong",
    }
    if status not in reasons:
        return WitnessUnavailable(f"the witness {witness.name} answers {status}: {answer[:200].strip()}")
    return VerificationFailed(
        f"the witness {witness.name} {reasons[status]} ({status})", next_step="compare the key and the ledger with the witness"
    )


def _own_line(note: str, answer: str, witness: Verifier) -> str:
    """The one line by the key we know, checked over the text we sent; lines of unknown keys are ignored."""
    text = split_note(note)[0]
    try:
        lines = [line for line in split_note(f"{text}\n{answer}")[1] if (line.name, line.key_id) == (witness.name, witness.key_id)]
    except BadInput as error:
        raise WitnessUnavailable(f"the witness {witness.name} answers something that is not a signature") from error
    if not lines:
        raise VerificationFailed(f"the answer is not signed by the witness {witness.name}", next_step="check the witness's key")
    line = str(lines[0])
    open_note(f"{text}\n{line}", [witness])
    return line
