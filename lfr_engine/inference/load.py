"""Loads a network into the runtime that was chosen; each library is imported only when it is used."""

from lfr_engine.inference.network import Network, Pixels
from lfr_engine.inference.runtime import Backend, Runtime


def load_network(data: bytes, *, name: str, pixels: Pixels, runtime: Runtime, any_size: bool = False) -> Network:
    """A network from the bytes of an ONNX file whose one input is float32[n, 3, h, w].

    `any_size`: let it take pictures of any size although the file names one. Raises LfrError where it cannot be loaded.
    """
    if runtime.backend is Backend.OPENVINO:
        from lfr_engine.inference.openvino_cpu import OpenVinoNetwork

        return OpenVinoNetwork(data, name=name, pixels=pixels, any_size=any_size, precision=runtime.precision)
    if any_size:
        from lfr_engine.packs.onnx_graph import of_any_size

        data = of_any_size(data)
    if runtime.backend is Backend.ONNX_CUDA:
        from lfr_engine.inference.onnx_cuda import OnnxCudaNetwork

        return OnnxCudaNetwork(data, name=name, pixels=pixels, precision=runtime.precision)
    from lfr_engine.inference.onnx_cpu import OnnxCpuNetwork

    return OnnxCpuNetwork(data, name=name, pixels=pixels, precision=runtime.precision)
