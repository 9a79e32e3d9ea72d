"""From a frame to its alert, with two cameras at live pace, against looking at that one frame.

Two cameras film the crowd clip, one of them half a clip later, each from a thread of its own at 25 frames a second into a slot for
one frame; one loop takes what is there and steps both cameras together, as the engine does. The delay of an alert counts from the
moment its deciding frame lay decoded in the slot to the moment the alert was out. Afterwards, with nothing else running, the loop's
FaceAnalysis.get is timed on each of those frames: that is what an answer about one frame costs without any pipeline.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from lfr_engine.benchmark.crowd_clip import CrowdClip, crowd_clip
from lfr_engine.benchmark.face_loop import FaceLoop
from lfr_engine.benchmark.material import Material
from lfr_engine.benchmark.paired import seconds_of
from lfr_engine.benchmark.result import Row
from lfr_engine.gallery import Gallery
from lfr_engine.match import Say, enrol_list
from lfr_engine.packs.store import OpenPack, open_pack
from lfr_engine.pipeline import Pipeline, step_many
from lfr_engine.values import Frame, Image
from lfr_engine.video.container import read_video
from lfr_engine.video.reconnect import Watch
from lfr_engine.video.slot import Feed

PACK = "insightface-sc"
WORK = "frame to alert, 99th percentile, two cameras at 25 frames a second"
AGAINST = "one FaceAnalysis.get of that frame"
_WAIT_S = 0.1
_QUICK_FRAMES = 150


@dataclass(slots=True)
class _Camera:
    """A clip at its own pace, starting `skip` frames in and going round once; when each frame was ready."""

    clip: CrowdClip
    skip: int
    frames: int | None
    ready_s: dict[int, float] = field(default_factory=dict)

    def film(self, _: Watch) -> Iterator[Frame]:
        began_s = time.perf_counter()
        parts = (read_video(self.clip.video), self.skip, None), (read_video(self.clip.video), 0, self.skip)
        frames = (frame for reader, start, end in parts for frame in islice(reader, start, end))
        for index, frame in enumerate(islice(frames, self.frames)):
            own = Frame(index, index / 25.0, np.array(frame.image_bgr))
            frame.wipe()
            time.sleep(max(0.0, began_s + own.stream_s - time.perf_counter()))
            self.ready_s[index] = time.perf_counter()
            yield own


def measure(material: Material, *, quick: bool, say: Say) -> list[Row]:
    """One row; says so where clip or pack is absent."""
    folder, pack_dir = material.crowd, material.pack(PACK)
    if folder is None or pack_dir is None:
        return [Row(WORK, AGAINST, None, smaller_is_better=True, note="not measured: no material (crowd clip and the pack insightface-sc)")]
    clip, pack = crowd_clip(folder), open_pack(pack_dir)
    gallery, _ = enrol_list(clip.photos, pack, say)
    cameras = [_Camera(clip, skip, _QUICK_FRAMES if quick else None) for skip in (0, 250)]
    delays, dropped = _live(cameras, pack, gallery)
    loop = FaceLoop(pack_dir)
    pictures = {frame.index: frame for frame in read_video(clip.video)}
    shown = [(index + cameras[camera].skip) % len(pictures) for camera, index, _ in delays]
    single_s = {at: _single_s(loop, pictures[at].image_bgr) for at in shown}
    ratios = [delay / single_s[at] for at, (*_, delay) in zip(shown, delays, strict=True)]
    if not ratios:
        return [Row(WORK, AGAINST, None, smaller_is_better=True, note="not measured: no alert was raised")]
    p50, p95, p99 = (1000 * float(np.percentile([delay for *_, delay in delays], at)) for at in (50, 95, 99))
    return [
        Row(
            WORK,
            AGAINST,
            float(np.percentile(ratios, 99)),
            min(ratios),
            max(ratios),
            at_least=2.0,
            aim=1.0,
            smaller_is_better=True,
            ours={"alerts": len(delays), "p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "frames_dropped": dropped},
            other={"median_ms": 1000 * float(np.median(list(single_s.values())))},
            note="delay from the deciding frame, decoded, to the alert; each against its own frame",
        )
    ]


def _single_s(loop: FaceLoop, image_bgr: Image) -> float:
    """The shortest of three: the loop is given its best."""
    return min(seconds_of(lambda: loop.faces(image_bgr)) for _ in range(3))


def _live(cameras: list[_Camera], pack: OpenPack, gallery: Gallery) -> tuple[list[tuple[int, int, float]], int]:
    """(camera, deciding frame, delay in seconds) of every alert, and the frames dropped."""
    changed = threading.Condition()
    feeds = [Feed(f"camera {place}", camera.film, changed, every_frame=False) for place, camera in enumerate(cameras)]
    pipelines = [Pipeline(pack=pack, gallery=gallery, threshold=pack.default_threshold) for _ in cameras]
    delays: list[tuple[int, int, float]] = []
    for feed in feeds:
        feed.start()
    while True:
        with changed:
            if not any(feed.waiting for feed in feeds):
                if all(feed.over for feed in feeds):
                    return delays, sum(feed.dropped for feed in feeds)
                changed.wait(_WAIT_S)
            taken = [(place, frame) for place, feed in enumerate(feeds) if (frame := feed.take()) is not None]
        steps = step_many([(pipelines[place], frame) for place, frame in taken])
        now_s = time.perf_counter()
        for (place, frame), step in zip(taken, steps, strict=True):
            # A late alert, of a passage that ended, has its deciding frame in the past: it is no delay of the machine's.
            now = sum(alert.frame == frame.index for alert in step.alerts)
            delays += [(place, frame.index, now_s - cameras[place].ready_s[frame.index])] * now
            frame.wipe()
