"""Ed25519 signing keys on disk and the key ids that name them everywhere.

A key id is the SHA-256 of the SubjectPublicKeyInfo DER. Private keys lie in 0600 files in 0700 folders;
a looser mode is refused rather than repaired (R34), because somebody may already have copied the key.
"""

import base64
import hashlib
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lfr_engine import durable
from lfr_engine.errors import BadInput, Refused


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """The public half: `spki` is SubjectPublicKeyInfo DER, `keyid` its SHA-256 in hex."""

    spki: bytes

    @property
    def keyid(self) -> str:
        return hashlib.sha256(self.spki).hexdigest()

    @property
    def ed25519(self) -> Ed25519PublicKey:
        """The key as cryptography knows it. Raises BadInput if the SPKI holds anything but Ed25519."""
        try:
            key = serialization.load_der_public_key(self.spki)
        except ValueError as error:
            raise BadInput("a public key is not valid SubjectPublicKeyInfo DER") from error
        if not isinstance(key, Ed25519PublicKey):
            raise BadInput("a public key is not Ed25519")
        return key

    @property
    def text(self) -> str:
        """The SPKI in standard base64, as messages carry it."""
        return base64.b64encode(self.spki).decode("ascii")

    @classmethod
    def from_raw(cls, raw: bytes) -> "VerifyingKey":
        """From the 32 bytes of an Ed25519 public key, as signed notes carry it."""
        key = Ed25519PublicKey.from_public_bytes(raw)
        return cls(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))

    @classmethod
    def from_text(cls, text: str) -> "VerifyingKey":
        try:
            key = cls(base64.b64decode(text, validate=True))
        except ValueError as error:
            raise BadInput("a public key is not base64") from error
        _ = key.ed25519  # raises here, where the key comes in, and not at its first use
        return key


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private Ed25519 key; never printed, never serialised except by `save`."""

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> VerifyingKey:
        return VerifyingKey(
            self.private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        )

    @property
    def keyid(self) -> str:
        return self.public.keyid

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(Ed25519PrivateKey.generate())

    def save(self, path: Path) -> None:
        """Write PKCS#8 PEM to a new 0600 file, durable before it returns. An existing file is never overwritten."""
        pem = self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write_secret(path, pem)

    @classmethod
    def load(cls, path: Path) -> "SigningKey":
        """Read what `save` wrote. Raises Refused (R34) on a loose mode, BadInput when it is no Ed25519 key."""
        try:
            key = serialization.load_pem_private_key(read_secret(path), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: the PEM is encrypted
            raise BadInput(f"{path} is not a private key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise BadInput(f"{path} holds a key of another kind than Ed25519")
        return cls(key)


def write_secret(path: Path, content: bytes) -> None:
    """Create `path` with mode 0600, whole or not at all, durable; raises FileExistsError rather than replace a secret."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.link(part, path)  # unlike a rename it never replaces; a power cut leaves no half key under the name
    finally:
        part.unlink(missing_ok=True)
    durable.sync_folder(path.parent)


def read_secret(path: Path) -> bytes:
    """The content of a 0600 file of ours in a 0700 folder; anything looser is refused (R34)."""
    for place, wanted in ((path.parent, 0o700), (path, 0o600)):
        try:
            mode = stat.S_IMODE(place.stat().st_mode)
        except FileNotFoundError as error:
            raise BadInput(f"{place} does not exist", next_step="was this office or unit set up with this LFR_HOME?") from error
        if mode & ~wanted:
            raise Refused(
                f"{place} has mode {mode:04o}, looser than {wanted:04o}",
                rule_ids=("R34",),
                next_step=f"find out who could read it, replace the key if in doubt, then: chmod {wanted:o} {place}",
            )
    return path.read_bytes()
