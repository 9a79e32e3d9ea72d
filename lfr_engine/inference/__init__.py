"""Runs networks: the only place that imports ONNX Runtime and OpenVINO, one file each. See `runtime` for the choice."""

from lfr_engine.inference import telemetry as telemetry  # before either runtime
from lfr_engine.inference.load import load_network
from lfr_engine.inference.network import Network, Pixels, Spent, cores
from lfr_engine.inference.runtime import Backend, Precision, Runtime, default_runtime

__all__ = ["Backend", "Network", "Pixels", "Precision", "Runtime", "Spent", "cores", "default_runtime", "load_network"]
