"""Measures how somebody who was just found moves, on the very next frame: by where a small patch of luma went.

From one detection nobody can tell where a face will be at the next, a quarter of a second later, and among several newcomers each
could be any. The frames between are decoded anyway, so the newcomer's patch is looked for in the next one, close to where it was.
Patches live from one frame to the next and are overwritten; they are of a place, and nothing is compared with them but that place.
"""

from dataclasses import dataclass, field

import numpy as np

from lfr_engine.image import best_match, resize
from lfr_engine.track import Track
from lfr_engine.values import Frame, Image


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """`patch_px`: side to which a patch is shrunk; one pixel of it is then a fortieth of a face each frame, well below what the tracker
    allows. `reach`: how far from its place it is looked for, in face sizes: the fastest walkers move nine sizes a second. `latest_s`:
    beyond this it may be further away than that. `alike`: least correlation; below it something came between."""

    patch_px: int = 24
    reach: float = 0.8
    latest_s: float = 0.09
    alike: float = 0.7


@dataclass(slots=True, eq=False)
class Probes:
    """The newcomers of one camera's last search."""

    settings: ProbeSettings
    _patches: list[tuple[Track, Image]] = field(default_factory=list)

    def remember(self, newcomers: list[Track], frame: Frame) -> None:
        """Take a patch of everybody who was found for the first time in this frame."""
        self.forget()
        for track in newcomers:
            patch, _ = _cut(frame.luma, track, 0.0, self.settings.patch_px)
            if min(patch.shape) >= self.settings.patch_px // 2:
                self._patches.append((track, patch))

    def measure(self, frame: Frame) -> None:
        """Give every newcomer whose patch is found again the velocity it has; forget all patches."""
        for track, patch in self._patches:
            waited_s = frame.stream_s - track.seen_s
            if track.hits > 1 or not 0 < waited_s <= self.settings.latest_s:
                continue
            around, scale = _cut(frame.luma, track, self.settings.reach, self.settings.patch_px)
            if around.shape[0] < patch.shape[0] or around.shape[1] < patch.shape[1]:
                continue
            x, y, alike = best_match(around, patch)
            if alike >= self.settings.alike:
                left, top = _corner(frame.luma, track, self.settings.reach)
                own_left, own_top = _corner(frame.luma, track, 0.0)
                moved = np.array([left + x / scale - own_left, top + y / scale - own_top])
                track.carried(moved / waited_s)
        self.forget()

    def forget(self) -> None:
        """Overwrite every patch."""
        for _, patch in self._patches:
            patch.fill(0)
        self._patches.clear()


def _cut(luma: Image, track: Track, reach: float, patch_px: int) -> tuple[Image, float]:
    """The face's box with `reach` face sizes around it, shrunk so that the face alone would be `patch_px`; and the scale."""
    x1, y1 = (float(edge) for edge in track.face.bbox_xyxy_px[2:])
    left, top = _corner(luma, track, reach)
    margin = reach * track.face.size_px
    part = luma[top : max(round(y1 + margin), top), left : max(round(x1 + margin), left)]
    scale = min(1.0, patch_px / max(track.face.size_px, 1.0))
    wide, high = round(part.shape[1] * scale), round(part.shape[0] * scale)
    if wide < 1 or high < 1:
        return np.zeros((0, 0), np.uint8), scale
    return resize(part, wide, high) if scale < 1.0 else part.copy(), scale


def _corner(luma: Image, track: Track, reach: float) -> tuple[int, int]:
    """The left and top of what `_cut` cuts, in pixels of the picture."""
    margin = reach * track.face.size_px
    x0, y0 = (float(edge) - margin for edge in track.face.bbox_xyxy_px[:2])
    return min(max(round(x0), 0), luma.shape[1]), min(max(round(y0), 0), luma.shape[0])
