"""Keeps both runtimes from reporting their use. Run before either can be imported from here.

OpenVINO, when imported, sends its makers an event and keeps an identifier in the home folder, through the package
`openvino_telemetry`; without that package it works the same. ONNX Runtime keeps a device identifier and a database of events
in the home folder, unless this variable is set before it is loaded. `tests/integration/test_inference.py` watches both.
"""

import os
import sys

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # None is Python's way to say "not to be imported"
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
