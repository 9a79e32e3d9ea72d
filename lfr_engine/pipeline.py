"""One camera from frames to alerts: detect, track, judge, embed, search, decide.

`Pipeline.step` is called for every frame there is and decides itself, by stream time, on which frames to look for faces, so
that a dropped frame costs nothing but itself. Everything known about a passage lies in RAM and is overwritten at its end.
"""

from dataclasses import replace

import numpy as np

from lfr_engine.decide import Agreement
from lfr_engine.errors import BadInput
from lfr_engine.gallery import Gallery
from lfr_engine.packs.store import OpenPack
from lfr_engine.quality import QualityGate, Rejection, judge, measure
from lfr_engine.redact import crop_of, redact
from lfr_engine.track import Track, Tracker, TrackSettings, box_of
from lfr_engine.values import Alert, Candidate, Counters, Frame, Image, Region, Step
from lfr_engine.views import Passage, View, ViewSettings

EARLY_S = 0.004  # stream times carry rounding; a frame this much before its turn is taken


class Pipeline:
    """The state of one camera. The gallery may be shared with other cameras of the process."""

    def __init__(self, *, pack: OpenPack, gallery: Gallery, threshold: float) -> None:
        """Raises BadInput where the templates of the list have another dimension than the pack, or the threshold is no cosine."""
        if len(gallery) and gallery.dimension != pack.dimension:
            raise BadInput(f"the list's templates have {gallery.dimension} values, the pack's {pack.dimension}")
        if not 0 < threshold < 1:
            raise BadInput(f"a threshold of {threshold} is not between 0 and 1")
        self._pack, self._gallery, self._threshold = pack, gallery, threshold
        self._tracker = Tracker(TrackSettings())
        self._gate = QualityGate()
        self._passages: dict[int, Passage] = {}
        self._counters = Counters()
        self._stray: tuple[Region, ...] = ()
        self._looked_s = float("-inf")

    def step(self, frame: Frame) -> Step:
        """What this frame brought. Frames must come in order of time."""
        self._count(frames=1)
        if frame.stream_s - self._looked_s < self._pack.manifest.detector.interval_s - EARLY_S:
            return Step(regions=self._regions(frame.stream_s), counters=self._counters, detected=False)
        self._looked_s = frame.stream_s
        faces = self._pack.detector.detect(frame.image_bgr)
        height, width = frame.image_bgr.shape[:2]
        update = self._tracker.update(faces, frame.index, frame.stream_s, (width, height))
        self._stray = tuple(Region(0, box_of(face), False) for face in update.stray)
        self._count(faces=len(faces))
        for track in update.seen:
            self._passages.setdefault(track.number, Passage(ViewSettings(), Agreement(self._pack.manifest.threshold.views)))
        alerts = [alert for track in update.ended for alert in self._end(track)]
        alerts += self._look_closer([track for track in update.seen if track.last_frame == frame.index], frame)
        self._count(alerts=len(alerts))
        return Step(tuple(alerts), self._regions(frame.stream_s), self._counters, detected=True)

    def finish(self) -> Step:
        """The stream is over: every passage ends, late alerts come out, and what was kept of anybody is overwritten."""
        # Emptied first: a late alert asks for the regions of whoever is still followed.
        over, self._tracker.tracks = self._tracker.tracks, []
        alerts = [alert for track in over for alert in self._end(track)]
        self._count(alerts=len(alerts))
        return Step(tuple(alerts), (), self._counters, detected=True)

    def _look_closer(self, tracks: list[Track], frame: Frame) -> list[Alert]:
        """Judge the views of this frame, embed those worth it, search and decide."""
        chosen: list[tuple[Track, View]] = []
        regions = self._regions(frame.stream_s)
        for track in tracks:
            quality = measure(frame.image_bgr, track.face)
            refusal = judge(quality, self._gate)
            passage = self._passages[track.number]
            if refusal is not None:
                passage.refused[refusal] = passage.refused.get(refusal, 0) + 1
            elif passage.wants(quality, frame.stream_s):
                crop = crop_of(frame.image_bgr, regions, track.number)
                chosen.append((track, View(frame.index, frame.stream_s, track.box_at(frame.stream_s), quality, crop)))
        if not chosen:
            return []
        rows = self._pack.embedder.embed(frame.image_bgr, [track.face for track, _ in chosen])
        found = self._gallery.at_or_above(rows, self._threshold)
        rows.fill(0.0)
        alerts = []
        for (track, view), candidates in zip(chosen, found, strict=True):
            passage = self._passages[track.number]
            passage.add(view)
            due = passage.verdicts.add(candidates)
            alerts += [self._alert(track, passage, view, candidate, frame.image_bgr) for candidate in due]
        return alerts

    def _alert(self, track: Track, passage: Passage, view: View, candidate: Candidate, image: Image) -> Alert:
        best = passage.best[0]
        return Alert(
            track=track.number,
            first_frame=track.first_frame,
            frame=view.frame,
            stream_s=view.stream_s,
            bbox_xyxy_px=view.bbox_xyxy_px,
            candidates=(candidate,),
            quality=best.quality.as_json(),
            threshold=self._threshold,
            probes=tuple(known.crop.copy() for known in passage.best),
            figure=redact(image, self._regions(view.stream_s), clear_track=track.number),
        )

    def _end(self, track: Track) -> list[Alert]:
        """Close a passage: count it, decide on what it had, overwrite what was kept."""
        passage = self._passages.pop(track.number)
        if track.hits > 1 or passage.embedded:
            self._count(passages=1)
        if not passage.embedded and track.hits > 1:
            small = passage.refused.get(Rejection.TOO_SMALL, 0)
            self._count(**({"too_small": 1} if 2 * small > sum(passage.refused.values()) else {"low_quality": 1}))
        alerts = []
        for candidate in passage.verdicts.finish():
            last = max(passage.best, key=lambda known: known.frame)
            alerts.append(self._late_alert(track, passage, last, candidate))
        passage.wipe()
        return alerts

    def _late_alert(self, track: Track, passage: Passage, last: View, candidate: Candidate) -> Alert:
        """An alert made when its frame is gone: its figure is the crop of the view that decided."""
        nobody_else = np.zeros((1, 1, 3), np.uint8)
        return replace(self._alert(track, passage, last, candidate, nobody_else), figure=last.crop.copy())

    def _regions(self, stream_s: float) -> tuple[Region, ...]:
        """Every face being followed, also one that this frame did not show, and detections too weak to follow (track 0)."""
        followed = tuple(
            Region(track.number, track.box_at(stream_s), bool(self._passages[track.number].verdicts.alerted))
            for track in self._tracker.tracks
        )
        return followed + self._stray

    def _count(self, **more: int) -> None:
        self._counters = replace(self._counters, **{name: getattr(self._counters, name) + value for name, value in more.items()})
