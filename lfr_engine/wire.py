"""Framing of everything that crosses the engine's pipes: a JSON header and any number of binary blobs.

    4 bytes   big-endian length of the header
    header    UTF-8 JSON object with "type" (text) and "blobs" (the byte length of each blob, in order)
    blobs     one after the other, nothing between them

The reader trusts nothing: every length is checked against a ceiling before a byte of it is read, so that a broken or
hostile peer can make neither side reserve memory it should not.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple, NoReturn

from lfr_engine.errors import BadInput

HEADER_LIMIT_BYTES = 1 << 20
BLOB_LIMIT_BYTES = 64 << 20  # the templates of a 20,000-person list at 512 dimensions are 41 MB
BLOBS_LIMIT = 64  # an alert has four at most, the start command its ids and as many as the templates take
_LENGTH = struct.Struct(">I")
_CHUNK_BYTES = 1 << 20


class Message(NamedTuple):
    """One received frame: its header without "blobs", and the blobs themselves."""

    header: dict[str, Any]
    blobs: tuple[bytes, ...]


def send(stream: BinaryIO, header: Mapping[str, Any], blobs: Sequence[bytes | memoryview] = ()) -> None:
    """Write one message and flush it. Not locked: a stream with several writers needs one lock around this.

    Raises BadInput for a header without "type", a value JSON does not know (NaN included) or a part above its limit;
    BrokenPipeError when the reader is gone.
    """
    if not isinstance(header.get("type"), str):
        raise BadInput("a message on the wire needs a type")
    lengths = [memoryview(blob).nbytes for blob in blobs]
    if len(lengths) > BLOBS_LIMIT or any(length > BLOB_LIMIT_BYTES for length in lengths):
        raise BadInput(f"a message of type {header['type']} has blobs beyond the wire's limits")
    try:
        text = json.dumps({**header, "blobs": lengths}, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise BadInput(f"a message of type {header['type']} cannot be written as JSON: {error}") from error
    if len(text) > HEADER_LIMIT_BYTES:
        raise BadInput(f"the header of a message of type {header['type']} is above {HEADER_LIMIT_BYTES} bytes")
    stream.write(_LENGTH.pack(len(text)) + text)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def receive(stream: BinaryIO) -> Message | None:
    """Read one message; None when the stream ended between two messages.

    Raises BadInput when it ends inside a message, breaks a limit or is not of this form. After BadInput the stream's
    position means nothing: close it.
    """
    prefix = _read(stream, _LENGTH.size, at_start=True)
    if prefix is None:
        return None
    (length,) = _LENGTH.unpack(prefix)
    if not 2 <= length <= HEADER_LIMIT_BYTES:
        raise BadInput(f"a message announces a header of {length} bytes; the limit is {HEADER_LIMIT_BYTES}")
    header = _parse(_read_exactly(stream, length))
    blobs = tuple(_read_exactly(stream, size) for size in _blob_lengths(header.pop("blobs", None)))
    return Message(header, blobs)


def _parse(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode("utf-8"), parse_constant=_no_constants)
    except (ValueError, RecursionError) as error:
        raise BadInput("the header of a message is not JSON") from error
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise BadInput("the header of a message is not an object with a type")
    return header


def _no_constants(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of the wire")


def _blob_lengths(lengths: object) -> list[int]:
    if not isinstance(lengths, list) or len(lengths) > BLOBS_LIMIT:
        raise BadInput(f"a message does not list its blobs, or lists more than {BLOBS_LIMIT}")
    for length in lengths:
        # bool is an int to Python; true is not a length.
        if type(length) is not int or not 0 <= length <= BLOB_LIMIT_BYTES:
            raise BadInput(f"a message announces a blob of {length!r} bytes; the limit is {BLOB_LIMIT_BYTES}")
    return lengths


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    got = _read(stream, size, at_start=False)
    if got is None:
        raise BadInput("the stream ended inside a message")
    return got


def _read(stream: BinaryIO, size: int, *, at_start: bool) -> bytes | None:
    """Exactly `size` bytes; None on an end before the first one. Grows with what arrives, not with what was announced."""
    got = bytearray()
    while len(got) < size:
        chunk = stream.read(min(size - len(got), _CHUNK_BYTES))
        if not chunk:
            if at_start and not got:
                return None
            raise BadInput(f"the stream ended inside a message, {size - len(got)} bytes early")
        got += chunk
    return bytes(got)
