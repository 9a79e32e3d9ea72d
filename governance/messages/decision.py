"""A person's decision: the exact document they were served and their passkey's assertion over its digest.

An assertion is not a DSSE signature. challenge = SHA-256("lawful-lfr/assert/v1\\n" + action + "\\n" + SHA-256(document)).
What it proves, and no more: the officer's key signed the digest of the document that the office served.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from governance.messages.payload import Base64, Base64Url, Body, Id, Strict


class Action(StrEnum):
    """What the assertion does; part of the challenge, so that one assertion can never serve for another action."""

    AUTHORISE = "authorise"
    SEAL = "seal"
    STOP = "stop"
    PUBLISH = "publish"


class Assertion(Strict):
    """A WebAuthn authentication response, each part in base64url without padding."""

    person_id: Id
    credential_id: Base64Url
    client_data_json: Base64Url
    authenticator_data: Base64Url
    signature: Base64Url


class Decision(Body):
    """Document and assertion(s), countersigned by the office as a DSSE envelope of this body."""

    object_type: ClassVar[str] = "decision"
    max_bytes: ClassVar[int] = 24 * 2**20

    action: Action
    document: Base64
    assertions: Annotated[tuple[Assertion, ...], Field(min_length=1, max_length=4)]


def challenge_for(action: Action, document: bytes) -> bytes:
    """The 32 bytes an authenticator signs for this action over exactly these document bytes."""
    return hashlib.sha256(b"lawful-lfr/assert/v1\n" + action.value.encode() + b"\n" + hashlib.sha256(document).digest()).digest()
