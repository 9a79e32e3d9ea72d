"""What may come out of the engine's pipe, message by message: exact forms, for whoever has to believe them (docs/matcher-protocol.md).

Our own engine is held to the same forms as a matcher that somebody else wrote.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from lfr_engine.errors import BrokenProtocol
from lfr_engine.wire import Message

PICTURE_LIMIT_BYTES = 8 << 20  # a whole 4K frame at our quality is 2 MB
PROBES_LIMIT = 3
_JPEG = b"\xff\xd8\xff"

_Text = Annotated[str, Field(max_length=2000)]
_Id = Annotated[str, Field(min_length=1, max_length=200)]
_Code = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
_Count = Annotated[int, Field(ge=0)]
_Pixel = Annotated[int, Field(ge=-100_000, le=100_000)]
_Number = Annotated[float, Field(allow_inf_nan=False)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Ready(_Said):
    type: Literal["ready"]
    pack_digest: _Text
    pipeline_digest: _Text
    enrolled: _Count


class Camera(_Said):
    type: Literal["camera"]
    camera_id: _Id
    state: _Code
    why: _Text = ""
    health: Annotated[list[_Code], Field(max_length=20)] = []


class _Counts(_Said):
    frames: _Count
    dropped: _Count
    passages: _Count
    faces: _Count
    too_small: _Count
    low_quality: _Count
    alerts: _Count
    damaged: _Count = 0
    throttled: _Count = 0


class CameraCounts(_Counts):
    camera_id: _Id


class Counters(_Counts):
    type: Literal["counters"]
    cameras: Annotated[list[CameraCounts], Field(max_length=8)] = []


class Picture(_Said):
    type: Literal["picture"]
    camera_id: _Id
    frame: _Count


class AlertCandidate(_Said):
    entry_id: _Id
    similarity: Annotated[float, Field(ge=-1, le=1.0001, allow_inf_nan=False)]


class Alert(_Said):
    type: Literal["alert"]
    seq: _Count
    camera_id: _Id
    track: _Count
    first_frame: _Count
    frame: _Count
    stream_s: _Number
    bbox_xyxy_px: Annotated[list[_Pixel], Field(min_length=4, max_length=4)]
    candidates: Annotated[list[AlertCandidate], Field(min_length=1, max_length=100)]
    quality: Annotated[dict[_Code, _Number], Field(max_length=40)]
    threshold: _Text
    probes: Annotated[int, Field(ge=1, le=PROBES_LIMIT)]
    explanation: dict[str, Any] = {}


class Ended(_Said):
    type: Literal["ended"]
    reason: _Code
    why: _Text = ""


class RefusedToRun(_Said):
    type: Literal["refused"]
    code: _Code
    rule_ids: Annotated[list[_Text], Field(max_length=20)]
    message: _Text
    next: _Text


Said = Ready | Camera | Counters | Picture | Alert | Ended | RefusedToRun
_SAID: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="type")])


def said(message: Message) -> Said:
    """The message, checked for form and for the blobs it must bring. Raises BrokenProtocol naming the field."""
    try:
        one = _SAID.validate_python(message.header)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BrokenProtocol(f"a message of type {str(message.header['type'])[:40]!r}: {where}: {first['msg']}") from error
    wanted = {"picture": 1, "alert": getattr(one, "probes", 0) + 1}.get(one.type, 0)
    if len(message.blobs) != wanted:
        raise BrokenProtocol(f"a message of type {one.type!r} comes with {len(message.blobs)} blobs, not {wanted}")
    for blob in message.blobs:
        if len(blob) > PICTURE_LIMIT_BYTES or not blob.startswith(_JPEG):
            raise BrokenProtocol(f"a message of type {one.type!r} brings a blob that is no JPEG of at most {PICTURE_LIMIT_BYTES} bytes")
    return one
