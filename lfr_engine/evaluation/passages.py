"""A clip run through the whole pipeline, with everything that was judged laid beside the truth about who walked where.

Only an evaluation sees this: the pipeline's `watch` tells it of every view, and nothing of it outlives the run except figures.
A track is what the pipeline follows, a passage what truly happened; one passage can break into several tracks.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.gallery import Gallery
from lfr_engine.packs.store import OpenPack
from lfr_engine.pipeline import Pipeline
from lfr_engine.values import Alert, Counters, Floats, Frame, Looked
from lfr_engine.video.rehearsal.scene import Sighting

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class TrueWalk:
    """One true passage: who, whether they are on the list, and their first and last frame (0-based, both included)."""

    person: str
    listed: bool
    first_frame: int
    last_frame: int


@dataclass(frozen=True, slots=True)
class ClipTruth:
    """Who walked, by passage number, and where the faces were by frame; `boxes` is None where nobody wrote that down."""

    walks: Mapping[int, TrueWalk]
    boxes: Mapping[int, tuple[Sighting, ...]] | None

    def on_face(self, frame: int, box: Box) -> int | None:
        """The passage on whose face the middle of a box lies, the least hidden of several; None for nobody, or without boxes."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        here = [one for one in (self.boxes or {}).get(frame, ()) if _holds(one, x, y)]
        return max(here, key=lambda one: one.visibility).passage if here else None


def _holds(one: Sighting, x: float, y: float) -> bool:
    left, top, right, bottom = one.bbox_xyxy_px
    return left <= x <= right and top <= y <= bottom


@dataclass(frozen=True, slots=True, eq=False)
class ObservedTrack:
    """One track: the true passage it lay on most (None: nobody's, or no boxes known), the templates float32[views, dimension] of
    its embedded views with the passage of each, why views were refused, and how many views were judged."""

    track: int
    passage: int | None
    rows: Floats
    row_passages: tuple[int | None, ...]
    refused: Mapping[str, int]
    judged: int


@dataclass(frozen=True, slots=True, eq=False)
class ObservedClip:
    """What the pipeline made of one clip, beside the truth."""

    truth: ClipTruth
    tracks: tuple[ObservedTrack, ...]
    alerts: tuple[Alert, ...]
    counters: Counters


def observe(
    frames: Iterable[tuple[Frame, tuple[Sighting, ...] | None]],
    walks: Mapping[int, TrueWalk],
    *,
    pack: OpenPack,
    gallery: Gallery,
    threshold: float,
) -> ObservedClip:
    """Run every frame through the pipeline. Frames come with their sightings, or with None where the truth has no boxes."""
    looked: list[Looked] = []
    alerts: list[Alert] = []
    boxes: dict[int, tuple[Sighting, ...]] | None = {}
    pipeline = Pipeline(pack=pack, gallery=gallery, threshold=threshold, watch=looked.append)
    for frame, sightings in frames:
        if sightings is None:
            boxes = None
        elif boxes is not None:
            boxes[frame.index] = sightings
        alerts += pipeline.step(frame).alerts
    last = pipeline.finish()
    seen: dict[int, TrueWalk] = dict(walks)
    if boxes is not None:
        seen = _seen_at_all(walks, boxes)
    truth = ClipTruth(seen, boxes)
    return ObservedClip(truth, _tracks(looked, truth, pack.dimension), (*alerts, *last.alerts), last.counters)


def _seen_at_all(walks: Mapping[int, TrueWalk], boxes: Mapping[int, tuple[Sighting, ...]]) -> dict[int, TrueWalk]:
    """The walks of which at least one sighting exists, with the frames of the first and the last."""
    frames: dict[int, list[int]] = {}
    for frame, sightings in boxes.items():
        for one in sightings:
            frames.setdefault(one.passage, []).append(frame)
    return {
        passage: TrueWalk(walks[passage].person, walks[passage].listed, min(when), max(when)) for passage, when in sorted(frames.items())
    }


def _tracks(looked: list[Looked], truth: ClipTruth, dimension: int) -> tuple[ObservedTrack, ...]:
    of: dict[int, list[tuple[Looked, int | None]]] = {}
    for view in looked:
        of.setdefault(view.track, []).append((view, truth.on_face(view.frame, view.bbox_xyxy_px)))
    found = []
    for number, views in sorted(of.items()):
        votes = Counter(passage for _, passage in views if passage is not None)
        embedded = [(view.row, passage) for view, passage in views if view.row is not None]
        found.append(
            ObservedTrack(
                track=number,
                passage=min(votes, key=lambda passage: (-votes[passage], passage)) if votes else None,
                rows=np.stack([row for row, _ in embedded]) if embedded else np.empty((0, dimension), np.float32),
                row_passages=tuple(passage for _, passage in embedded),
                refused=dict(Counter(str(view.rejection) for view, _ in views if view.rejection is not None)),
                judged=len(views),
            )
        )
    return tuple(found)


def passage_score(rows: Floats, entries: Floats, views: int) -> NDArray[np.float64]:
    """float64[entries]: the highest threshold at which these views alone would raise an alert for each entry.

    `rows` float32[v, d] are the views, `entries` float32[n, d] the templates of the list, one per entry. It is the `views`-th largest
    similarity, and the smallest where there are fewer views (`lfr_engine.decide`); -2 without any.
    """
    if not len(rows):
        return np.full(len(entries), -2.0)
    similarities = np.sort(rows.astype(np.float64) @ entries.astype(np.float64).T, axis=0)[::-1]
    return np.asarray(similarities[min(views, len(rows)) - 1], np.float64)
