"""What the engine process can be told over its standard input: a closed set of commands, each strictly of one form.

Ids of entries never stand in a header, which is small; they are a blob: UTF-8, one id a line, nothing after the last.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from lfr_engine.errors import BadInput
from lfr_engine.values import Floats
from lfr_engine.video.address import Address, parse_source
from lfr_engine.wire import BLOB_LIMIT_BYTES, BLOBS_LIMIT, Message

_Text = Annotated[str, Field(min_length=1, max_length=4096)]
_CameraId = Annotated[str, Field(min_length=1, max_length=200)]
_EntryId = Annotated[str, Field(min_length=1, max_length=200)]
_EntryIds = Annotated[tuple[_EntryId, ...], Field(max_length=200_000)]

Blobs = list[bytes | memoryview]


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CameraOrder(_Command):
    """One camera: its source as `lfr_engine.video.address` names it. `every_frame` holds the source back instead of dropping
    frames; a camera on `standby` may be added later and is not opened before."""

    id: _CameraId
    source: _Text
    every_frame: bool = False
    standby: bool = False

    @field_validator("source")
    @classmethod
    def _named(cls, source: str) -> str:
        try:
            parse_source(source)
        except BadInput as error:
            raise ValueError(error.message) from error
        return source

    @property
    def address(self) -> Address:
        return parse_source(self.source)


class Start(_Command):
    """The first command, once: which pack (and what it must measure to), which threshold, which cameras, whose templates.

    Blobs: the ids, then the templates, float32 little-endian, one row of `dimension` per id, in as many blobs of whole rows as
    it takes. An entry with several photos has several rows. The last `unthrottled` ids are staff who walk in a drill: they pass
    again and again on purpose.
    """

    type: Literal["start"]
    pack_dir: _Text
    pack_digest: _Text
    pipeline_digest: _Text
    threshold: Annotated[str, Field(pattern=r"^0\.\d{1,6}$")]
    cameras: Annotated[tuple[CameraOrder, ...], Field(min_length=1, max_length=8)]
    entry_ids: _EntryIds
    dimension: Annotated[int, Field(ge=1, le=4096)]
    unthrottled: Annotated[int, Field(ge=0, le=200_000)] = 0

    @property
    def threshold_cosine(self) -> float:
        return float(Decimal(self.threshold))

    @model_validator(mode="after")
    def _one_of_each(self) -> "Start":
        if len({camera.id for camera in self.cameras}) < len(self.cameras):
            raise ValueError("two cameras have one id")
        if self.unthrottled > len(self.entry_ids):
            raise ValueError("more walkers than entries")
        return self


class Remove(_Command):
    """Take entries off the list: they are found by no later search and raise no later alert. Its blob is the ids."""

    type: Literal["remove"]
    entry_ids: Annotated[_EntryIds, Field(min_length=1)]


class AddCamera(_Command):
    """Open a camera that the start command named: one on standby, one taken out before, or one that was lost."""

    type: Literal["add_camera"]
    camera_id: _CameraId


class RemoveCamera(_Command):
    """Close a camera: whoever is in its picture is forgotten, the other cameras go on."""

    type: Literal["remove_camera"]
    camera_id: _CameraId


class Pause(_Command):
    """Stop matching and counting; frames are thrown away unseen, and whoever is in the picture is forgotten."""

    type: Literal["pause"]


class Resume(_Command):
    """Go on. A camera that counts as moved is taken as it stands now: somebody looked before saying this."""

    type: Literal["resume"]


class Stop(_Command):
    type: Literal["stop"]


Command = Start | Remove | AddCamera | RemoveCamera | Pause | Resume | Stop
_COMMANDS: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="type")])
_WITH_IDS = ("start", "remove")


def parse_command(message: Message) -> Command:
    """The command in a received message. Raises BadInput for any other message, field, value or number of blobs."""
    kind, blobs = message.header["type"], message.blobs
    if kind in _WITH_IDS and not blobs:
        raise BadInput(f"the command {kind} comes without the blob of its ids")
    if (kind == "remove" and len(blobs) > 1) or (blobs and kind not in _WITH_IDS):
        raise BadInput(f"the command {kind} comes with {len(blobs)} blobs, too many")
    if "entry_ids" in message.header:
        raise BadInput(f"the ids of a command {kind} belong into its first blob")
    header = {**message.header, "entry_ids": _ids_in(blobs[0])} if kind in _WITH_IDS else message.header
    try:
        return _COMMANDS.validate_python(header)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"the engine does not understand a command of type {kind!r}: {where}: {first['msg']}") from error


def template_rows(start: Start, blobs: Sequence[bytes]) -> Floats:
    """The templates of a start command, float32[n, dimension], as a copy of its own.

    Raises BadInput where the blobs do not fit, or a value is no number.
    """
    wanted, got = len(start.entry_ids) * start.dimension * 4, sum(len(blob) for blob in blobs)
    if got != wanted or any(len(blob) % (start.dimension * 4) for blob in blobs):
        raise BadInput(f"{len(start.entry_ids)} templates of {start.dimension} values are {wanted} bytes of whole rows, not {got}")
    rows = np.empty((len(start.entry_ids), start.dimension), np.float32)
    at = 0
    for blob in blobs:
        part = np.frombuffer(blob, "<f4").reshape(-1, start.dimension)
        if not np.isfinite(part).all():
            raise BadInput("a template of the list holds a value that is no number", next_step="enrol the list again with this pack")
        rows[at : at + len(part)] = part
        at += len(part)
    return rows


def start_message(*, entry_ids: Sequence[str], rows: Floats, **fields: Any) -> tuple[dict[str, Any], Blobs]:
    """Header and blobs of a start command, checked on the sender's side; `rows` is float32[n, dimension], not copied.

    Raises BadInput as the engine would.
    """
    rows = np.ascontiguousarray(rows, "<f4")
    header = {"type": "start", **fields, "dimension": int(rows.shape[1])}
    at_once = max(1, BLOB_LIMIT_BYTES // (4 * int(rows.shape[1])))
    parts = [rows[at : at + at_once] for at in range(0, len(rows), at_once)]
    if len(parts) >= BLOBS_LIMIT:
        raise BadInput(f"a list of {len(rows)} templates is too large for one engine")
    ids = _blob_of(entry_ids)
    parse_command(Message(header, (ids,)))
    return header, [ids, *(part.data.cast("B") for part in parts)]


def remove_message(entry_ids: Sequence[str]) -> tuple[dict[str, Any], Blobs]:
    """Header and blob of a remove command."""
    ids = _blob_of(entry_ids)
    parse_command(Message({"type": "remove"}, (ids,)))
    return {"type": "remove"}, [ids]


def _blob_of(entry_ids: Sequence[str]) -> bytes:
    if any("\n" in one for one in entry_ids):
        raise BadInput("an entry's id cannot hold a line break")
    return "\n".join(entry_ids).encode()


def _ids_in(blob: bytes) -> tuple[str, ...]:
    try:
        return tuple(blob.decode("utf-8").split("\n")) if blob else ()
    except UnicodeDecodeError as error:
        raise BadInput("the ids of a command are not UTF-8") from error
