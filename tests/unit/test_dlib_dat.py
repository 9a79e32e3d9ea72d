"""The reader of dlib network files: what it takes, and what it refuses without asking for memory."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfr_engine.errors import BadInput
from lfr_engine.packs.dlib_dat import MAX_FILE_BYTES, Affine, Convolution, FullConnection, Stream, read_layers
from lfr_engine.packs.onnx_graph import dlib_face_network


def integer(value: int) -> bytes:
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def tensor(values: np.ndarray, version: int = 2, claimed: int | None = None) -> bytes:
    dimensions = (claimed or values.size, 1, 1, 1)
    return integer(version) + b"".join(integer(number) for number in dimensions) + values.astype("<f4").tobytes()


def name(text: bytes) -> bytes:
    return integer(len(text)) + text


def convolution(filters: int = 2, inputs: int = 3, side: int = 3, **odd: int) -> bytes:
    parameters = np.arange(filters * inputs * side * side + filters, dtype=np.float32)
    numbers = (odd.get("filters", filters), side, odd.get("columns", side), 1, 1, 1, 1)
    return name(b"con_4") + tensor(parameters) + b"".join(integer(number) for number in numbers)


def affine(channels: int = 2) -> bytes:
    return name(b"affine_") + tensor(np.arange(2 * channels, dtype=np.float32))


def full(inputs: int = 2, outputs: int = 4) -> bytes:
    return name(b"fc_2") + integer(outputs) + integer(inputs) + tensor(np.arange(inputs * outputs, dtype=np.float32))


HEAD = integer(1) + b"between layers lie small records"
WHOLE = HEAD + convolution() + b"..." + affine() + b"..." + full() + b"tail"


def test_layers_come_out_in_order_with_their_shapes() -> None:
    first, second, third = read_layers(WHOLE)
    assert isinstance(first, Convolution)
    assert isinstance(second, Affine)
    assert isinstance(third, FullConnection)
    assert first.weights.shape == (2, 3, 3, 3)
    assert first.biases.tolist() == [54.0, 55.0]
    assert (second.gamma.tolist(), second.beta.tolist()) == ([0.0, 1.0], [2.0, 3.0])
    assert third.weights.shape == (2, 4)


@given(st.integers(min_value=0, max_value=len(WHOLE) - len(b"tail") - 1))
def test_a_file_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(BadInput):
        read_layers(WHOLE[:length])


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_refused_as_bad_input(data: bytes) -> None:
    with pytest.raises(BadInput):
        read_layers(data)


@given(st.integers(min_value=0, max_value=len(WHOLE) - 1), st.integers(min_value=0, max_value=255))
def test_a_changed_byte_gives_layers_or_bad_input_and_nothing_else(place: int, value: int) -> None:
    changed = bytearray(WHOLE)
    changed[place] = value
    with suppress(BadInput):  # anything else, a memory error above all, fails the test
        assert read_layers(bytes(changed))


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (name(b"con_4") + tensor(np.zeros(4), version=3), "outside 2..2"),
        (name(b"con_4") + tensor(np.zeros(4), claimed=3_999_999), "ends early"),
        (name(b"con_4") + integer(2) + integer(4_000_000) * 4, "claims"),
        (name(b"con_4") + integer(2) + integer(-1), "outside"),
        (name(b"con_4") + tensor(np.array([np.nan])), "not finite"),
        (convolution(filters=2, columns=5), "not square"),
        (convolution(filters=2).replace(integer(2) + integer(3) + integer(3), integer(7) + integer(3) + integer(3)), "cannot hold"),
        (name(b"affine_") + tensor(np.zeros(3)), "odd number"),
        (name(b"fc_2") + integer(3) + integer(3) + tensor(np.zeros(8)), "cannot hold"),
    ],
)  # fmt: skip
def test_every_kind_of_lie_is_named(layer: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read_layers(HEAD + layer)


def test_an_integer_needs_a_control_byte_of_one_to_eight() -> None:
    for control in (0x00, 0x09, 0x0F, 0x11):
        with pytest.raises(BadInput, match="control byte"):
            Stream(bytes([control]) + b"\1" * 16).integer(0, 10)


def test_a_file_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadInput, match="limit"):
        read_layers(bytes(MAX_FILE_BYTES + 1))


def test_layers_of_another_network_are_not_converted() -> None:
    with pytest.raises(BadInput, match="convolutions"):
        dlib_face_network(read_layers(WHOLE))
