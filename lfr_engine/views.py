"""What is remembered of one passage while it lasts: its best crops, in RAM, and nothing once it is over.

Cost is per person, not per frame: a view is embedded when it is clearly better than the views before it, or when some time
has passed. After `most` views the wait grows, but looking never stops: a track can pass from one person to another when two
cross, and the second must not go unseen.
"""

from dataclasses import dataclass, field

from lfr_engine.decide import Agreement, Verdicts
from lfr_engine.quality import Quality, Rejection
from lfr_engine.values import Image

PROBES = 3


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """`better`: a view whose score is this many times the best so far is embedded at once; otherwise after `wait_s`, and after
    `most` views only every `later_s`."""

    most: int = 6
    better: float = 1.2
    wait_s: float = 0.5
    later_s: float = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One embedded view: when, how good, and its crop (uint8 BGR)."""

    frame: int
    stream_s: float
    bbox_xyxy_px: tuple[int, int, int, int]
    quality: Quality
    crop: Image


@dataclass(slots=True, eq=False)
class Passage:
    """The views of one track, its verdicts, and why views were refused."""

    settings: ViewSettings
    rule: Agreement
    verdicts: Verdicts = field(init=False)
    best: list[View] = field(default_factory=list)
    embedded: int = 0
    last_s: float = float("-inf")
    refused: dict[Rejection, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.verdicts = Verdicts(self.rule)

    def wants(self, quality: Quality, stream_s: float) -> bool:
        """Whether a usable view is worth embedding now."""
        if self.embedded >= self.settings.most:
            return stream_s - self.last_s >= self.settings.later_s
        if not self.best or quality.score >= self.settings.better * self.best[0].quality.score:
            return True
        return stream_s - self.last_s >= self.settings.wait_s

    def add(self, view: View) -> None:
        """Remember an embedded view among the best `PROBES`; the crop that falls out is overwritten."""
        self.embedded += 1
        self.last_s = view.stream_s
        self.best = sorted([*self.best, view], key=lambda known: -known.quality.score)
        for dropped in self.best[PROBES:]:
            dropped.crop.fill(0)
        del self.best[PROBES:]

    def wipe(self) -> None:
        """Overwrite every crop and forget every similarity."""
        for view in self.best:
            view.crop.fill(0)
        self.best.clear()
        self.verdicts.reached.clear()
