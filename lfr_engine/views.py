"""What is remembered of one passage while it lasts: its best crops and what each view said, in RAM, and nothing once it is over (R41).

Cost is per person, not per frame: a view is embedded when it is clearly better than the views before it, or when the passage has
waited. The wait grows from view to view, faster for somebody who is like nobody on the list and once an alert is raised; it is
short while one view has reached the threshold and others have to agree. Looking never stops, and starts anew after somebody was
hidden: a track can pass from one person to another when two cross, and the second must not go unseen. All of it dies with the track.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from lfr_engine.decide import Agreement, Verdicts
from lfr_engine.quality import Quality, Rejection
from lfr_engine.values import Candidate, Image

PROBES = 3
MOST_VIEWS = 48
"""Of one passage: somebody who stands there for an hour, or a face on a poster, is looked at twenty times a minute, without end."""
EARLY_S = 0.004  # stream times carry rounding
_NO_CROP: Image = np.empty((0, 0, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """`better`: a view whose score is this many times the best so far is embedded at once; otherwise after a wait of `wait_s`, which
    every view makes `growth` times longer, one that is like nobody `far_growth` times, up to `longest_s`. While one view has reached
    the threshold and others have to agree it is `pending_s`, for the next `pending_views`. `hidden_s`: whoever was not found for so
    long is looked at as if new.
    `near`: a similarity that misses the threshold by no more than this part of the way from the threshold to 1 is like somebody:
    it keeps the wait short and is shown as a runner-up, but counts for nothing.

    Chosen on views of 100 passages of the choosing half: 2.8 views a passage recognise as many as all 19 would, within one passage
    (docs/performance.md)."""

    better: float = 1.8
    wait_s: float = 1.1
    growth: float = 1.5
    far_growth: float = 2.0
    longest_s: float = 3.0
    pending_s: float = 0.2
    pending_views: int = 3
    hidden_s: float = 0.6
    near: float = 0.2

    def floor(self, threshold: float) -> float:
        """The least similarity that is like somebody."""
        return threshold - self.near * (1 - threshold)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One embedded view: when, how good, its crop (uint8 BGR), and the entries it was like, best first."""

    frame: int
    stream_s: float
    bbox_xyxy_px: tuple[int, int, int, int]
    quality: Quality
    crop: Image
    alike: tuple[Candidate, ...] = ()


@dataclass(slots=True, eq=False)
class Passage:
    """The views of one track (best first), its verdicts, why views were refused, and whether an alert went out; `held`: the entries
    whose alert the throttle holds back, at which similarity."""

    settings: ViewSettings
    rule: Agreement
    verdicts: Verdicts = field(init=False)
    views: list[View] = field(default_factory=list)
    embedded: int = 0
    last_s: float = float("-inf")
    found_s: float = float("inf")
    wait_s: float = field(init=False)
    pending: int = 0
    refused: dict[Rejection, int] = field(default_factory=dict)
    alerted: bool = False
    held: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.verdicts = Verdicts(self.rule)
        self.wait_s = self.settings.wait_s

    @property
    def best(self) -> list[View]:
        """The best `PROBES` views, best first; only these have a crop."""
        return self.views[:PROBES]

    def found(self, stream_s: float) -> None:
        """The track was found again; after a while out of sight it may be somebody else."""
        if stream_s - self.found_s > self.settings.hidden_s:
            self.wait_s, self.last_s = self.settings.wait_s, float("-inf")
        self.found_s = stream_s

    def rests(self, size_px: float, stream_s: float) -> bool:
        """Whether a face of this size cannot be worth measuring yet: the score grows with size, and it is no larger than before."""
        if not self.views or self._waited(stream_s):
            return False
        x0, y0, x1, y1 = self.views[0].bbox_xyxy_px
        return size_px < max(x1 - x0, y1 - y0)

    def wants(self, quality: Quality, stream_s: float) -> bool:
        """Whether a usable view is worth embedding now."""
        if not self.views or self._waited(stream_s):
            return True
        return not self.verdicts.alerted and quality.score >= self.settings.better * self.views[0].quality.score

    def _waited(self, stream_s: float) -> bool:
        return stream_s - self.last_s >= (self.settings.pending_s if self.pending else self.wait_s) - EARLY_S

    def add(self, view: View, threshold: float) -> tuple[Candidate, ...]:
        """Take an embedded view: remember it (the crop of one that is not among the best is overwritten) and return whoever is due.

        Of more than MOST_VIEWS the worst of those that were like nobody is forgotten first."""
        before = len(self.verdicts.reached)
        due = self.verdicts.add([candidate for candidate in view.alike if candidate.similarity >= threshold])
        if self.verdicts.alerted:
            self.pending = 0
        else:
            self.pending = self.settings.pending_views if len(self.verdicts.reached) > before else max(0, self.pending - 1)
        self.embedded += 1
        self.last_s = view.stream_s
        growth = self.settings.growth if view.alike and not self.verdicts.alerted else self.settings.far_growth
        self.wait_s = min(self.wait_s * growth, self.settings.longest_s)
        self.views = sorted([*self.views, view], key=lambda known: -known.quality.score)
        if len(self.views) > MOST_VIEWS:
            self.views.remove(min((known for known in self.views if known is not view), key=_worth))
        for place, other in enumerate(self.views[PROBES:], start=PROBES):
            other.crop.fill(0)
            self.views[place] = replace(other, crop=_NO_CROP)
        return due

    def risen(self, view: View, threshold: float) -> tuple[Candidate, ...]:
        """Whoever is held back and is more alike in this view than when that was decided: it is asked again."""
        reached = (one for one in view.alike if one.similarity >= threshold)
        return tuple(one for one in reached if one.similarity > self.held.get(one.entry_id, float("inf")))

    def wipe(self) -> None:
        """Overwrite every crop and forget every similarity."""
        for view in self.views:
            view.crop.fill(0)
        self.views.clear()
        self.verdicts.reached.clear()
        self.held.clear()


def _worth(view: View) -> tuple[bool, float]:
    """How much a view is worth keeping: those that were like somebody explain an alert."""
    return bool(view.alike), view.quality.score
