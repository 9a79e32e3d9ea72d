"""OpenVINO on the processor. Nothing is written: models are compiled in memory, without a cache folder and without telemetry.

Precision is set and then read back, because the default is bf16, silently, on processors that have it. One stream per core, one
thread per stream: a picture is computed by one core, and pictures of several cameras, or a batch, side by side. On two cores that
is cheaper than both cores sharing a picture, and it leaves a core to the decoder. Batches gain nothing on these networks (12 ms a
face alone, 12 in a batch of eight), so a batch is so many single runs, and a result never depends on its neighbours.

Pictures go in as bytes, copied into the request (0.1 ms): a request that shared the caller's array would keep it, and might let go
of it in a thread of OpenVINO's, which then waits for Python's lock. Mean, scale and channel order are part of the compiled
network, where they cost less than making floats outside. A network for any picture size is compiled once; each new size costs one
slower run.
"""

import queue
import threading
import time
from collections import deque
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import openvino
from openvino.preprocess import ColorFormat, PrePostProcessor

from lfr_engine.errors import LfrError
from lfr_engine.inference.network import Meter, Pixels, Sizes, Spent, cores, stacked
from lfr_engine.inference.runtime import Precision
from lfr_engine.values import Floats, Image

DEVICE = "CPU"
_RESULT = "/sink_port_0"  # what the ONNX reader appends to the name of an output
_HINTS = {Precision.FP32: openvino.Type.f32, Precision.FP16: openvino.Type.f16, Precision.BF16: openvino.Type.bf16}


@cache
def _core() -> Any:
    return openvino.Core()


class OpenVinoNetwork:
    """One compiled network and as many requests as there are cores."""

    def __init__(self, data: bytes, *, name: str, pixels: Pixels, any_size: bool, precision: Precision) -> None:
        """`any_size`: take pictures of any size, whatever the file says. Raises LfrError where it cannot be compiled as asked."""
        try:
            model = _core().read_model(data, b"")
            named = list(model.input().partial_shape)[2:]
            sides = [-1 if any_size or side.is_dynamic else side.get_length() for side in named]
            results = [result.get_friendly_name() for result in model.get_results()]
            model.reshape([1, 3, *sides])
            self._compiled: Any = _core().compile_model(_taking(model, pixels), DEVICE, _settings(precision))
        except RuntimeError as error:
            raise LfrError(f"the network {name} cannot be loaded: {error}", next_step="rebuild or replace the model pack") from error
        _as_asked(self._compiled, name, precision)
        self.name = name
        self.output_names = tuple(result.removesuffix(_RESULT) for result in results)
        self.fixed_px = None if -1 in sides else (sides[0], sides[1])
        self._meter = Meter()
        self._sizes = Sizes()
        self._forgetting = threading.Lock()
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._requests = cores()
        for _ in range(self._requests):
            self._idle.put(self._compiled.create_infer_request())

    def run(self, pictures_bgr: Image) -> list[Floats]:
        """Rows are spread over the requests that are free; at least one is waited for."""
        pictures = np.ascontiguousarray(pictures_bgr)
        self._sizes.add((1, *pictures.shape[1:]))
        results: list[list[Floats]] = [[] for _ in range(len(pictures))]
        under_way: deque[tuple[Any, int, float]] = deque()
        try:
            for place in range(len(pictures)):
                request = self._free(under_way, results)
                under_way.append((request, place, time.perf_counter()))
                request.start_async({0: pictures[place : place + 1]})
            while under_way:
                self._idle.put(self._collect(under_way, results))
        except RuntimeError as error:
            raise LfrError(f"the network {self.name} failed on {pictures.shape}: {error}") from error
        finally:
            for request, _, _ in under_way:
                self._abandon(request)
        return stacked(results)

    def _free(self, under_way: deque[tuple[Any, int, float]], results: list[list[Floats]]) -> Any:
        """A request to use: a free one, else the oldest of our own, else the first that another thread gives back."""
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._collect(under_way, results) if under_way else self._idle.get()

    def _collect(self, under_way: deque[tuple[Any, int, float]], results: list[list[Floats]]) -> Any:
        request, place, began = under_way[0]
        request.wait()
        self._meter.add(1, time.perf_counter() - began)
        results[place] = [_taken(request.get_output_tensor(at).data) for at in range(len(self.output_names))]
        under_way.popleft()  # only now: a request that fails on the way here is given back by whoever asked
        return request

    def _abandon(self, request: Any) -> None:
        """After a failure: let it end, and give it back."""
        with suppress(RuntimeError):  # the failure that is being reported, or its twin
            request.wait()
        self._idle.put(request)

    def spent(self) -> Spent:
        return self._meter.spent()

    def forget(self) -> None:
        with self._forgetting:  # two of these at once would each wait for the requests of the other
            requests = [self._idle.get() for _ in range(self._requests)]
            try:
                for shape in self._sizes.take():
                    for request in requests:
                        request.infer({0: np.zeros(shape, np.uint8)})
                        for at in range(len(self.output_names)):
                            request.get_output_tensor(at).data.fill(0)
            finally:
                for request in requests:
                    self._idle.put(request)


def _taken(output: Floats) -> Floats:
    """A copy; what the runtime holds is overwritten, so that it does not outlive whoever took it."""
    copy = np.array(output, np.float32)
    output.fill(0)
    return copy


def _taking(model: Any, pixels: Pixels) -> Any:
    """The network with its input changed from normalised floats to bytes as cameras give them."""
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC")).set_color_format(ColorFormat.BGR)
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    inside = steps.input().preprocess().convert_element_type(openvino.Type.f32)
    if pixels.rgb:
        inside = inside.convert_color(ColorFormat.RGB)
    if any(pixels.mean):
        inside = inside.mean(list(pixels.mean))
    if pixels.scale != 1.0:
        inside.scale([1.0 / pixels.scale] * 3)
    return steps.build()


def _settings(precision: Precision) -> dict[str, Any]:
    return {
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "PERFORMANCE_HINT": "THROUGHPUT",
        "NUM_STREAMS": cores(),
        "INFERENCE_NUM_THREADS": cores(),
        "ENABLE_CPU_PINNING": False,  # several processes share the cores
        "CACHE_DIR": "",
    }


def _as_asked(compiled: Any, name: str, precision: Precision) -> None:
    """Raises LfrError where the runtime chose another device or precision than was asked for.

    bf16 is computed by every processor with AVX-512, faithfully but slowly where it has no units for it.
    """
    devices, hint = list(compiled.get_property("EXECUTION_DEVICES")), compiled.get_property("INFERENCE_PRECISION_HINT")
    if devices != [DEVICE] or hint != _HINTS[precision]:
        raise LfrError(
            f"{name} cannot be computed on {DEVICE} in {precision}: OpenVINO chose {devices} and {hint.get_type_name()}",
            next_step="use fp32, which every processor has",
        )
