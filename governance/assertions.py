"""Checking a person's passkey assertion over a document: the only import of webauthn.

Checked: the credential is the person's in the roster, type, challenge, origin, relying party, user presence and user
verification, and the signature. No demand that a counter rises: synchronised passkeys keep it at zero.
"""

import base64

import cbor2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from webauthn import verify_authentication_response
from webauthn.helpers.exceptions import WebAuthnException

from governance.messages.decision import Action, Assertion, challenge_for
from governance.messages.roster import Authenticator, Credential, Person, Roster
from lfr_engine.errors import Refused, VerificationFailed


def check_assertion(assertion: Assertion, action: Action, document: bytes, *, person: Person, roster: Roster) -> Authenticator:
    """Raise VerificationFailed unless this person's key asserted exactly this document for exactly this action.

    Returns what holds the key, so that operational mode can refuse a software authenticator.
    """
    credential = next((one for one in person.credentials if one.credential_id == assertion.credential_id), None)
    if credential is None or assertion.person_id != person.person_id:
        raise VerificationFailed(f"the key that asserted is not one the roster gives {person.person_id}", rule_ids=("R1",))
    try:
        verify_authentication_response(
            credential={
                "id": assertion.credential_id,
                "rawId": assertion.credential_id,
                "type": "public-key",
                "response": {
                    "clientDataJSON": assertion.client_data_json,
                    "authenticatorData": assertion.authenticator_data,
                    "signature": assertion.signature,
                },
            },
            expected_challenge=challenge_for(action, document),
            expected_rp_id=roster.rp_id,
            expected_origin=list(roster.origins),
            credential_public_key=_cose(credential),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise VerificationFailed(
            f"the assertion of {person.person_id} over this document does not hold: {error}",
            rule_ids=("R1",),
            next_step="the document was altered after it was asserted, or another key signed: ask the officer to decide again",
        ) from error
    return credential.authenticator


def refuse_software_key(authenticator: Authenticator) -> None:
    """In operational mode a decision needs a hardware-held key."""
    if authenticator is Authenticator.SOFTWARE:
        raise Refused("a software authenticator cannot sign in operational mode", rule_ids=("R33",), next_step="enrol a passkey")


def _cose(credential: Credential) -> bytes:
    """The COSE_Key (RFC 9053) of a roster's SPKI, as the library wants it."""
    key = serialization.load_der_public_key(base64.b64decode(credential.spki))
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        numbers = key.public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
    if isinstance(key, ed25519.Ed25519PublicKey):
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: raw})
    raise VerificationFailed("a credential in the roster is neither ES256 nor EdDSA")
