"""A software authenticator: WebAuthn assertions without hardware, for demonstrations and tests.

It makes true ES256 assertions that any verifier checks like a passkey's. What it lacks is the protection of the key and
a person's touch, so the roster marks its credentials `software` and operational mode refuses them.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from governance.messages.decision import Action, Assertion, challenge_for
from governance.messages.roster import Authenticator, Credential
from lfr_engine.errors import BadInput
from watchlist.sealing.keys import read_secret, write_secret

_USER_PRESENT, _USER_VERIFIED = 0x01, 0x04


def b64url(content: bytes) -> str:
    """base64url without padding, as WebAuthn writes it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class SoftwareAuthenticator:
    """One person's software-held P-256 key."""

    person_id: str
    private: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def _spki(self) -> bytes:
        return self.private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    @property
    def credential(self) -> Credential:
        """What the roster records of it."""
        identity = b64url(hashlib.sha256(self._spki).digest()[:16])
        return Credential(credential_id=identity, spki=base64.b64encode(self._spki).decode(), authenticator=Authenticator.SOFTWARE)

    def sign(self, action: Action, document: bytes, *, rp_id: str, origin: str) -> Assertion:
        """An assertion with user presence and verification set, over this document for this action."""
        client_data = json.dumps(
            {"type": "webauthn.get", "challenge": b64url(challenge_for(action, document)), "origin": origin, "crossOrigin": False},
            separators=(",", ":"),
        ).encode()
        authenticator_data = hashlib.sha256(rp_id.encode()).digest() + bytes([_USER_PRESENT | _USER_VERIFIED]) + bytes(4)
        signature = self.private.sign(authenticator_data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return Assertion(
            person_id=self.person_id,
            credential_id=self.credential.credential_id,
            client_data_json=b64url(client_data),
            authenticator_data=b64url(authenticator_data),
            signature=b64url(signature),
        )

    @classmethod
    def generate(cls, person_id: str) -> "SoftwareAuthenticator":
        return cls(person_id, ec.generate_private_key(ec.SECP256R1()))

    def save(self, path: Path) -> None:
        pem = self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write_secret(path, pem)

    @classmethod
    def load(cls, person_id: str, path: Path) -> "SoftwareAuthenticator":
        key = serialization.load_pem_private_key(read_secret(path), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise BadInput(f"{path} is not a software authenticator's key")
        return cls(person_id, key)
