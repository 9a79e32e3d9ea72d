"""One rehearsal, frame by frame: the picture, and the truth about who is in it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lfr_engine.image import add_noise, lay_over
from lfr_engine.values import Frame, Image
from lfr_engine.video.rehearsal.figure import WAIST, Drawn, Figure, face_box, make_figure
from lfr_engine.video.rehearsal.spec import RehearsalSpec
from lfr_engine.video.rehearsal.street import make_street
from lfr_engine.video.rehearsal.walk import Pose, plan_walks

# The noise of a sensor, drawn once and laid on with another offset each frame: it never repeats in step with a walk.
_NOISE_MARGIN_PX = 67
# Below this part of the face box in the picture and unhidden, nobody could tell that a face is there.
_LEAST_VISIBLE = 0.05
_SAMPLE_STEP_PX = 4


@dataclass(frozen=True, slots=True)
class Sighting:
    """The truth about one passage in one frame: face box in frame pixels (it may reach outside) and the part of it that
    is in the picture and not hidden by anybody nearer."""

    passage: int
    bbox_xyxy_px: tuple[float, float, float, float]
    visibility: float


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    passage: int
    pose: Pose
    drawn: Drawn
    legs: tuple[int, int, int]


class Scene:
    """Renders frames in any order. `load(path)` gives a photo as uint8 BGR; figures are made when first seen and forgotten
    when their walk is over, so that a long rehearsal does not grow."""

    def __init__(self, spec: RehearsalSpec, load: Callable[[str], Image]) -> None:
        self._spec = spec
        self._load = load
        self._walks = plan_walks(spec)
        self._street = make_street(spec.size, spec.seed)
        self._figures: dict[int, Figure] = {}
        width, height = spec.size
        noise = np.random.default_rng((spec.seed, 3)).normal(0, spec.noise, (height + _NOISE_MARGIN_PX, width + _NOISE_MARGIN_PX, 3))
        self._brighter = np.asarray(np.clip(np.rint(noise), 0, 255), np.uint8)
        self._darker = np.asarray(np.clip(np.rint(-noise), 0, 255), np.uint8)

    @property
    def frames_with_walkers(self) -> int:
        """How many frames until the last walker is gone."""
        return int(max((walk.end_s for walk in self._walks), default=0.0) * self._spec.fps) + 2

    def render(self, index: int) -> tuple[Frame, tuple[Sighting, ...]]:
        """The frame of one index, and who is to be seen in it (far to near)."""
        at_s = index / self._spec.fps
        placed = sorted(self._placed(at_s), key=lambda one: one.pose.face_px)
        picture = self._street.background.copy()
        for one in placed:
            self._draw(picture, one)
        for x0, y0, x1, y1, tone in self._street.posts:
            picture[y0:y1, x0:x1] = tone
        if self._spec.noise:
            across, down = (index * 29) % _NOISE_MARGIN_PX, (index * 41) % _NOISE_MARGIN_PX
            window = (slice(down, down + self._spec.size[1]), slice(across, across + self._spec.size[0]))
            add_noise(picture, self._brighter[window], self._darker[window])
        seen = (self._sighting(one, placed[place + 1 :]) for place, one in enumerate(placed))
        return Frame(index, at_s, picture), tuple(one for one in seen if one.visibility >= _LEAST_VISIBLE)

    def _placed(self, at_s: float) -> list[_Placed]:
        here = []
        for passage, walk in enumerate(self._walks):
            if not walk.start_s <= at_s <= walk.end_s:
                self._figures.pop(passage, None)
                continue
            pose, figure = walk.pose(at_s), self._figure(passage)
            drawn = figure.drawn(pose, self._spec.size)
            if drawn is not None:
                here.append(_Placed(passage, pose, drawn, figure.legs))
        return here

    def _figure(self, passage: int) -> Figure:
        if passage not in self._figures:
            walker = self._spec.walkers[passage]
            rng = np.random.default_rng((self._spec.seed, 4, passage))
            self._figures[passage] = make_figure(self._load(walker.photo.path), walker.photo.box, rng, mirror=walker.mirror)
        return self._figures[passage]

    def _draw(self, picture: Image, one: _Placed) -> None:
        pose, drawn = one.pose, one.drawn
        waist, hips = pose.y_px + WAIST * pose.face_px, 0.9 * pose.face_px
        rows, columns = _span(waist, waist + 4 * pose.face_px), _span(pose.x_px - hips, pose.x_px + hips)
        picture[rows, columns] = one.legs
        height, width = drawn.layer_bgra.shape[:2]
        under = picture[drawn.top : drawn.top + height, drawn.left : drawn.left + width]
        lay_over(under, drawn.layer_bgra, pose.gain)

    def _sighting(self, one: _Placed, nearer: list[_Placed]) -> Sighting:
        x0, y0, x1, y1 = box = face_box(one.pose)
        xs, ys = np.arange(x0, x1, _SAMPLE_STEP_PX), np.arange(y0, y1, _SAMPLE_STEP_PX)
        width, height = self._spec.size
        seen = np.ones((len(ys), len(xs)))
        seen *= ((xs >= 0) & (xs < width))[None, :] * ((ys >= 0) & (ys < height))[:, None]
        for other in (near.drawn for near in nearer):
            columns, rows = (xs - other.left).astype(int), (ys - other.top).astype(int)
            high, wide = other.layer_bgra.shape[:2]
            inside_x, inside_y = (columns >= 0) & (columns < wide), (rows >= 0) & (rows < high)
            if inside_x.any() and inside_y.any():
                hidden = other.layer_bgra[np.ix_(rows[inside_y], columns[inside_x])][..., 3] / 255.0
                seen[np.ix_(inside_y, inside_x)] *= 1 - hidden
        for left, top, right, bottom, _ in self._street.posts:
            seen[np.ix_((ys >= top) & (ys < bottom), (xs >= left) & (xs < right))] = 0
        return Sighting(one.passage, box, round(float(seen.mean()), 3))


def _span(start_px: float, end_px: float) -> slice:
    """Pixels between two places; what lies before the picture's edge is cut off (a negative index would wrap around)."""
    return slice(max(0, round(start_px)), max(0, round(end_px)))
