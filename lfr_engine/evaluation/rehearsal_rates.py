"""Recognition measured on rehearsal clips: real faces, known truth, the whole pipeline as it runs in a van.

Frames go from the scene into the pipeline without a camera process or a codec between them; what is measured is detection,
tracking, quality gates, embedding, search and decision together. A listed passage counts as recognised when an alert names
its person and its box lies on that person's face at that frame; every other alert is a false name.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lfr_engine.enrol import enrol_photo
from lfr_engine.errors import BadInput
from lfr_engine.evaluation.crowd import Crowd
from lfr_engine.evaluation.interval import Rate
from lfr_engine.gallery import Gallery
from lfr_engine.packs.store import OpenPack
from lfr_engine.pipeline import Pipeline
from lfr_engine.values import Alert, Floats
from lfr_engine.video.rehearsal.scene import Scene, Sighting
from lfr_engine.video.rehearsal_camera import load_photo

Say = Callable[[str], None]
Sightings = dict[int, tuple[Sighting, ...]]


@dataclass(frozen=True, slots=True)
class ClipRates:
    """One clip: listed passages recognised, alerts with a wrong name, passages counted and true, listed photos refused."""

    recognised: int
    listed_passages: int
    false_names: int
    passages_counted: int
    passages_true: int
    refused: int
    missed: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RehearsalRates:
    """All clips of one pack at one threshold. `recognised.n` includes listed passers whose reference photo was refused."""

    pack: str
    pack_digest: str
    pipeline_digest: str
    threshold: float
    clips: tuple[ClipRates, ...]
    seconds: float

    @property
    def recognised(self) -> Rate:
        return Rate(sum(clip.recognised for clip in self.clips), sum(clip.listed_passages for clip in self.clips))

    def as_json(self) -> dict[str, object]:
        return {
            "pack": self.pack,
            "pack_digest": self.pack_digest,
            "pipeline_digest": self.pipeline_digest,
            "threshold": self.threshold,
            "clips": len(self.clips),
            "recognised": self.recognised.as_json(),
            "false_names": sum(clip.false_names for clip in self.clips),
            "false_names_per_clip": [clip.false_names for clip in self.clips],
            "passages_counted": sum(clip.passages_counted for clip in self.clips),
            "passages_true": sum(clip.passages_true for clip in self.clips),
            "references_refused": sum(clip.refused for clip in self.clips),
            "seconds": round(self.seconds, 1),
        }


def rehearsal_rates(crowds: list[Crowd], pack: OpenPack, *, threshold: float, say: Say) -> RehearsalRates:
    """Film every crowd and compare what the pipeline says with the truth. `say` gets a line per clip."""
    began_s = time.monotonic()
    known: dict[Path, Floats | None] = {}
    clips = []
    for number, crowd in enumerate(crowds, start=1):
        clips.append(_clip(crowd, pack, threshold, known))
        say(f"{pack.manifest.name}: clip {number} of {len(crowds)}: {clips[-1]}")
    return RehearsalRates(pack.manifest.name, pack.pack_digest, pack.pipeline_digest, threshold, tuple(clips), time.monotonic() - began_s)


def _clip(crowd: Crowd, pack: OpenPack, threshold: float, known: dict[Path, Floats | None]) -> ClipRates:
    for photo in crowd.listed.values():
        if photo not in known:
            known[photo] = _enrolled(photo, pack)
    rows = {name: row for name, photo in crowd.listed.items() if (row := known[photo]) is not None}
    pipeline = Pipeline(pack=pack, gallery=Gallery(list(rows), np.stack(list(rows.values()))), threshold=threshold)
    scene = Scene(crowd.spec, load_photo)
    alerts: list[Alert] = []
    seen: Sightings = {}
    for index in range(scene.frames_with_walkers):
        frame, seen[index] = scene.render(index)
        alerts += pipeline.step(frame).alerts
    last = pipeline.finish()
    named = [(alert, candidate.entry_id) for alert in (*alerts, *last.alerts) for candidate in alert.candidates]
    hits = [_passage_named(crowd, seen, alert, name) for alert, name in named]
    recognised = {hit for hit in hits if hit is not None}
    return ClipRates(
        recognised=len(recognised),
        listed_passages=len(crowd.listed_walkers),
        false_names=hits.count(None),
        passages_counted=last.counters.passages,
        passages_true=len({one.passage for sightings in seen.values() for one in sightings}),
        refused=len(crowd.listed) - len(rows),
        missed=tuple(crowd.spec.walkers[place].person for place in crowd.listed_walkers if place not in recognised),
    )


def _enrolled(photo: Path, pack: OpenPack) -> Floats | None:
    try:
        return enrol_photo(photo.read_bytes(), pack).template.vector
    except BadInput:
        return None


def _passage_named(crowd: Crowd, seen: Sightings, alert: Alert, name: str) -> int | None:
    """The passage of the person an alert names, where the alert's box lies on them; None for a false name."""
    x0, y0, x1, y1 = alert.bbox_xyxy_px
    for one in seen.get(alert.frame, ()):
        left, top, right, bottom = one.bbox_xyxy_px
        on_face = left <= (x0 + x1) / 2 <= right and top <= (y0 + y1) / 2 <= bottom
        if on_face and crowd.spec.walkers[one.passage].person == name:
            return one.passage
    return None
