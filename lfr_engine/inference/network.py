"""What every runtime offers: pictures in, arrays out, and how long it took."""

import os
import threading
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from lfr_engine.image import blob
from lfr_engine.values import Floats, Image


def cores() -> int:
    """Cores this process may use, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Pixels:
    """How a network wants its pixels: (value - mean) * scale, channels in RGB order where `rgb`, else BGR."""

    mean: tuple[float, float, float]
    scale: float
    rgb: bool

    def floats(self, pictures_bgr: Image) -> Floats:
        """uint8[n, h, w, 3] as float32[n, 3, h, w], for runtimes that are given numbers and not pictures."""
        return blob(list(pictures_bgr), self.scale, self.mean, rgb=self.rgb)


class Spent(NamedTuple):
    """Pictures that went through a network, and the seconds from giving each to having its result, added up.

    Pictures that are computed side by side each count their own time, so divided by the cores in use this is the floor: the
    time the models alone need.
    """

    runs: int = 0
    seconds: float = 0.0


class Meter:
    """Adds up what a network spent, whichever thread asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent = Spent()

    def add(self, runs: int, seconds: float) -> None:
        with self._lock:
            self._spent = Spent(self._spent.runs + runs, self._spent.seconds + seconds)

    def spent(self) -> Spent:
        with self._lock:
            return self._spent


class Network(Protocol):
    """A loaded network that takes pictures. It may be run from several threads at once.

    `fixed_px` is the (height, width) it takes, or None where it takes any that its grid divides.
    """

    @property
    def name(self) -> str: ...

    @property
    def output_names(self) -> tuple[str, ...]: ...

    @property
    def fixed_px(self) -> tuple[int, int] | None: ...

    def run(self, pictures_bgr: Image) -> list[Floats]:
        """The outputs for uint8[n, h, w, 3], n first, in the file's order.

        On the processor a picture's result does not depend on the pictures beside it, to the last bit: each is a run of its own.
        """

    def spent(self) -> Spent:
        """Since it was loaded."""

    def forget(self) -> None:
        """Overwrite what the runtime still holds of the last pictures, by running on black ones of every size seen since.

        For when nobody is in the picture any more: while people pass, the next one does it. Waits for runs that are under way.
        """


class Sizes:
    """The picture sizes that went through a network since it last forgot."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: set[tuple[int, ...]] = set()

    def add(self, shape: tuple[int, ...]) -> None:
        with self._lock:
            self._seen.add(shape)

    def take(self) -> list[tuple[int, ...]]:
        """Every shape since the last call."""
        with self._lock:
            seen, self._seen = sorted(self._seen), set()
        return seen


def stacked(per_picture: list[list[Floats]]) -> list[Floats]:
    """The outputs of single pictures, put together; the parts are overwritten."""
    if len(per_picture) == 1:
        return per_picture[0]
    whole = [np.concatenate(parts) for parts in zip(*per_picture, strict=True)]
    for parts in per_picture:
        for part in parts:
            part.fill(0)
    return whole
