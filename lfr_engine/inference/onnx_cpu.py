"""ONNX Runtime on the processor, fp32: the reference that every other runtime and precision is compared with."""

import time
from typing import Any

import numpy as np
import onnxruntime

from lfr_engine.errors import LfrError
from lfr_engine.inference.network import Meter, Pixels, Sizes, Spent, cores, stacked
from lfr_engine.inference.runtime import Precision
from lfr_engine.values import Floats, Image

PROVIDERS = ("CPUExecutionProvider",)
_LOG_ERRORS_ONLY = 3


class OnnxCpuNetwork:
    """One session. A picture uses all cores; several threads may run it."""

    def __init__(self, data: bytes, *, name: str, pixels: Pixels, precision: Precision) -> None:
        """Raises LfrError where the runtime cannot load it or would use another provider."""
        if precision is not Precision.FP32:
            raise LfrError(f"ONNX Runtime computes {name} in fp32 only", next_step="use fp32, or the backend openvino")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _LOG_ERRORS_ONLY
        options.intra_op_num_threads = cores()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # several processes share the cores
        try:
            self._session: Any = onnxruntime.InferenceSession(data, options, providers=list(PROVIDERS))
        except Exception as error:  # the runtime's own exceptions share no base class
            raise LfrError(f"the network {name} cannot be loaded: {error}", next_step="rebuild or replace the model pack") from error
        if tuple(self._session.get_providers()) != PROVIDERS:
            raise LfrError(f"the runtime chose {self._session.get_providers()} for {name}, not {list(PROVIDERS)}")
        self.name = name
        self.output_names: tuple[str, ...] = tuple(output.name for output in self._session.get_outputs())
        self.fixed_px = fixed_sides(self._session.get_inputs()[0].shape)
        self._input: str = self._session.get_inputs()[0].name
        self._pixels = pixels
        self._meter = Meter()
        self._sizes = Sizes()

    def run(self, pictures_bgr: Image) -> list[Floats]:
        return stacked([self._one(pictures_bgr[at : at + 1]) for at in range(len(pictures_bgr))])

    def _one(self, picture_bgr: Image) -> list[Floats]:
        began = time.perf_counter()
        try:
            outputs = self._session.run(self.output_names, {self._input: self._pixels.floats(picture_bgr)})
        except Exception as error:  # as above
            raise LfrError(f"the network {self.name} failed on {picture_bgr.shape}: {error}") from error
        self._meter.add(1, time.perf_counter() - began)
        self._sizes.add(picture_bgr.shape)
        return [np.asarray(output, np.float32) for output in outputs]

    def spent(self) -> Spent:
        return self._meter.spent()

    def forget(self) -> None:
        for shape in self._sizes.take():
            self._session.run(self.output_names, {self._input: self._pixels.floats(np.zeros(shape, np.uint8))})


def fixed_sides(shape: list[int | str]) -> tuple[int, int] | None:
    """(height, width) of an input shape [n, 3, h, w] whose last two are numbers."""
    height, width = shape[2:4]
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None
