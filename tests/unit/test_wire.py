"""Framing on the engine's pipes: what is sent arrives, what is hostile is refused before memory is spent on it."""

import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfr_engine import wire
from lfr_engine.errors import BadInput


def _framed(header: bytes, rest: bytes = b"") -> io.BytesIO:
    return io.BytesIO(struct.pack(">I", len(header)) + header + rest)


@given(st.text(), st.lists(st.binary(max_size=300), max_size=6))
def test_what_is_sent_arrives(text: str, blobs: list[bytes]) -> None:
    stream = io.BytesIO()
    wire.send(stream, {"type": "note", "text": text}, blobs)
    wire.send(stream, {"type": "next"})
    stream.seek(0)
    assert wire.receive(stream) == ({"type": "note", "text": text}, tuple(blobs))
    assert wire.receive(stream) == ({"type": "next"}, ())
    assert wire.receive(stream) is None


def test_every_truncation_is_bad_input_and_never_a_message() -> None:
    stream = io.BytesIO()
    wire.send(stream, {"type": "picture", "frame": 3}, [b"abcdef", b""])
    whole = stream.getvalue()
    for cut in range(1, len(whole)):
        with pytest.raises(BadInput, match=r"ended inside|not JSON"):
            wire.receive(io.BytesIO(whole[:cut]))


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"{}",
        b'{"type":1,"blobs":[]}',
        b'{"type":"x"}',
        b'{"type":"x","blobs":{}}',
        b'{"type":"x","blobs":[-1]}',
        b'{"type":"x","blobs":[true]}',
        b'{"type":"x","blobs":[1.0]}',
        b'{"type":"x","blobs":["1"]}',
        b'{"type":"x","blobs":[67108865]}',
        b'{"type":"x","blobs":[' + b",".join([b"0"] * 65) + b"]}",
        b'{"type":"x","blobs":[],"at":NaN}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b"not json",
    ],
)
def test_a_hostile_header_is_refused(header: bytes) -> None:
    with pytest.raises(BadInput):
        wire.receive(_framed(header))


@pytest.mark.parametrize("announced", [0, 1, wire.HEADER_LIMIT_BYTES + 1, 0xFFFFFFFF])
def test_an_impossible_header_length_is_refused_before_it_is_read(announced: int) -> None:
    stream = io.BytesIO(struct.pack(">I", announced) + b"x" * 10)
    with pytest.raises(BadInput, match="announces a header"):
        wire.receive(stream)
    assert stream.tell() == 4


def test_a_blob_that_never_comes_costs_no_memory() -> None:
    class Counting(io.BytesIO):
        largest = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.largest = max(self.largest, size or 0)
            return super().read(size)

    header = json.dumps({"type": "x", "blobs": [wire.BLOB_LIMIT_BYTES]}).encode()
    stream = Counting(struct.pack(">I", len(header)) + header + b"short")
    with pytest.raises(BadInput, match="bytes early"):
        wire.receive(stream)
    assert stream.largest <= 1 << 20


def test_the_sender_keeps_the_same_limits() -> None:
    with pytest.raises(BadInput, match="needs a type"):
        wire.send(io.BytesIO(), {"kind": "x"})
    with pytest.raises(BadInput, match="limits"):
        wire.send(io.BytesIO(), {"type": "x"}, [b""] * 65)
    with pytest.raises(BadInput, match="JSON"):
        wire.send(io.BytesIO(), {"type": "x", "at": float("nan")})
    with pytest.raises(BadInput, match="above"):
        wire.send(io.BytesIO(), {"type": "x", "text": "y" * wire.HEADER_LIMIT_BYTES})
