"""What the engine says, message by message: the one form each has on the pipe out (listed in `lfr_engine.process`)."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from lfr_engine.image import encode_jpeg
from lfr_engine.lane import Lane
from lfr_engine.redact import redact
from lfr_engine.values import Alert, Frame, Step

_PICTURES_EVERY_S = 0.2
_PICTURE_QUALITY = 70
_LONGEST_WHY = 400  # characters; what a library throws can be pages, and whoever listens believes no more than 2000
_COUNTS = ("frames", "dropped", "damaged", "passages", "faces", "too_small", "low_quality", "throttled", "alerts")

Send = Callable[[dict[str, Any], tuple[bytes, ...]], None]


class Telling:
    """`send(header, blobs)` is the only way out."""

    def __init__(self, send: Send, threshold: str) -> None:
        self._send, self._threshold = send, threshold
        self._alerts = 0
        self._told: dict[str, tuple[str, str, tuple[str, ...]]] = {}

    def cameras(self, lanes: Iterable[Lane]) -> None:
        """Every camera whose state, reason or health is not what was told last."""
        for lane in lanes:
            now = (lane.state, lane.why[:_LONGEST_WHY], lane.reasons)
            if now != self._told.get(lane.camera_id):
                self._told[lane.camera_id] = now
                self._send({"type": "camera", "camera_id": lane.camera_id, "state": now[0], "why": now[1], "health": list(now[2])}, ())

    def picture(self, lane: Lane, frame: Frame, step: Step) -> None:
        """The frame with everybody pixelated. Only of a frame in which faces were looked for: else somebody may be in it unseen."""
        now_s = time.monotonic()
        if step.detected and now_s - lane.pictured_s >= _PICTURES_EVERY_S:
            lane.pictured_s = now_s
            everyone = [replace(region, alerted=False) for region in step.regions]
            picture = encode_jpeg(redact(frame.image_bgr, everyone), _PICTURE_QUALITY)
            self._send({"type": "picture", "camera_id": lane.camera_id, "frame": frame.index}, (picture,))

    def alert(self, lane: Lane, alert: Alert) -> None:
        """The alert with its pictures, which are overwritten here."""
        self._alerts += 1
        pictures = tuple(encode_jpeg(image) for image in (*alert.probes, alert.figure) if image.size)
        header = {
            "type": "alert",
            "seq": self._alerts,
            "camera_id": lane.camera_id,
            "track": alert.track,
            "first_frame": alert.first_frame,
            "frame": alert.frame,
            "stream_s": alert.stream_s,
            "bbox_xyxy_px": list(alert.bbox_xyxy_px),
            "candidates": [{"entry_id": one.entry_id, "similarity": one.similarity} for one in alert.candidates],
            "quality": dict(alert.quality),
            "threshold": self._threshold,
            "explanation": dict(alert.explanation),
            "probes": len(pictures) - 1,
        }
        self._send(header, pictures)
        for image in (*alert.probes, alert.figure):
            image.fill(0)

    def counters(self, lanes: Iterable[Lane]) -> None:
        """Cumulative, of all cameras together and of each; `alerts` are those that were sent."""
        counted = {lane.camera_id: lane.counts() for lane in lanes}
        sums = sum(counted.values(), Counter[str]())
        sums["alerts"] = self._alerts
        cameras = [{"camera_id": one, **{name: counts[name] for name in _COUNTS}} for one, counts in counted.items()]
        self._send({"type": "counters", **{name: sums[name] for name in _COUNTS}, "cameras": cameras}, ())

    def ended(self, reason: str, why: str) -> None:
        self._send({"type": "ended", "reason": reason, "why": why[:_LONGEST_WHY]}, ())
