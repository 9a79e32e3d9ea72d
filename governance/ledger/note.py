"""Signed notes, to the byte of c2sp.org/signed-note@v1.0.0, with the timestamped Ed25519 cosignatures of c2sp.org/tlog-cosignature@v1.0.0.

A note is a text, an empty line, and signature lines `— <name> base64(key id || signature)`. Signature type 0x01 signs the text;
type 0x04 (a witness) signs `cosignature/v1\\ntime <seconds>\\n` and the text, and carries the time in front of the signature.
A *vkey* is the one-line form of a public key: `<name>+<key id as hex>+base64(type || key)`.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lfr_engine.errors import BadInput, VerificationFailed

ED25519 = 0x01
COSIGNATURE_V1 = 0x04

NOTE_BYTES_MAX = 65_536  # a checkpoint with a hundred signatures has 20 KiB
SIGNATURES_MAX = 100  # the specification asks for at least 16
_EM_DASH = "\u2014"
_SIGNATURE_BYTES = {ED25519: 64, COSIGNATURE_V1: 8 + 64}


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line under a note, parsed but not verified."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_EM_DASH} {self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with the name and signature type it is trusted for."""

    name: str
    algorithm: int
    public_key: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(c.isspace() or ord(c) < 0x20 for c in self.name):
            raise BadInput(f"{self.name!r} cannot name a key: no spaces, no plus sign, not empty")
        if self.algorithm not in _SIGNATURE_BYTES or len(self.public_key) != 32:
            raise BadInput(f"the key {self.name} is neither an Ed25519 log key (type 1) nor a cosigner key (type 4)")

    @classmethod
    def from_vkey(cls, vkey: str) -> "Verifier":
        """Raises BadInput for anything but `<name>+<key id>+<base64>` whose key id belongs to the key."""
        name, plus, rest = vkey.strip().partition("+")
        key_id, plus_too, encoded = rest.partition("+")
        if not plus or not plus_too:
            raise BadInput(f"{vkey.strip()[:80]!r} is not a verifier key of the form name+id+base64")
        key = decode_base64(encoded)
        if len(key) != 33:
            raise BadInput(f"the verifier key of {name} has {len(key)} bytes instead of 33")
        verifier = cls(name, key[0], key[1:])
        if verifier.key_id.hex() != key_id:
            raise BadInput(f"the verifier key of {name} has been altered: its id does not belong to it")
        return verifier

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public_key).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.algorithm]) + self.public_key).decode()}"

    def verify(self, text: str, signature: bytes) -> int | None:
        """The time of a cosignature in seconds since 1970, None for a plain signature. Raises VerificationFailed."""
        if len(signature) != _SIGNATURE_BYTES[self.algorithm]:
            raise VerificationFailed(f"the signature of {self.name} has the wrong length")
        time_s, message = None, text.encode()
        if self.algorithm == COSIGNATURE_V1:
            time_s, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            if time_s >= 1 << 63:
                raise VerificationFailed(f"the cosignature of {self.name} names an impossible time")
            message = _cosigned_message(text, time_s)
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature as error:
            raise VerificationFailed(f"the signature of {self.name} does not hold") from error
        return time_s


class Signer:
    """Signs texts as `name`, with a plain signature (a log)."""

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.verifier = Verifier(name, ED25519, private_key.public_key().public_bytes_raw())

    @property
    def vkey(self) -> str:
        return self.verifier.vkey

    def sign(self, text: str) -> str:
        """The whole note. Raises BadInput on a text that no note can hold."""
        _check_text(text)
        line = SignatureLine(self.verifier.name, self.verifier.key_id, self._private_key.sign(text.encode()))
        return f"{text}\n{line}"


class Cosigner:
    """Signs checkpoints together with the time of signing (a witness); it has no plain signature."""

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.verifier = Verifier(name, COSIGNATURE_V1, private_key.public_key().public_bytes_raw())

    @property
    def vkey(self) -> str:
        return self.verifier.vkey

    def cosign(self, text: str, time_s: int) -> str:
        """One signature line, newline included, over the note text and `time_s` seconds since 1970."""
        _check_text(text)
        signature = time_s.to_bytes(8, "big") + self._private_key.sign(_cosigned_message(text, time_s))
        return str(SignatureLine(self.verifier.name, self.verifier.key_id, signature))


@dataclass(frozen=True, slots=True)
class OpenNote:
    """A text and whose signatures held; `times_s` has the cosigners' times in seconds since 1970, by verifier."""

    text: str
    signed_by: tuple[Verifier, ...]
    times_s: dict[Verifier, int]


def split_note(note: str) -> tuple[str, list[SignatureLine]]:
    """The text and the unverified signature lines. Raises BadInput on anything that is not a note."""
    if len(note.encode()) > NOTE_BYTES_MAX:
        raise BadInput(f"a signed note has at most {NOTE_BYTES_MAX} bytes")
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not note.endswith("\n"):
        raise BadInput("this is not a signed note: no empty line before its signatures")
    _check_text(head + "\n")
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise BadInput(f"a signed note has at most {SIGNATURES_MAX} signatures")
    return head + "\n", [_parse_line(line) for line in lines]


def open_note(note: str, verifiers: Iterable[Verifier]) -> OpenNote:
    """Verifies every signature by a known key; unknown keys are ignored.

    Raises BadInput on a malformed note, VerificationFailed when a known key's signature does not hold or none is there.
    """
    text, lines = split_note(note)
    known = {(each.name, each.key_id): each for each in verifiers}
    held: dict[Verifier, int | None] = {}
    for line in lines:
        verifier = known.get((line.name, line.key_id))
        if verifier is not None and verifier not in held:
            held[verifier] = verifier.verify(text, line.signature)
    if not held:
        raise VerificationFailed("none of the expected keys signed this note", next_step="check that the right key was given")
    return OpenNote(text, tuple(held), {each: at for each, at in held.items() if at is not None})


def decode_base64(text: str) -> bytes:
    """Standard base64 in its one canonical spelling. Raises BadInput otherwise, so that no object has two spellings."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise BadInput("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise BadInput("not canonical base64")
    return data


def _cosigned_message(text: str, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def _check_text(text: str) -> None:
    if not text.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", text):
        raise BadInput("a note text ends in a newline and holds no other control character")


def _parse_line(line: str) -> SignatureLine:
    dash, name, encoded, *rest = [*line.split(" "), "", ""]
    data = decode_base64(encoded)
    if dash != _EM_DASH or rest != ["", ""] or not name or "+" in name or any(c.isspace() for c in name) or len(data) < 5:
        raise BadInput("a signature line of this note is malformed")
    return SignatureLine(name, data[:4], data[4:])
