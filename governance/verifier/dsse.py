"""DSSE envelopes (v1.0.2) over exact bytes, signed with Ed25519; the payload is parsed only after its signatures hold."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .strict import Failed, Fields, base64_bytes, exactly, parse_json, text, wire_time

SIGNATURES_MAX = 16
_ENVELOPE = frozenset({"payload", "payloadType", "signatures"})
_SIGNATURE = frozenset({"keyid", "sig"})
_PAYLOAD = frozenset({"type", "v", "id", "issued_at", "mode", "profile", "rule_ids", "body"})
MODES = frozenset({"operational", "exercise", "demonstration"})


@dataclass(frozen=True, slots=True)
class SignedObject:
    """The payload of an object of ours; `body` is not yet checked against its type."""

    type: str
    issued_at: str
    mode: str
    body: Fields


def key_id(spki: bytes) -> str:
    return hashlib.sha256(spki).hexdigest()


def verify(envelope: bytes, object_type: str, keys: Iterable[bytes], *, threshold: int = 1) -> SignedObject:
    """The object, once `threshold` different keys among `keys` (SPKI DER) signed it. Raises Failed."""
    outer = exactly(parse_json(envelope), _ENVELOPE, "the envelope")
    wanted = f"application/vnd.lawful-lfr.{object_type}.v1+json"
    if text(outer, "payloadType", 200) != wanted:
        raise Failed(f"this object is not of the type {object_type}")
    if not isinstance(outer["payload"], str):
        raise Failed("the payload of the envelope is not base64")
    payload = base64_bytes(outer["payload"])
    signatures = outer["signatures"]
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= SIGNATURES_MAX:
        raise Failed(f"an envelope carries 1 to {SIGNATURES_MAX} signatures")
    known = {key_id(spki): spki for spki in keys}
    message = b"DSSEv1 %d %s %d %s" % (len(wanted), wanted.encode(), len(payload), payload)
    held = set()
    for each in signatures:
        one = exactly(each, _SIGNATURE, "a signature of the envelope")
        spki = known.get(text(one, "keyid", 64))
        if spki is not None and _holds(spki, base64_bytes(text(one, "sig", 200)), message):
            held.add(spki)
    if len(held) < threshold:
        raise Failed(f"{len(held)} of the {threshold} signature(s) that this {object_type} needs hold")
    return parse_payload(payload, object_type)


def parse_payload(payload: bytes, object_type: str) -> SignedObject:
    """The common fields of a signed object or of an asserted document."""
    fields = exactly(parse_json(payload), _PAYLOAD, f"the {object_type}")
    if fields["type"] != object_type or fields["v"] != 1 or isinstance(fields["v"], bool):
        raise Failed(f"the payload is not a {object_type} of version 1")
    if fields["mode"] not in MODES or not isinstance(fields["body"], dict):
        raise Failed(f"the {object_type} has no mode or no body")
    return SignedObject(object_type, wire_time(fields, "issued_at"), fields["mode"], fields["body"])


def _holds(spki: bytes, signature: bytes, message: bytes) -> bool:
    try:
        key = load_der_public_key(spki)
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(signature, message)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
