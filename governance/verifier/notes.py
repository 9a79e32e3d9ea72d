"""Signed notes, checkpoints and cosignatures (c2sp.org/signed-note@v1.0.0, tlog-checkpoint@v1.0.0, tlog-cosignature@v1.0.0)."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .strict import Failed, base64_bytes

NOTE_BYTES_MAX = 65_536
LOG_KEY, WITNESS_KEY = 1, 4
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A verifier key: name, kind (log or witness), 32 bytes of Ed25519 public key."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(b"%s\n%c%s" % (self.name.encode(), self.kind, self.public)).digest()[:4]


def parse_vkey(line: str, *, kind: int) -> NoteKey:
    """`<name>+<key id>+<base64 of kind and key>` of the kind wanted."""
    parts = line.strip().split("+", 2)
    if len(parts) != 3 or not re.fullmatch(r"[^\s+]+", parts[0]):
        raise Failed("a verifier key has the form name+id+base64")
    encoded = base64_bytes(parts[2])
    if len(encoded) != 33 or encoded[0] != kind:
        raise Failed(f"{parts[0][:80]} is not the key of a {'log' if kind == LOG_KEY else 'witness'}")
    key = NoteKey(parts[0], kind, encoded[1:])
    if key.key_id.hex() != parts[1]:
        raise Failed(f"the verifier key of {parts[0][:80]} was altered: its id does not belong to it")
    return key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's own statement whose signature held, with the cosignatures of known witnesses (key bytes to seconds since 1970)."""

    origin: str
    size: int
    root: bytes
    cosigned_s: dict[bytes, int]


def open_checkpoint(note: str, log: NoteKey, witnesses: Iterable[NoteKey] = ()) -> Checkpoint:
    """Raises Failed unless the log's key signed it and every known witness's line, where there is one, holds."""
    body, lines = _split(note)
    signed_by_log = False
    cosigned: dict[bytes, int] = {}
    known = {(key.name, key.key_id): key for key in (log, *witnesses)}
    for name, data in lines:
        key = known.get((name, data[:4]))
        if key is None:
            continue
        if key.kind == LOG_KEY:
            _check(key, data[4:], body.encode())
            signed_by_log = True
        else:
            seconds = int.from_bytes(data[4:12], "big")
            _check(key, data[12:], f"cosignature/v1\ntime {seconds}\n{body}".encode())
            cosigned[key.public] = seconds
    if not signed_by_log:
        raise Failed(f"the checkpoint is not signed by the key of {log.name}")
    origin, size, root = _statement(body)
    if origin != log.name:
        raise Failed(f"the checkpoint is of the log {origin[:80]}, not of {log.name}")
    return Checkpoint(origin, size, root, cosigned)


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", note):
        raise Failed("this is not a signed note")
    lines = []
    for line in tail[:-1].split("\n"):
        found = _LINE.fullmatch(line)
        data = base64_bytes(found[2]) if found else b""
        if found is None or len(data) < 5:
            raise Failed("a signature line of the note is malformed")
        lines.append((found[1], data))
    return head + "\n", lines


def _statement(body: str) -> tuple[str, int, bytes]:
    lines = body[:-1].split("\n")
    if len(lines) != 3 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise Failed("a checkpoint is three lines: origin, size, root; extension lines cannot be audited")
    root = base64_bytes(lines[2])
    if len(root) != 32:
        raise Failed("the root hash of the checkpoint has another length than 32 bytes")
    return lines[0], int(lines[1]), root


def _check(key: NoteKey, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise Failed(f"the signature of {key.name} on the checkpoint does not hold") from error
