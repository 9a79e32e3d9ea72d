"""Which library computes the networks, and how precisely: part of the pipeline digest, because both can change a score.

OpenVINO at fp32 is the default where it is installed on x86-64 Linux, ONNX Runtime on the processor elsewhere. Measured on one
core of an Ice Lake Xeon, least ms a picture with ONNX Runtime and with OpenVINO: MobileFaceNet 22 and 12, retail-0095 16 and 7,
dlib's ResNet 6.7 and 7.2; at 640 x 384 SCRFD 15 and 16, YuNet 9 and 10, CenterFace 46 and 53. Where every view is embedded, the
face network is most of the cost; on processors with matrix units OpenVINO gains on the detectors as well.
"""

import importlib.metadata
import importlib.util
import platform
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from lfr_engine.errors import BadInput


class Backend(StrEnum):
    """What computes."""

    OPENVINO = "openvino"
    ONNX_CPU = "onnxruntime-cpu"
    ONNX_CUDA = "onnxruntime-cuda"


class Precision(StrEnum):
    """How numbers are held while computing. Anything below fp32 needs a verdict of `lfr models selfcheck`."""

    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"


_DISTRIBUTIONS = {
    Backend.OPENVINO: ("openvino",),
    Backend.ONNX_CPU: ("onnxruntime", "onnxruntime-gpu"),
    Backend.ONNX_CUDA: ("onnxruntime-gpu",),
}
_INSTALL = {
    Backend.OPENVINO: "pip install openvino",
    Backend.ONNX_CPU: "pip install onnxruntime",
    Backend.ONNX_CUDA: "pip uninstall onnxruntime && pip install onnxruntime-gpu (docs/inference.md)",
}


@dataclass(frozen=True, slots=True)
class Runtime:
    """One choice of both."""

    backend: Backend
    precision: Precision = Precision.FP32

    def described(self) -> str:
        """Library, version, device and precision, as the pipeline digest holds them. Raises BadInput where it is not installed."""
        return f"{self.backend} {_version(self.backend)} {self.precision}"


@cache
def _version(backend: Backend) -> str:
    for name in _DISTRIBUTIONS[backend]:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    raise BadInput(f"{backend} is not installed here", next_step=_INSTALL[backend])


@cache
def default_runtime() -> Runtime:
    """fp32 on OpenVINO where it is installed on x86-64 Linux, else on ONNX Runtime."""
    fitting = sys.platform == "linux" and platform.machine() == "x86_64"
    if fitting and importlib.util.find_spec("openvino") is not None:
        return Runtime(Backend.OPENVINO)
    return Runtime(Backend.ONNX_CPU)
