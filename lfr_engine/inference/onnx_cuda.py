"""ONNX Runtime on a CUDA device, with no silent way back to the processor.

First the session is asked for with fallback disabled: then either every node runs on the device or there is no session. A graph
that computes shapes (SCRFD's does, once it takes any size) has a handful of nodes that ONNX Runtime itself keeps on the processor
because their operands are sizes, not pictures. For such a graph the session is made again, the assignment of every node is read
back, and one node on the processor whose operator is not on the list below ends it.

Untested on a device: the machines this was written on have none.
"""

import time
from typing import Any

import numpy as np
import onnxruntime

from lfr_engine.errors import LfrError
from lfr_engine.inference.network import Meter, Pixels, Sizes, Spent
from lfr_engine.inference.onnx_cpu import fixed_sides
from lfr_engine.inference.runtime import Precision
from lfr_engine.values import Floats, Image

DEVICE = "CUDAExecutionProvider"
PROCESSOR = "CPUExecutionProvider"
LARGEST_BATCH = 64  # bounds the device memory of one run
# Operators that may stay on the processor, and why: each of them works on a few integers, none on pixels or features.
ON_PROCESSOR = {
    "Shape": "its result is the size of an array, known without touching the array",
    "Constant": "a number written in the graph",
    "Gather": "takes one side out of a size",
    "Slice": "takes the last two sides out of a size",
    "Unsqueeze": "turns a side into a list of one",
    "Concat": "puts sides together into a size",
    "Cast": "turns a side into another integer type",
}
_LOG_ERRORS_ONLY = 3


class OnnxCudaNetwork:
    """One session on one device. Pictures of a batch are computed together; several threads may run it."""

    def __init__(self, data: bytes, *, name: str, pixels: Pixels, precision: Precision) -> None:
        """Raises LfrError where there is no device, or where the runtime would leave a picture's work to the processor."""
        if DEVICE not in onnxruntime.get_available_providers():
            raise LfrError(
                "ONNX Runtime was installed without CUDA",
                next_step="pip uninstall onnxruntime, then pip install onnxruntime-gpu (docs/inference.md), or use another backend",
            )
        if precision is not Precision.FP32:
            raise LfrError(f"ONNX Runtime on CUDA computes {name} in fp32 only", next_step="use fp32")
        self._session: Any = _on_device(data, name)
        self.name = name
        self.output_names: tuple[str, ...] = tuple(output.name for output in self._session.get_outputs())
        self.fixed_px = fixed_sides(self._session.get_inputs()[0].shape)
        self._input: str = self._session.get_inputs()[0].name
        self._pixels = pixels
        self._meter = Meter()
        self._sizes = Sizes()

    def run(self, pictures_bgr: Image) -> list[Floats]:
        """Raises LfrError where the device fails or is lost."""
        parts = [self._batch(pictures_bgr[at : at + LARGEST_BATCH]) for at in range(0, len(pictures_bgr), LARGEST_BATCH)]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _batch(self, pictures_bgr: Image) -> list[Floats]:
        began = time.perf_counter()
        try:
            outputs = self._session.run(self.output_names, {self._input: self._pixels.floats(pictures_bgr)})
        except Exception as error:  # the runtime's own exceptions share no base class
            raise LfrError(
                f"the device failed on {self.name}: {error}", next_step="start again; without the device use another backend"
            ) from error
        self._meter.add(len(pictures_bgr), time.perf_counter() - began)
        self._sizes.add(pictures_bgr.shape)
        return [np.asarray(output, np.float32) for output in outputs]

    def spent(self) -> Spent:
        return self._meter.spent()

    def forget(self) -> None:
        for shape in self._sizes.take():
            self._session.run(self.output_names, {self._input: self._pixels.floats(np.zeros(shape, np.uint8))})


def _on_device(data: bytes, name: str) -> Any:
    """A session whose nodes are all on the device but for the listed ones."""
    try:
        return _session(data, fallback=False)
    except Exception as error:  # ONNX Runtime says so in words only; the second try tells which nodes it was
        session = _session_or_refusal(data, name)
        left = left_on_processor(session)
        if left - ON_PROCESSOR.keys():
            raise LfrError(
                f"ONNX Runtime would compute {', '.join(sorted(left - ON_PROCESSOR.keys()))} of {name} on the processor",
                next_step="use the backend openvino or onnxruntime-cpu",
            ) from error
        return session


def _session_or_refusal(data: bytes, name: str) -> Any:
    try:
        return _session(data, fallback=True)
    except Exception as error:  # as above
        raise LfrError(f"the network {name} cannot be loaded: {error}", next_step="rebuild or replace the model pack") from error


def _session(data: bytes, *, fallback: bool) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _LOG_ERRORS_ONLY
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "0" if fallback else "1")
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    # TF32 rounds the products of fp32 to ten bits: off, or the precision would be lower than its name.
    chosen = [(DEVICE, {"use_tf32": "0"})]
    return onnxruntime.InferenceSession(data, options, providers=[*chosen, PROCESSOR] if fallback else chosen)


def left_on_processor(session: Any) -> set[str]:
    """The operators of all nodes that a session gave to the processor."""
    parts = session.get_provider_graph_assignment_info()
    return {node.op_type for part in parts if part.ep_name == PROCESSOR for node in part.get_nodes()}
