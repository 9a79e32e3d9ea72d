"""The loop of the engine process: frames of every camera through their pipelines, commands between frames, messages out."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lfr_engine.commands import CameraOrder, Command, Pause, Remove, Resume, Start, Stop
from lfr_engine.errors import LfrError
from lfr_engine.gallery import Gallery
from lfr_engine.image import encode_jpeg
from lfr_engine.packs.store import OpenPack
from lfr_engine.pipeline import Pipeline
from lfr_engine.redact import redact
from lfr_engine.values import Alert, Frame, Step
from lfr_engine.video.source import Feed, open_source

_COUNTERS_EVERY_S = 1.0
_PICTURES_EVERY_S = 0.2
_WAIT_S = 0.1  # a command waits at most this long when no camera sends anything
_PICTURE_QUALITY = 70

Send = Callable[[dict[str, Any], tuple[bytes, ...]], None]


@dataclass(slots=True, eq=False)
class _Lane:
    """One camera: where frames come from and what has been made of them."""

    feed: Feed
    pipeline: Pipeline
    counted: Step
    told: str = ""
    pictured_s: float = float("-inf")


class Engine:
    """One deployment. `send(header, blobs)` is the only way out; `commands` is filled by another thread."""

    def __init__(self, *, start: Start, pack: OpenPack, gallery: Gallery, commands: deque[Command], send: Send) -> None:
        self._threshold = start.threshold
        self._gallery = gallery
        self._commands = commands
        self._send = send
        self._changed = threading.Condition()
        self._lanes: list[_Lane] = []
        for order in start.cameras:
            pipeline = Pipeline(pack=pack, gallery=gallery, threshold=start.threshold_cosine)
            self._lanes.append(_Lane(self._feed(order), pipeline, Step()))
        self._alerts = 0
        self._removed: set[str] = set()
        self._paused = False
        self._stopped = ""
        self._counted_s = time.monotonic()

    def stop(self, reason: str) -> None:
        """End the loop after the frame in work. The first reason counts. Safe in a signal handler."""
        self._stopped = self._stopped or reason

    def run(self, commands_ended: Callable[[], str]) -> None:
        """Until stopped, until the commands end, or until the last camera is over. Wipes what it knows, whatever happens."""
        try:
            for lane in self._lanes:
                lane.feed.start()
            while not self._stopped:
                self._obey()
                self._tell_cameras()
                for lane, frame in self._take():
                    if not self._stopped:
                        self._frame(lane, frame)
                        self._obey()
                    frame.image_bgr.fill(0)
                if time.monotonic() - self._counted_s >= _COUNTERS_EVERY_S:
                    self._tell_counters()
                if ended := commands_ended():
                    self._obey()  # a stop that came just before the end is why it ended
                    self.stop(ended)
                self._stop_with_the_last_camera()
        finally:
            for lane in self._lanes:
                lane.counted = lane.pipeline.finish()  # what that would still raise is not raised: matching is over
            self._gallery.wipe()
        self._tell_cameras()
        self._tell_counters()
        self._send({"type": "ended", "reason": self._stopped}, ())

    def _feed(self, order: CameraOrder) -> Feed:
        try:
            frames = open_source(order.source, real_time=not order.every_frame)
        except LfrError as error:
            feed = Feed(order.id, iter(()), self._changed, every_frame=True)
            feed.fail(error.message)
            return feed
        return Feed(order.id, frames, self._changed, every_frame=order.every_frame)

    def _take(self) -> list[tuple[_Lane, Frame]]:
        """The frames there are, at most one per camera; waits a moment for the first."""
        with self._changed:
            if not any(lane.feed.waiting for lane in self._lanes):
                self._changed.wait(_WAIT_S)
            return [(lane, frame) for lane in self._lanes if (frame := lane.feed.take()) is not None]

    def _frame(self, lane: _Lane, frame: Frame) -> None:
        if self._paused:
            return
        lane.counted = step = lane.pipeline.step(frame)
        self._raise_alerts(lane, step)
        now_s = time.monotonic()
        # Only where faces were looked for does the engine know every face of the picture.
        if step.detected and now_s - lane.pictured_s >= _PICTURES_EVERY_S:
            lane.pictured_s = now_s
            everyone = [replace(region, alerted=False) for region in step.regions]
            picture = encode_jpeg(redact(frame.image_bgr, everyone), _PICTURE_QUALITY)
            self._send({"type": "picture", "camera_id": lane.feed.camera_id, "frame": frame.index}, (picture,))

    def _raise_alerts(self, lane: _Lane, step: Step) -> None:
        if not step.alerts:
            return
        self._obey()  # a removal that came while this frame was searched still counts
        for alert in step.alerts:
            candidates = tuple(one for one in alert.candidates if one.entry_id not in self._removed)
            if candidates and not self._paused and not self._stopped:
                self._alert(lane, replace(alert, candidates=candidates))

    def _alert(self, lane: _Lane, alert: Alert) -> None:
        self._alerts += 1
        pictures = tuple(encode_jpeg(image) for image in (*alert.probes, alert.figure) if image.size)
        header = {
            "type": "alert",
            "seq": self._alerts,
            "camera_id": lane.feed.camera_id,
            "track": alert.track,
            "first_frame": alert.first_frame,
            "frame": alert.frame,
            "stream_s": alert.stream_s,
            "bbox_xyxy_px": list(alert.bbox_xyxy_px),
            "candidates": [{"entry_id": one.entry_id, "similarity": one.similarity} for one in alert.candidates],
            "quality": dict(alert.quality),
            "threshold": self._threshold,
            "probes": len(pictures) - 1,
        }
        self._send(header, pictures)
        for image in (*alert.probes, alert.figure):
            image.fill(0)

    def _obey(self) -> None:
        while self._commands:
            command = self._commands.popleft()
            match command:
                case Remove():
                    for entry_id in command.entry_ids:
                        self._gallery.remove(entry_id)
                    self._removed.update(command.entry_ids)
                case Pause():
                    self._paused = True
                    for lane in self._lanes:  # nobody stays half known while nothing may be matched
                        lane.counted = lane.pipeline.finish()
                case Resume():
                    self._paused = False
                case Stop():
                    self.stop("stopped")
                case Start():
                    raise LfrError("the engine was started already")

    def _stop_with_the_last_camera(self) -> None:
        with self._changed:
            over = all(lane.feed.state != "open" and not lane.feed.waiting for lane in self._lanes)
        if over and not self._stopped:
            for lane in self._lanes:
                lane.counted = step = lane.pipeline.finish()
                self._raise_alerts(lane, step)
            self.stop("cameras_ended")

    def _tell_cameras(self) -> None:
        for lane in self._lanes:
            if lane.feed.state != lane.told:
                lane.told = lane.feed.state
                self._send({"type": "camera", "camera_id": lane.feed.camera_id, "state": lane.told, "why": lane.feed.why}, ())

    def _tell_counters(self) -> None:
        self._counted_s = time.monotonic()
        counted = [lane.counted.counters.as_json() for lane in self._lanes]
        sums = {name: sum(one[name] for one in counted) for name in ("frames", "passages", "faces", "too_small", "low_quality")}
        dropped = sum(lane.feed.dropped for lane in self._lanes)
        self._send({"type": "counters", **sums, "dropped": dropped, "alerts": self._alerts}, ())
