"""What insightface's own model classes read out of a network: the only import of insightface.

Its SCRFD knows strides, anchors and landmarks of every published variant by the outputs, its ArcFaceONNX finds the normalisation
in the graph. Both are asked once, when a pack is opened, over a description of the network that this program loaded: neither
chooses a runtime, fetches a file, or touches a frame. That our decoding gives what theirs gives is tested on photos.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from insightface.model_zoo import SCRFD, ArcFaceONNX
from insightface.model_zoo.model_license import inspect_model_package_license

from lfr_engine.errors import LfrError
from lfr_engine.inference import Network


@dataclass(frozen=True, slots=True)
class _Value:
    name: str
    shape: list[int | str]


class _Description:
    """The questions that insightface asks of a session before it runs one."""

    def __init__(self, network: Network) -> None:
        height, width = network.fixed_px or ("height", "width")
        self._input = _Value("pictures", [1, 3, height, width])
        self._outputs = [_Value(name, [1, "places", "values"]) for name in network.output_names]

    def get_inputs(self) -> list[_Value]:
        return [self._input]

    def get_outputs(self) -> list[_Value]:
        return self._outputs


@dataclass(frozen=True, slots=True)
class ScrfdLayout:
    """The grids of an SCRFD and the anchors at each of their points."""

    strides_px: tuple[int, ...]
    anchors: int


def scrfd_layout(network: Network) -> ScrfdLayout:
    """The layout of an SCRFD (Guo et al. 2022). Raises LfrError where it gives no landmarks or is none of the published ones."""
    known: Any = SCRFD(model_file=None, session=_Description(network))
    if not known.use_kps:
        raise LfrError(f"{network.name} is an SCRFD without landmarks; this program needs the five points")
    return ScrfdLayout(tuple(int(stride) for stride in known._feat_stride_fpn), int(known._num_anchors))


def arcface_normalisation(network: Network, path: Path) -> tuple[float, float]:
    """Mean and scale that a network of the ArcFace family (Deng et al. 2019) wants: pixels become (value - mean) * scale."""
    known: Any = ArcFaceONNX(model_file=str(path), session=_Description(network))
    return float(known.input_mean), 1.0 / float(known.input_std)


def signed_licence(folder: Path, model_id: str, *, now: datetime, public_keys: tuple[Any, ...] | None = None) -> tuple[str, str]:
    """(status, sentence) of a package's MODEL.LICENSE, checked by insightface's own code against the keys it ships.

    Statuses are that code's: `verified_commercial`, `verified_non_commercial`, `default_non_commercial` where there is no such
    file, and others where there is one that does not hold. `public_keys` replaces the shipped keys, for tests.
    """
    found = inspect_model_package_license(folder, expected_model_id=model_id, now=now, public_keys=public_keys)
    return str(found.status), str(found.message)
