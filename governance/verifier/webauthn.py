"""Whether a person's key asserted a document: WebAuthn Level 3 section 7.2, as far as an offline reader can follow it.

Checked: type, challenge, origin, relying party, user present and user verified, signature (ES256 or EdDSA; the key is SPKI
DER). Not demanded: a rising counter (synchronised passkeys keep it at zero) or the absence of extensions.
"""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .strict import Failed, base64url_bytes, parse_json

USER_PRESENT, USER_VERIFIED = 0x01, 0x04
_HEADER_BYTES = 37  # relying party hash, flags, counter


@dataclass(frozen=True, slots=True)
class Assertion:
    """The three parts of an authentication response, decoded."""

    client_data: bytes
    authenticator_data: bytes
    signature: bytes


def challenge_for(action: str, document: bytes) -> bytes:
    """What the officer's key had to sign for this action over exactly this document."""
    return hashlib.sha256(b"lawful-lfr/assert/v1\n%s\n%s" % (action.encode(), hashlib.sha256(document).digest())).digest()


def verify_assertion(assertion: Assertion, challenge: bytes, spki: bytes, *, rp_id: str, origins: tuple[str, ...]) -> None:
    """Returns nothing, or raises Failed with the first thing that does not hold."""
    client = parse_json(assertion.client_data)
    if client.get("type") != "webauthn.get":
        raise Failed("the assertion is not of the type webauthn.get")
    stated = client.get("challenge")
    if not isinstance(stated, str) or base64url_bytes(stated) != challenge:
        raise Failed("the assertion is over another document or for another action")
    if client.get("origin") not in origins:
        raise Failed("the assertion was made on a page that the roster does not name")
    if client.get("crossOrigin", False) is not False:
        raise Failed("the assertion was made inside another site's frame")
    data = assertion.authenticator_data
    if len(data) < _HEADER_BYTES:
        raise Failed("the authenticator data is cut short")
    if data[:32] != hashlib.sha256(rp_id.encode()).digest():
        raise Failed("the assertion is for another relying party")
    if not data[32] & USER_PRESENT:
        raise Failed("nobody was present at the authenticator")
    if not data[32] & USER_VERIFIED:
        raise Failed("the authenticator did not verify its user")
    _check(spki, assertion.signature, data + hashlib.sha256(assertion.client_data).digest())


def _check(spki: bytes, signature: bytes, message: bytes) -> None:
    try:
        key = load_der_public_key(spki)
        if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            key.verify(signature, message, ec.ECDSA(SHA256()))
        elif isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        else:
            raise Failed("the credential is neither ES256 nor EdDSA")
    except (InvalidSignature, ValueError, UnsupportedAlgorithm) as error:
        raise Failed("the signature of the assertion does not hold") from error
