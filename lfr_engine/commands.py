"""What the engine process can be told over its standard input: a closed set of commands, each strictly of one form."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from lfr_engine.errors import BadInput
from lfr_engine.values import Floats
from lfr_engine.wire import Message

_Text = Annotated[str, Field(min_length=1, max_length=4096)]
_EntryId = Annotated[str, Field(min_length=1, max_length=200)]


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CameraOrder(_Command):
    """One camera: `pipe:<fd>` or `file:<path>`; `every_frame` holds the camera back instead of dropping frames."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    source: _Text
    every_frame: bool = False


class Start(_Command):
    """The first command, once: which pack (and what it must measure to), which threshold, which cameras, whose templates.

    Its one blob holds the templates, float32 little-endian, one row of `dimension` per item of `entry_ids`.
    """

    type: Literal["start"]
    pack_dir: _Text
    pack_digest: _Text
    pipeline_digest: _Text
    threshold: Annotated[str, Field(pattern=r"^0\.\d{1,6}$")]
    cameras: Annotated[tuple[CameraOrder, ...], Field(min_length=1, max_length=8)]
    entry_ids: Annotated[tuple[_EntryId, ...], Field(max_length=200_000)]
    dimension: Annotated[int, Field(ge=1, le=4096)]

    @property
    def threshold_cosine(self) -> float:
        return float(Decimal(self.threshold))


class Remove(_Command):
    """Take entries off the list: they are found by no later search and raise no later alert."""

    type: Literal["remove"]
    entry_ids: Annotated[tuple[_EntryId, ...], Field(min_length=1, max_length=200_000)]


class Pause(_Command):
    """Stop matching and counting; frames are thrown away unseen, and whoever is in the picture is forgotten."""

    type: Literal["pause"]


class Resume(_Command):
    type: Literal["resume"]


class Stop(_Command):
    type: Literal["stop"]


Command = Start | Remove | Pause | Resume | Stop
_COMMANDS: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="type")])


def parse_command(message: Message) -> Command:
    """The command in a received message. Raises BadInput for any other message, field or value."""
    try:
        command = _COMMANDS.validate_python(message.header)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"the engine does not understand a command of type {message.header['type']!r}: {where}: {first['msg']}") from error
    wanted = 1 if isinstance(command, Start) else 0
    if len(message.blobs) != wanted:
        raise BadInput(f"the command {command.type} comes with {len(message.blobs)} blobs, not {wanted}")
    return command


def template_rows(start: Start, blob: bytes) -> Floats:
    """The templates of a start command, float32[n, dimension], as a copy of its own. Raises BadInput where the blob does not fit."""
    wanted = len(start.entry_ids) * start.dimension * 4
    if len(blob) != wanted:
        raise BadInput(f"{len(start.entry_ids)} templates of {start.dimension} values are {wanted} bytes, not {len(blob)}")
    return np.frombuffer(blob, "<f4").reshape(len(start.entry_ids), start.dimension).astype(np.float32)


def start_command(**fields: Any) -> dict[str, Any]:
    """The header of a start command, checked on the sender's side. Raises BadInput as the engine would."""
    command = parse_command(Message({"type": "start", **fields}, (b"",)))
    return command.model_dump(mode="json")
