"""One camera from frames to alerts: detect, track, judge, embed, search, decide.

`Pipeline.step` is called for every frame there is; the schedule decides on which of them to look for faces, so that a dropped frame
costs nothing but itself. Searching may run ahead in a thread of its own (`search`), and `step_many` takes a frame of several
cameras and embeds their views together. Everything known about a
passage lies in RAM and is overwritten at its end (R41); an alert is raised once for a passage and entry (R43), passages are counted
and not frames (R44), and those of which nothing could be compared apart (R45).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lfr_engine.decide import Agreement
from lfr_engine.errors import BadInput
from lfr_engine.explain import explanation
from lfr_engine.gallery import Gallery
from lfr_engine.look import LookSettings, look_closely
from lfr_engine.packs.store import OpenPack
from lfr_engine.probe import Probes, ProbeSettings
from lfr_engine.quality import Quality, QualityGate, Rejection, judge, measure
from lfr_engine.redact import crop_of, redact
from lfr_engine.schedule import Schedule, ScheduleSettings
from lfr_engine.throttle import Throttle, ThrottleSettings
from lfr_engine.track import Track, Tracker, TrackSettings, box_of
from lfr_engine.values import Alert, Candidate, Counters, Face, Floats, Frame, Image, Looked, Region, Step
from lfr_engine.views import Passage, View, ViewSettings

Watch = Callable[[Looked], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """A view about to be embedded: whose, where, how good, and the crop that the network takes."""

    track: Track
    face: Face
    quality: Quality
    aligned: Image


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """A frame, and the faces in it where it was searched for any."""

    frame: Frame
    faces: tuple[Face, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What one frame showed before anything was compared: alerts of passages that are over, and the views worth embedding."""

    frame: Frame
    searched: bool
    late: tuple[Alert, ...] = ()
    chosen: tuple[_Chosen, ...] = ()


class Pipeline:
    """The state of one camera. The gallery may be shared with other cameras of the process. `unthrottled`: entries of staff who walk
    past again and again for a drill. `watch` is told of every judged view in an evaluation, and is never set otherwise."""

    def __init__(
        self,
        *,
        pack: OpenPack,
        gallery: Gallery,
        threshold: float,
        unthrottled: frozenset[str] = frozenset(),
        watch: Watch | None = None,
    ) -> None:
        """Raises BadInput where the templates of the list have another dimension than the pack, or the threshold is no cosine."""
        if len(gallery) and gallery.dimension != pack.dimension:
            raise BadInput(f"the list's templates have {gallery.dimension} values, the pack's {pack.dimension}")
        if not 0 < threshold < 1:
            raise BadInput(f"a threshold of {threshold} is not between 0 and 1")
        self.pack, self.gallery, self._threshold, self._watch = pack, gallery, threshold, watch
        self._schedule = Schedule(pack.manifest.detector.interval_s, ScheduleSettings())
        self._tracker = Tracker(TrackSettings())
        self._probes = Probes(ProbeSettings())
        self._gate, self._views, self._closely = QualityGate(), ViewSettings(), LookSettings()
        self._throttle, self._unthrottled = Throttle(ThrottleSettings()), unthrottled
        self._passages: dict[int, Passage] = {}
        self._counters = Counters()
        self._stray: tuple[Region, ...] = ()
        self._now_s = 0.0

    @property
    def floor(self) -> float:
        """The similarity from which an entry is told of: below the threshold, for the runner-up."""
        return self._views.floor(self._threshold)

    @property
    def empty(self) -> bool:
        """Whether nobody is followed: nothing is kept of anybody."""
        return not self._passages

    def step(self, frame: Frame | Searched) -> Step:
        """What this frame brought. Frames must come in order of time."""
        return step_many([(self, frame)])[0]

    def finish(self) -> Step:
        """The stream is over: every passage ends, late alerts come out, and what was kept of anybody is overwritten."""
        # Emptied first: a late alert asks for the regions of whoever is still followed.
        over, self._tracker.tracks = self._tracker.tracks, []
        self._probes.forget()
        alerts = tuple(alert for track in over for alert in self._end(track))
        return Step(alerts, (), self._counters, detected=True, flooded=self._throttle.flooded(self._now_s))

    def search(self, frame: Frame) -> Searched:
        """The first part of a step, which may run ahead in another thread: look for faces in the whole picture, where that is due."""
        if not self._schedule.due(frame):
            return Searched(frame, None)
        faces = self.pack.detector.detect(frame.image_bgr, self.pack.manifest.detector.whole_side_px)
        self._schedule.found(len(faces))
        return Searched(frame, tuple(faces))

    def look(self, searched: Searched) -> _Look:
        """The second part: follow who was found, and choose the views to embed."""
        frame, faces = searched.frame, searched.faces
        self._now_s = frame.stream_s
        self._count(frames=1)
        if faces is None:
            self._probes.measure(frame)
            return _Look(frame, searched=False)
        update = self._tracker.update(faces, frame.index, frame.stream_s, frame.size_px)
        self._stray = tuple(Region(0, box_of(face), False) for face in update.stray)
        self._count(faces=len(faces))
        for track in update.seen:
            passage = self._passages.setdefault(track.number, Passage(self._views, Agreement(self.pack.manifest.threshold.views)))
            passage.found(frame.stream_s)
        self._probes.remember([track for track in update.seen if track.hits == 1], frame)
        late = tuple(alert for track in update.ended for alert in self._end(track))
        return _Look(frame, True, late, self._choose([track for track in update.seen if track.last_frame == frame.index], frame))

    def _choose(self, tracks: list[Track], frame: Frame) -> tuple[_Chosen, ...]:
        """Of the tracks seen in this frame, the views that are worth embedding, looked at closely."""
        worth = []
        for track in tracks:
            passage = self._passages[track.number]
            if not passage.rests(track.face.size_px, frame.stream_s) and self._usable(track, track.face, passage, frame) is not None:
                worth.append(track)
        again = look_closely(frame.image_bgr, [track.face for track in worth], self.pack.detector, self._closely)
        chosen = []
        for track, face in zip(worth, again, strict=True):
            if face is None:
                self._tell(track, frame, None, None)
                continue
            quality = self._usable(track, face, self._passages[track.number], frame)
            if quality is not None:
                chosen.append((track, face, quality))
        crops = self.pack.embedder.crops(frame.image_bgr, [face for _, face, _ in chosen])
        return tuple(_Chosen(*one, crop) for one, crop in zip(chosen, crops, strict=True))

    def _usable(self, track: Track, face: Face, passage: Passage, frame: Frame) -> Quality | None:
        """The quality of a view that may be compared and is worth it; a refusal is counted."""
        quality = measure(frame.image_bgr, face)
        refusal = judge(quality, self._gate)
        if refusal is not None:
            passage.refused[refusal] = passage.refused.get(refusal, 0) + 1
        wanted = refusal is None and passage.wants(quality, frame.stream_s)
        if not wanted:
            self._tell(track, frame, refusal, None)
        return quality if wanted else None

    def decide(self, look: _Look, rows: Floats, found: Sequence[Sequence[Candidate]]) -> Step:
        """The last part: take what the chosen views were like (a row and its candidates each), raise what is due."""
        frame, alerts = look.frame, list(look.late)
        regions = self._regions(frame.stream_s)
        for one, row, candidates in zip(look.chosen, rows, found, strict=True):
            self._tell(one.track, frame, None, row)
            passage = self._passages[one.track.number]
            alike = tuple(candidate for candidate in candidates if candidate.similarity >= self.floor)
            crop = crop_of(frame.image_bgr, regions, one.track.number)
            view = View(frame.index, frame.stream_s, box_of(one.face), one.quality, crop, alike)
            due = passage.risen(view, self._threshold) + passage.add(view, self._threshold)
            alerts += self._raise(one.track, passage, view, due, frame.image_bgr)
        flooded = self._throttle.flooded(frame.stream_s)
        return Step(tuple(alerts), self._regions(frame.stream_s), self._counters, detected=look.searched, flooded=flooded)

    def _raise(self, track: Track, passage: Passage, view: View, due: Sequence[Candidate], image: Image | None) -> list[Alert]:
        """The alerts for candidates that are due, except those held back. Without `image`, when the frame is gone, the figure is
        the crop of the view that decided."""
        alerts = []
        for candidate in due:
            entry = candidate.entry_id
            again = entry in passage.held
            if entry not in self._unthrottled and not self._throttle.admits(entry, candidate.similarity, self._now_s, again=again):
                self._count(throttled=not again)
                passage.held[entry] = candidate.similarity
                continue
            passage.held.pop(entry, None)
            self._count(alerts=1)
            passage.alerted = True
            shown = view.crop.copy() if image is None else redact(image, self._regions(view.stream_s), clear_track=track.number)
            alerts.append(
                Alert(
                    track=track.number,
                    first_frame=track.first_frame,
                    frame=view.frame,
                    stream_s=view.stream_s,
                    bbox_xyxy_px=view.bbox_xyxy_px,
                    candidates=(candidate,),
                    quality=passage.best[0].quality.as_json(),
                    threshold=self._threshold,
                    probes=tuple(known.crop.copy() for known in passage.best),
                    figure=shown,
                    explanation=explanation(passage, candidate, threshold=self._threshold),
                )
            )
        return alerts

    def _end(self, track: Track) -> list[Alert]:
        """Close a passage: count it, decide on what it had, overwrite what was kept."""
        passage = self._passages.pop(track.number)
        if track.hits > 1 or passage.embedded:
            self._count(passages=1)
        if not passage.embedded and track.hits > 1:
            small = passage.refused.get(Rejection.TOO_SMALL, 0)
            self._count(**({"too_small": 1} if 2 * small > sum(passage.refused.values()) else {"low_quality": 1}))
        due = passage.verdicts.finish()
        alerts = self._raise(track, passage, max(passage.best, key=lambda known: known.frame), due, None) if due else []
        passage.wipe()
        return alerts

    def _regions(self, stream_s: float) -> tuple[Region, ...]:
        """Every face being followed, also one that this frame did not show, and detections too weak to follow (track 0)."""
        followed = tuple(
            Region(track.number, track.box_at(stream_s), self._passages[track.number].alerted) for track in self._tracker.tracks
        )
        return followed + self._stray

    def _tell(self, track: Track, frame: Frame, refusal: Rejection | None, row: Floats | None) -> None:
        if self._watch is not None:
            box = track.box_at(frame.stream_s)
            self._watch(Looked(track.number, frame.index, box, refusal, None if row is None else row.copy()))

    def _count(self, **more: int) -> None:
        self._counters = replace(self._counters, **{name: getattr(self._counters, name) + value for name, value in more.items()})


def step_many(turns: Sequence[tuple[Pipeline, Frame | Searched]]) -> list[Step]:
    """One frame of each of several cameras, searched already or not: their views are embedded and compared in one call.

    Raises BadInput where the cameras do not share one pack and one list.
    """
    if len({(id(pipeline.pack), id(pipeline.gallery)) for pipeline, _ in turns}) > 1:
        raise BadInput("cameras that are stepped together share one pack and one list")
    looks = [pipeline.look(one if isinstance(one, Searched) else pipeline.search(one)) for pipeline, one in turns]
    aligned = [one.aligned for look in looks for one in look.chosen]
    if not aligned:
        return [pipeline.decide(look, np.empty((0, 1), np.float32), []) for (pipeline, _), look in zip(turns, looks, strict=True)]
    shared = turns[0][0]
    rows = shared.pack.embedder.features(aligned)
    found = shared.gallery.at_or_above(rows, min(pipeline.floor for pipeline, _ in turns))
    steps, at = [], 0
    for (pipeline, _), look in zip(turns, looks, strict=True):
        upto = at + len(look.chosen)
        steps.append(pipeline.decide(look, rows[at:upto], found[at:upto]))
        at = upto
    rows.fill(0)
    for crop in aligned:
        crop.fill(0)
    return steps
