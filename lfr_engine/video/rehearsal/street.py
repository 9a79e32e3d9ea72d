"""The street behind and before the walkers: drawn, not photographed, so that no bystander is ever in it."""

from dataclasses import dataclass

import numpy as np

from lfr_engine.image import soften
from lfr_engine.values import Image


@dataclass(frozen=True, slots=True, eq=False)
class Street:
    """`background` without anybody; `posts` are things that stand before everybody, as (x0, y0, x1, y1, BGR)."""

    background: Image
    posts: tuple[tuple[int, int, int, int, tuple[int, int, int]], ...]


def make_street(size_px: tuple[int, int], seed: int) -> Street:
    """Sky, a row of houses with windows, a pavement, and one or two posts, all from the seed."""
    width, height = size_px
    rng = np.random.default_rng((seed, 2))
    rows = np.linspace(0.0, 1.0, height)[:, None, None]
    sky = np.array([225.0, 205.0, 190.0]) - 40 * rows
    picture = np.broadcast_to(sky, (height, width, 3)).copy()
    x = 0
    while x < width:
        x = _house(picture, x, rng)
    kerb = int(0.34 * height)
    ground = 118 + 45 * np.linspace(0, 1, height - kerb)[:, None, None] + rng.normal(0, 5, (height - kerb, width, 1))
    picture[kerb:] = ground * np.array([1.0, 1.0, 1.02])
    for joint in np.geomspace(4, height - kerb, 9)[:-1]:
        picture[kerb + int(joint) : kerb + int(joint) + 2] *= 0.86
    background = soften(np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8), 2.0, 2.0)
    posts = tuple(_post(width, height, rng) for _ in range(int(rng.integers(1, 3))))
    return Street(background, posts)


def _house(picture: np.ndarray[tuple[int, ...], np.dtype[np.float64]], x: int, rng: np.random.Generator) -> int:
    height, width = picture.shape[:2]
    right = min(width, x + int(rng.uniform(0.11, 0.22) * width))
    top, kerb = int(rng.uniform(0.02, 0.12) * height), int(0.34 * height)
    picture[top:kerb, x:right] = rng.uniform(95, 165) + rng.uniform(-28, 28, 3)
    pitch = max(12, height // 14)
    for window_y in range(top + pitch // 2, kerb - pitch, pitch):
        for window_x in range(x + pitch // 2, right - pitch // 2, pitch):
            picture[window_y : window_y + pitch // 2, window_x : window_x + pitch // 3] = rng.uniform(40, 110)
    return right


def _post(width: int, height: int, rng: np.random.Generator) -> tuple[int, int, int, int, tuple[int, int, int]]:
    x = int(rng.uniform(0.12, 0.88) * width)
    tone = int(rng.uniform(35, 75))
    return (x, 0, x + max(6, width // 90), height, (tone, tone + 4, tone))
