"""Whether a camera is fit to match on: looked at once a second, in a small grey picture in which nobody can be told apart.

    frozen    the picture has not changed at all for a while, though frames come
    dark      too little light to see a face by
    blurred   far less detail than when the place was confirmed: dirt, rain, a lens out of focus
    moved     it looks elsewhere than when the place was confirmed (R83: the zone of recognition is what was checked)
    clock     the times it sends run away from ours

The reference is taken when matching begins, which is when the operator has confirmed place and signs (the gate's checks),
and again when an operator resumes after a pause while the camera counts as moved.
"""

from collections import deque

import numpy as np

from lfr_engine.image import edge_variance, resize
from lfr_engine.values import Image
from lfr_engine.video.view_shift import View, fit, lasting, view_of

EVERY_S = 1.0
SMALL_PX = (160, 90)
"""A face 100 pixels high in a picture 1280 wide is 12 here."""
_DETAIL_PX = (640, 360)
_LOOKS = 9
"""Of the lasting picture: people who walk are gone after nine seconds."""
DARK_LEVEL = 24.0
"""The brightest tenth of the picture lies below it. A face lit by a street lamp alone reaches 40."""
FROZEN_S = 10.0
"""A sensor's noise alone changes every picture; a coder that repeats a still scene sends a whole picture within this time."""
FROZEN_LEVEL = 0.02
BLURRED_SHARE = 0.25
"""Of the reference's detail. A blur of two pixels at 1280 leaves 0.2 and costs a quarter of the recognitions."""
IN_A_ROW = 3


class Health:
    """One camera. Feed it one frame's luma about once a second; `reasons` says what is wrong."""

    def __init__(self) -> None:
        self.reasons: tuple[str, ...] = ()
        self._looks: deque[Image] = deque(maxlen=_LOOKS)
        self._details: deque[float] = deque(maxlen=_LOOKS)
        self._reference: View | None = None
        self._reference_detail = 0.0
        self._last: Image | None = None
        self._changed_s = 0.0
        self._looked_s = float("-inf")
        self._elsewhere = 0

    def due(self, now_s: float) -> bool:
        """Whether it is time for another look."""
        return now_s - self._looked_s >= EVERY_S

    @property
    def moved(self) -> bool:
        return "moved" in self.reasons

    def confirmed(self) -> None:
        """The view as it is now is the right one: take a new reference."""
        self._reference = None
        self._looks.clear()
        self._details.clear()
        self._elsewhere = 0
        self.reasons = tuple(reason for reason in self.reasons if reason not in ("moved", "blurred"))

    def opened_again(self) -> None:
        """Its pictures begin anew after a break; where it was confirmed to look stays what it was, and so does that it looks elsewhere."""
        self._looks.clear()
        self._details.clear()
        self._last = None
        self.reasons = tuple(reason for reason in self.reasons if reason == "moved")

    def look(self, luma: Image, now_s: float, *, clock_drifts: bool) -> None:
        """Judge the camera by a new picture, uint8 height x width, at our boot time `now_s`."""
        self._looked_s = now_s
        small = resize(luma, *SMALL_PX)
        if self._last is None or changed(self._last, small):
            self._changed_s = now_s
        self._last = small
        found = {
            "frozen": now_s - self._changed_s >= FROZEN_S,
            "dark": is_dark(small),
            "clock": clock_drifts,
        }
        if not found["dark"]:  # in the dark there is no view to compare
            self._looks.append(small)
            self._details.append(detail(resize(luma, *_DETAIL_PX)))
            found |= self._against_the_reference()
        else:
            found |= {name: name in self.reasons for name in ("moved", "blurred")}
        self.reasons = tuple(name for name in ("frozen", "dark", "blurred", "moved", "clock") if found[name])

    def _against_the_reference(self) -> dict[str, bool]:
        if len(self._looks) < _LOOKS:
            return {name: name in self.reasons for name in ("moved", "blurred")}
        view, sharp = view_of(lasting(self._looks)), float(np.median(self._details))
        if self._reference is None or self._reference.edges is None:  # fog has to lift before there is a view to keep
            self._reference, self._reference_detail = view, sharp
        found = fit(self._reference, view)
        self._elsewhere = self._elsewhere + 1 if found is not None and found.moved else 0
        return {"moved": self._elsewhere >= IN_A_ROW, "blurred": sharp < BLURRED_SHARE * self._reference_detail}


def changed(one: Image, other: Image) -> bool:
    """Whether two small pictures differ at all, a coder's rounding aside."""
    return float(np.abs(one.astype(np.int16) - other).mean()) > FROZEN_LEVEL


def detail(luma: Image) -> float:
    """Sharpness that does not depend on the light: the variance of the edges per variance of the picture."""
    return edge_variance(luma) / max(1.0, float(luma.var()))


def is_dark(small: Image) -> bool:
    return float(np.percentile(small, 90)) < DARK_LEVEL
