"""The machine and the versions a figure was measured on: without them it says nothing."""

import os
import platform
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from lfr_engine.inference import cores
from lfr_engine.inference.processor import processor

_PACKAGES = ("numpy", "onnxruntime", "openvino", "faiss-cpu", "opencv-python", "opencv-python-headless", "insightface", "av", "ray")
_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16", "i8mm")


@dataclass(frozen=True, slots=True)
class Machine:
    """Processor, cores this process may use, memory, versions, and how busy the machine was when the run began."""

    processor: str
    features: tuple[str, ...]
    cores: int
    memory_gib: float
    system: str
    python: str
    packages: tuple[str, ...]
    load_1_min: float

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def this_machine() -> Machine:
    """What can be read without asking anybody; a missing fact is said as unknown."""
    name, flags = processor()
    return Machine(
        processor=name,
        features=tuple(name for name in _FEATURES if name in flags),
        cores=cores(),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=sys.version.split()[0],
        packages=tuple(f"{name} {found}" for name in _PACKAGES if (found := _version(name))),
        load_1_min=round(os.getloadavg()[0], 2),
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
