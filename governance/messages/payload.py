"""The one shape of every signed object: `{type, v, id, issued_at, mode, profile, rule_ids, body}`.

Each type has a body class, a size ceiling and a media type. Unknown fields are refused. Rates travel as integers k and
n, thresholds as decimal strings, times as wire UTC.
"""

import base64
import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, ClassVar, Generic, TypeVar

import uuid6
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from lfr_engine.clock import Clock, format_utc, parse_utc
from lfr_engine.errors import BadInput, LfrError
from watchlist.sealing import dsse
from watchlist.sealing.keys import SigningKey, VerifyingKey


class Mode(StrEnum):
    """What an object may be used for; in a demonstration only files and the rehearsal camera can be opened."""

    OPERATIONAL = "operational"
    EXERCISE = "exercise"
    DEMONSTRATION = "demonstration"


def _wire_time(text: str) -> str:
    try:
        if format_utc(parse_utc(text)) != text:
            raise ValueError("a time has milliseconds and ends in Z")
    except LfrError as error:
        raise ValueError(error.message) from error
    return text


def _base64(text: str) -> str:
    if base64.b64encode(base64.b64decode(text, validate=True)).decode() != text:
        raise ValueError("base64 is not in its one canonical form")
    return text


WireTime = Annotated[str, StringConstraints(max_length=24), AfterValidator(_wire_time)]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Base64 = Annotated[str, StringConstraints(max_length=32 * 2**20), AfterValidator(_base64)]
Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]*$", max_length=65536)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
Decimal = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,3}\.[0-9]{1,9}$")]
RuleId = Annotated[str, StringConstraints(pattern=r"^R[0-9]{1,3}$")]  # not \d, which takes the digits of every script
Text = Annotated[str, StringConstraints(max_length=8000)]
Line = Annotated[str, StringConstraints(max_length=300)]


class Strict(BaseModel):
    """Base of everything on the wire: immutable, no coercion, no unknown field."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Body(Strict):
    """A signed object's own part. `object_type` names it; `max_bytes` bounds the payload before parsing."""

    object_type: ClassVar[str]
    max_bytes: ClassVar[int] = 256 * 1024

    @classmethod
    def media_type(cls) -> str:
        return f"application/vnd.lawful-lfr.{cls.object_type}.v1+json"


B = TypeVar("B", bound=Body)


class Payload(Strict, Generic[B]):
    """What a DSSE envelope carries, or the document an officer asserts."""

    type: str
    v: int
    id: Id
    issued_at: WireTime
    mode: Mode
    profile: Id
    rule_ids: tuple[RuleId, ...]
    body: B


def compose(body: B, *, clock: Clock, mode: Mode, profile: str, rule_ids: tuple[str, ...] = (), id: str | None = None) -> bytes:
    """The payload bytes of a new object. These exact bytes are signed, stored and later parsed; nothing re-serialises them."""
    payload = Payload(
        type=body.object_type,
        v=1,
        id=id or str(uuid6.uuid7()),
        issued_at=format_utc(clock.now_utc()),
        mode=mode,
        profile=profile,
        rule_ids=rule_ids,
        body=body,
    )
    return payload.model_dump_json().encode()


def parse(payload: bytes, body_type: type[B]) -> Payload[B]:
    """The typed object in these bytes. Raises BadInput with the field that is wrong; call it on verified bytes only."""
    if len(payload) > body_type.max_bytes:
        raise BadInput(f"a {body_type.object_type} of {len(payload)} bytes is above its limit of {body_type.max_bytes}")
    try:
        parsed = Payload[body_type].model_validate_json(payload)  # type: ignore[valid-type]  # known at run time only
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"this {body_type.object_type} is malformed at {place or 'its start'}: {first['msg']}") from error
    if parsed.type != body_type.object_type or parsed.v != 1:
        raise BadInput(f"a {body_type.object_type} v1 was expected, this is a {parsed.type[:40]} v{parsed.v}")
    return parsed


def signed(body: Body, *keys: SigningKey, clock: Clock, mode: Mode, profile: str, rule_ids: tuple[str, ...] = ()) -> bytes:
    """A new object in a DSSE envelope with one signature per key."""
    return dsse.sign(compose(body, clock=clock, mode=mode, profile=profile, rule_ids=rule_ids), body.media_type(), *keys)


def opened(envelope: bytes, body_type: type[B], keys: Iterable[VerifyingKey], *, threshold: int = 1) -> Payload[B]:
    """Verify, then parse. Raises VerificationFailed or BadInput; returns only what may be believed."""
    limit = body_type.max_bytes * 4 // 3 + 4096
    return parse(dsse.verify(envelope, body_type.media_type(), keys, threshold=threshold, max_bytes=limit), body_type)


def digest_of(content: bytes) -> str:
    """`sha256:<hex>` of exact bytes: how objects, documents and files are named everywhere."""
    return "sha256:" + hashlib.sha256(content).hexdigest()
