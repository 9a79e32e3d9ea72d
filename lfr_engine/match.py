"""Compares one video file with a list of photos: what `lfr match` does. Reads files only; its output is marked TEST."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lfr_engine.bulk_enrol import Photo, enrol_many
from lfr_engine.errors import BadInput
from lfr_engine.gallery import Gallery
from lfr_engine.packs.store import OpenPack
from lfr_engine.pipeline import Pipeline
from lfr_engine.values import Alert, Counters
from lfr_engine.video.ahead import ahead
from lfr_engine.video.container import read_video

MARK = "TEST"
_PROGRESS_S = 5.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ListedPhoto:
    """One row of a list: whose photo, the image as the list names it, and where the file lies."""

    subject_ref: str
    image: str
    path: Path


@dataclass(frozen=True, slots=True)
class RefusedPhoto:
    """A photo that could not be enrolled, and why."""

    image: str
    why: str


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What a run found; `as_json` is the contract's form."""

    counters: Counters
    enrolled: int
    refused: tuple[RefusedPhoto, ...]
    alerts: tuple[Alert, ...]
    pack: OpenPack
    threshold: float
    seconds: float
    complete: bool
    why_incomplete: str

    def as_json(self) -> dict[str, object]:
        return {
            "mode": MARK,
            "frames": self.counters.frames,
            "passages": self.counters.passages,
            "faces": self.counters.faces,
            "enrolled": self.enrolled,
            "refused": [{"image": photo.image, "why": photo.why} for photo in self.refused],
            "alerts": [alert_json(alert) for alert in self.alerts],
            "pack": self.pack.manifest.name,
            "pack_digest": self.pack.pack_digest,
            "pipeline_digest": self.pack.pipeline_digest,
            "threshold": f"{self.threshold:g}",
            "video": {"complete": self.complete, "why": self.why_incomplete},
            "seconds": round(self.seconds, 3),
        }


def alert_json(alert: Alert) -> dict[str, object]:
    """One alert: frames 0-based, box in source pixels, cosine of unit vectors."""
    return {
        "subject_ref": alert.candidates[0].entry_id,
        "first_frame": alert.first_frame,
        "frame": alert.frame,
        "similarity": round(alert.candidates[0].similarity, 6),
        "bbox_xyxy_px": list(alert.bbox_xyxy_px),
    }


@dataclass(slots=True)
class Enrolment:
    """Templates made so far, and the photos that gave none."""

    subject_refs: list[str] = field(default_factory=list)
    rows: list[np.ndarray[tuple[int], np.dtype[np.float32]]] = field(default_factory=list)
    refused: list[RefusedPhoto] = field(default_factory=list)


def enrol_list(photos: Iterable[ListedPhoto], pack: OpenPack, say: Say) -> tuple[Gallery, tuple[RefusedPhoto, ...]]:
    """Enrol every photo that can be; a refusal stops nothing. Raises BadInput where nobody could be enrolled."""
    made = Enrolment()
    for outcome in enrol_many((Photo(photo.subject_ref, photo.image, photo.path.read_bytes) for photo in photos), pack):
        if outcome.enrolled is None:
            made.refused.append(RefusedPhoto(outcome.photo.image, outcome.why))
            say(f"not enrolled: {outcome.photo.image}: {outcome.why}")
            continue
        made.subject_refs.append(outcome.photo.subject_ref)
        made.rows.append(outcome.enrolled.template.vector)
    if not made.rows:
        first = made.refused[0].why if made.refused else "the list is empty"
        raise BadInput(f"nobody on the list could be enrolled; the first reason: {first}", next_step="correct the photos of the list")
    return Gallery(made.subject_refs, np.stack(made.rows).astype(np.float32)), tuple(made.refused)


def match_video(video: Path, photos: Iterable[ListedPhoto], pack: OpenPack, *, threshold: float, say: Say) -> MatchResult:
    """Run the whole pipeline over a file; `say` takes lines of progress.

    Raises BadInput where the video cannot be read at all or nobody could be enrolled. A video that breaks off is matched as
    far as it goes, and the result says so.
    """
    started = time.monotonic()
    reader = read_video(video)
    gallery, refused = enrol_list(photos, pack, say)
    say(f"enrolled {gallery.entries} people from {len(gallery)} photos; matching {video.name} at {threshold:g}")
    pipeline = Pipeline(pack=pack, gallery=gallery, threshold=threshold)
    alerts: list[Alert] = []
    spoken = time.monotonic()
    for searched in ahead(pipeline.search(frame) for frame in reader):
        frame = searched.frame
        alerts += pipeline.step(searched).alerts
        frame.wipe()
        if time.monotonic() - spoken > _PROGRESS_S:
            spoken = time.monotonic()
            say(f"frame {frame.index + 1} of {reader.announced or 'unknown'}, {len(alerts)} alerts")
    last = pipeline.finish()
    enrolled = gallery.entries
    gallery.wipe()
    if not reader.complete:
        say(f"warning: {reader.why}")
    return MatchResult(
        counters=last.counters,
        enrolled=enrolled,
        refused=refused,
        alerts=(*alerts, *last.alerts),
        pack=pack,
        threshold=threshold,
        seconds=time.monotonic() - started,
        complete=reader.complete,
        why_incomplete=reader.why,
    )
