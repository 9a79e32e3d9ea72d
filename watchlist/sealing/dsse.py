"""DSSE envelopes (github.com/secure-systems-lab/dsse v1.0.2) over exact bytes, through securesystemslib.

The payload is parsed only after its signatures hold, and never re-serialised to check them. Size ceilings apply before
anything is parsed.
"""

import base64
import json
from collections.abc import Iterable

from cryptography.hazmat.primitives import serialization
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, Key, SSlibKey

from lfr_engine.errors import BadInput, VerificationFailed
from watchlist.sealing.keys import SigningKey, VerifyingKey

MAX_ENVELOPE_BYTES = 32 * 2**20  # the largest object is a bundle's leaf list; each type has its own, lower ceiling
MAX_SIGNATURES = 16


def _library_key(key: VerifyingKey) -> SSlibKey:
    raw = key.ed25519.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return SSlibKey(key.keyid, "ed25519", "ed25519", {"public": raw.hex()})


def sign(payload: bytes, payload_type: str, *keys: SigningKey) -> bytes:
    """The envelope (JSON bytes) of `payload` with one signature per key."""
    envelope = Envelope(payload, payload_type, {})
    for key in keys:
        envelope.sign(CryptoSigner(key.private, _library_key(key.public)))
    return json.dumps(envelope.to_dict(), separators=(",", ":")).encode()


def countersign(envelope: bytes, payload_type: str, *keys: SigningKey) -> bytes:
    """The same envelope with further signatures over the same bytes."""
    parsed = _parse(envelope, payload_type, MAX_ENVELOPE_BYTES)
    for key in keys:
        parsed.sign(CryptoSigner(key.private, _library_key(key.public)))
    return json.dumps(parsed.to_dict(), separators=(",", ":")).encode()


def verify(
    envelope: bytes, payload_type: str, keys: Iterable[VerifyingKey], *, threshold: int = 1, max_bytes: int = MAX_ENVELOPE_BYTES
) -> bytes:
    """The exact payload bytes, once `threshold` different keys of `keys` signed them.

    Raises BadInput for what is no envelope of this type, VerificationFailed when the signatures do not hold.
    """
    parsed = _parse(envelope, payload_type, max_bytes)
    accepted: list[Key] = [_library_key(key) for key in keys]
    if threshold < 1 or len(accepted) < threshold:
        raise VerificationFailed(f"{len(accepted)} keys are known where {threshold} must have signed")
    try:
        parsed.verify(accepted, threshold)
    except VerificationError as error:
        raise VerificationFailed(
            f"the signature of this {short_type(payload_type)} does not hold under any key that may sign it",
            next_step="it was altered, or signed by a key that is not in the roster: ask its sender for it again",
        ) from error
    return bytes(parsed.payload)


def unverified_payload(envelope: bytes, payload_type: str, *, max_bytes: int = MAX_ENVELOPE_BYTES) -> bytes:
    """The payload without any check of who signed it: only to learn which key to ask for, never to act on."""
    return bytes(_parse(envelope, payload_type, max_bytes).payload)


def short_type(payload_type: str) -> str:
    """`application/vnd.lawful-lfr.authority.v1+json` -> `authority`."""
    return payload_type.removeprefix("application/vnd.lawful-lfr.").split(".")[0]


def _parse(envelope: bytes, payload_type: str, max_bytes: int) -> Envelope:
    if len(envelope) > max_bytes:
        raise BadInput(f"an envelope of {len(envelope)} bytes is above the limit of {max_bytes} for {short_type(payload_type)}")
    try:
        fields = json.loads(envelope)
        signatures = fields["signatures"]
        if set(fields) != {"payload", "payloadType", "signatures"} or not 1 <= len(signatures) <= MAX_SIGNATURES:
            raise ValueError("fields")
        for text in (fields["payload"], *(one["sig"] for one in signatures)):
            if base64.b64encode(base64.b64decode(text, validate=True)).decode() != text:
                raise ValueError("base64 not in its one canonical form")
        parsed = Envelope.from_dict(fields)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"this is not a DSSE envelope of a {short_type(payload_type)}") from error
    if parsed.payload_type != payload_type:
        raise BadInput(f"a {short_type(payload_type)} was expected, this is a {short_type(str(parsed.payload_type))[:40]}")
    return parsed
