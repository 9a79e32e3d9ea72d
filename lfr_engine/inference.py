"""Runs ONNX networks: the only import of ONNX Runtime.

fp32 on the CPU provider and on no other: a session for which the runtime chose something else refuses to be made.
"""

import os
from typing import Any

import numpy as np
import onnxruntime

from lfr_engine.errors import LfrError
from lfr_engine.values import Floats

PROVIDERS = ("CPUExecutionProvider",)
_LOG_ERRORS_ONLY = 3

RUNTIME = f"onnxruntime {onnxruntime.__version__} {'+'.join(PROVIDERS)} fp32"


def cores() -> int:
    """Cores this process may use, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


class Network:
    """One loaded ONNX file with a single picture input."""

    def __init__(self, data: bytes, *, name: str) -> None:
        """Raises LfrError where the runtime cannot load it or would use another provider."""
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _LOG_ERRORS_ONLY
        options.intra_op_num_threads = cores()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # several processes share the cores
        try:
            self.session: Any = onnxruntime.InferenceSession(data, options, providers=list(PROVIDERS))
        except Exception as error:  # the runtime's own exceptions share no base class
            raise LfrError(f"the network {name} cannot be loaded: {error}", next_step="rebuild or replace the model pack") from error
        if tuple(self.session.get_providers()) != PROVIDERS:
            raise LfrError(f"the runtime chose {self.session.get_providers()} for {name}, not {list(PROVIDERS)}")
        self.input_name: str = self.session.get_inputs()[0].name
        self.output_names: list[str] = [output.name for output in self.session.get_outputs()]

    def run(self, batch: Floats) -> list[Floats]:
        """The outputs for float32[n, 3, h, w], in the file's order."""
        outputs = self.session.run(self.output_names, {self.input_name: np.ascontiguousarray(batch, np.float32)})
        return [np.asarray(output, np.float32) for output in outputs]
