"""From the engine's alert message to what the journal keeps of it: pictures, the candidate's entry and photo, how near it was."""

import base64
from collections.abc import Mapping

from pydantic import ValidationError

from lfr_engine.errors import LfrError
from lfr_engine.wire import Message
from mobile_unit.journal import asking
from watchlist.bundle import ListedPerson


def raised(message: Message, people: Mapping[str, ListedPerson], deployment_id: str) -> asking.Raise:
    """The request for the nearest candidate of this alert; further ones are counted. Raises LfrError on a broken message."""
    header = message.header
    try:
        nearest = max(header["candidates"], key=lambda one: one["similarity"])
        person = people[nearest["entry_id"]]
        probes = int(header["probes"])
        content = asking.AlertContent(
            probes=tuple(_text(blob) for blob in message.blobs[:probes]),
            figure=_text(message.blobs[probes]),
            thumb=_text(person.thumb),
            entry=_text(person.content),
            leaf=person.leaf,
            similarity=nearest["similarity"],
            threshold=float(header["threshold"]),
            quality={name: float(value) for name, value in header["quality"].items()},
            frame=header["frame"],
            first_frame=header["first_frame"],
            bbox_xyxy_px=tuple(header["bbox_xyxy_px"]),
            others=len(header["candidates"]) - 1,
        )
        return asking.Raise(deployment_id=deployment_id, camera_id=header["camera_id"], content=content)
    except (KeyError, IndexError, TypeError, ValueError, ValidationError) as error:
        raise LfrError(f"the engine raised an alert that cannot be read: {error}", next_step="stop, and report it") from error


def nearest_entry(message: Message) -> object:
    """The entry id of this alert's nearest candidate, as the engine says it."""
    return max(message.header["candidates"], key=lambda one: one["similarity"])["entry_id"]


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
