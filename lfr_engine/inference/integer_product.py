"""Products of small integers on the processor's own instructions for them (AVX-512 VNNI, where it has them), in ONNX Runtime.

Some processors add two 16-bit products with saturation on the way to 32 bits: 255 * 127 twice does not fit. What this one does is
tried when the product is made, and `largest_left` says how large the left factors may be so that every sum is exact.
"""

import threading
from functools import cache
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from lfr_engine.packs.onnx_graph import integer_product_graph

WHOLE = 255
HALF = 127  # 2 * 127 * 127 fits 16 signed bits
_TRIED_SIDES = (1, 5, 64)  # one row, a few and many take different ways through the library


class IntegerProduct:
    """uint8[m, k] times int8[k, n] into int32[m, n], in the thread that calls; threads may share one. Nothing is copied."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(integer_product_graph(), options, providers=["CPUExecutionProvider"])
        self._of_thread = threading.local()
        self.largest_left = WHOLE if self._is_exact(WHOLE) else HALF

    def __call__(self, left: NDArray[np.uint8], right: NDArray[np.int8], out: NDArray[np.int32]) -> None:
        """Contiguous arrays; `out` is overwritten."""
        binding = getattr(self._of_thread, "binding", None)
        if binding is None:
            binding = self._of_thread.binding = self._session.io_binding()
        binding.bind_input("a", "cpu", 0, np.uint8, left.shape, left.ctypes.data)
        binding.bind_input("b", "cpu", 0, np.int8, right.shape, right.ctypes.data)
        binding.bind_output("y", "cpu", 0, np.int32, out.shape, out.ctypes.data)
        self._session.run_with_iobinding(binding)

    def _is_exact(self, largest: int) -> bool:
        for side in _TRIED_SIDES:
            left, out = np.full((side, 64), largest, np.uint8), np.empty((side, 128), np.int32)
            for right in (np.full((64, 128), 127, np.int8), np.full((64, 128), -127, np.int8)):
                self(left, right, out)
                if not np.array_equal(out, left.astype(np.int32) @ right.astype(np.int32)):
                    return False
        return True


@cache
def integer_product() -> IntegerProduct:
    """The one of this process; made on first use."""
    return IntegerProduct()
