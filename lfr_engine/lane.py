"""One camera inside the engine: where its frames come from, the pipeline they go through, and whether it is fit to match on."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from lfr_engine.commands import CameraOrder
from lfr_engine.pipeline import Pipeline
from lfr_engine.values import Frame, Step
from lfr_engine.video.health import Health
from lfr_engine.video.slot import Feed
from lfr_engine.video.source import open_source

STALLED_S = 5.0
"""Longer than any key-frame distance in use: an open camera that has said nothing for so long is not slow."""


class Lane:
    """`state` is the feed's (`lfr_engine.video.slot`), or

    standby    not opened yet
    removed    taken out by command
    moved      frames come, but not from where the camera was confirmed to look: none of them is matched
    """

    def __init__(self, order: CameraOrder, changed: threading.Condition, make_pipeline: Callable[[], Pipeline]) -> None:
        self.camera_id, self.pictured_s = order.id, float("-inf")
        self.health = Health()
        self.flooded = False
        self._order, self._changed, self._make_pipeline = order, changed, make_pipeline
        self.pipeline, self._step = make_pipeline(), Step()
        self._feed: Feed | None = None
        self._size_px: tuple[int, int] | None = None
        self._absent = "standby"
        self._past: Counter[str] = Counter()
        self._drops = [0, 0]

    @property
    def order(self) -> CameraOrder:
        return self._order

    @property
    def state(self) -> str:
        if self._feed is None:
            return self._absent
        return "moved" if self._feed.state == "open" and self.health.moved else self._feed.state

    @property
    def why(self) -> str:
        return self._feed.why if self._feed is not None else ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is wrong with the picture (`lfr_engine.video.health`), and: stalled, damaged, flooded."""
        feed = self._feed
        if feed is None or feed.state != "open":
            return ()
        more = {"stalled": self._stalled(feed), "damaged": feed.damaging, "flooded": self.flooded}
        return self.health.reasons + tuple(name for name, holds in more.items() if holds)

    @property
    def over(self) -> bool:
        """Whether nothing more will come unless somebody adds the camera again. Call with the condition held."""
        return self._feed is None or (self._feed.over and not self._feed.waiting)

    @property
    def used(self) -> bool:
        """Whether it was opened and not taken out since."""
        return self._feed is not None

    @property
    def quiet(self) -> bool:
        """Whether nobody can be seen leaving any more: the camera is over, or has sent nothing for STALLED_S, whatever the reason."""
        feed = self._feed
        if feed is None or feed.waiting:
            return False
        return feed.over or (not self._order.every_frame and self._stalled(feed))

    @property
    def waiting(self) -> bool:
        return self._feed is not None and self._feed.waiting

    def open(self) -> None:
        """Start anew. A camera that is open already stays as it is."""
        if self._feed is not None and not self._feed.over:
            return
        self.close("removed")
        self._begin()
        self.health.opened_again()
        source = partial(open_source, self._order.address, real_time=not self._order.every_frame)
        self._feed = Feed(self.camera_id, source, self._changed, every_frame=self._order.every_frame)
        self._feed.start()

    def close(self, absent: str) -> Step:
        """Take the camera out; what ending everybody's passage brought."""
        if self._feed is not None:
            self._feed.leave()
            self._drops[0] += self._feed.dropped
            self._drops[1] += self._feed.damaged_packets
        self._feed, self._absent = None, absent
        return self.forget()

    def take(self) -> Frame | None:
        """Call with the condition held."""
        return self._feed.take() if self._feed is not None else None

    def look(self, frame: Frame) -> Step | None:
        """Judge the camera by this frame. What ending everybody's passage brought, where the view or its size is another now."""
        now_s, was_moved = time.monotonic(), self.health.moved
        if self.health.due(now_s) and not self._order.every_frame:
            self.health.look(frame.luma, now_s, clock_drifts=self._feed is not None and self._feed.drifts)
        resized = self._size_px not in (None, frame.size_px)
        self._size_px = frame.size_px
        if resized or (self.health.moved and not was_moved):
            step = self.forget()
            self._begin()  # places in pixels mean nothing any more
            return step
        return None

    def stepped(self, step: Step) -> None:
        self._step, self.flooded = step, step.flooded

    def forget(self) -> Step:
        """End everybody's passage; counters go on."""
        self._step = self.pipeline.finish()
        return self._step

    def counts(self) -> Counter[str]:
        """Everything counted since the engine started: the pipeline's counters, `dropped` and `damaged`."""
        feed = self._feed
        counted = self._past + Counter(self._step.counters.as_json())
        counted["dropped"] = self._drops[0] + (feed.dropped if feed else 0)
        counted["damaged"] = self._drops[1] + (feed.damaged_packets if feed else 0)
        return counted

    def _stalled(self, feed: Feed) -> bool:
        return not feed.waiting and time.monotonic() - feed.came_s > STALLED_S

    def _begin(self) -> None:
        self._past += Counter(self._step.counters.as_json())
        self.pipeline, self._step, self._size_px = self._make_pipeline(), Step(), None
