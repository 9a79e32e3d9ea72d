"""Recognition on rehearsal passages, ours and the loop's, passage by passage on the very same frames.

Both sides are given every frame, at three a second: fewer than a camera sends, so that the loop can look at each of 2,000 passages
within minutes, and a handicap for the pipeline, which elsewhere chooses among more. Everybody who walks is on the list, in another
photo than the one that walks, and belongs to the half of the people on whom no threshold was chosen; a person walks several
times in the whole run, in different clips and mostly in another photo, light, size and company. Passages of people whose
reference photo our enrolment refuses, because the face is turned away, are counted apart and not compared: in the field another
photo is asked for. McNemar's exact test compares the
sides on the passages where they differ, and the difference of the two shares must not fall below one point.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from lfr_engine.benchmark.face_loop import FaceLoop
from lfr_engine.benchmark.material import Material
from lfr_engine.benchmark.result import Row
from lfr_engine.enrol import enrol_photo
from lfr_engine.errors import BadInput
from lfr_engine.evaluation.crowd import Crowd, CrowdPlan, draw_crowds
from lfr_engine.evaluation.interval import Rate
from lfr_engine.evaluation.mcnemar import METHOD, McNemar, mcnemar_of
from lfr_engine.evaluation.split import Half, people_of
from lfr_engine.gallery import Gallery
from lfr_engine.match import Say
from lfr_engine.packs.store import OpenPack, open_pack
from lfr_engine.pipeline import Pipeline, Searched
from lfr_engine.values import Alert, Floats, Frame
from lfr_engine.video.ahead import ahead
from lfr_engine.video.rehearsal.scene import Scene, Sighting
from lfr_engine.video.rehearsal_camera import load_photo

PACK = "insightface-sc"
AGAINST = "FaceAnalysis at 640 on the same frames"
MARGIN_POINTS = 1.0
PASSAGES, QUICK_PASSAGES = 2060, 90  # a few more than 2,000, of which about one in a hundred is refused
_PLAN = CrowdPlan(passers=90, listed_passers=90, list_size=200, at_once=6.0)
_CLIPS_PER_SEED = 2  # what the listed people of the unseen half are enough for
_FPS = 3.0
_ONE_SIDED_95 = 1.645

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class _Side:
    """What one side made of all clips: per passage whether it was recognised, and wrong names (once per clip and name)."""

    recognised: list[bool] = field(default_factory=list)
    false_names: int = 0

    def take(self, crowd: Crowd, compared: list[int], seen: dict[int, tuple[Sighting, ...]], named: Iterable[tuple[int, Box, str]]) -> None:
        """Add the compared passages of a clip from names given: (frame, box, name)."""
        right: set[int] = set()
        wrong: set[str] = set()
        for frame, box, name in named:
            whose = _passage(crowd, seen.get(frame, ()), box, name)
            if whose is None:
                wrong.add(name)
            else:
                right.add(whose)
        self.recognised += [place in right for place in compared]
        self.false_names += len(wrong)


@dataclass(slots=True)
class _Sides:
    """Both, with what they enrolled so far, and the passages of all clips."""

    pack: OpenPack
    other: FaceLoop
    ours: _Side = field(default_factory=_Side)
    loop: _Side = field(default_factory=_Side)
    counted: int = 0
    true: int = 0
    refused: int = 0
    known: dict[Path, Floats | None] = field(default_factory=dict)

    def film(self, crowd: Crowd) -> None:
        """Film one crowd once; both look at every frame."""
        self.other.enrol(crowd.listed)
        rows = self._enrolled(crowd)
        compared = [place for place in crowd.listed_walkers if crowd.spec.walkers[place].person in rows]
        self.refused += len(crowd.listed_walkers) - len(compared)
        gallery = Gallery(list(rows), np.stack(list(rows.values())))
        pipeline = Pipeline(pack=self.pack, gallery=gallery, threshold=self.pack.default_threshold)
        seen: dict[int, tuple[Sighting, ...]] = {}
        alerts: list[Alert] = []
        theirs: list[tuple[int, Box, str]] = []
        for searched in ahead(_filmed(crowd, pipeline, seen)):
            frame = searched.frame
            alerts += pipeline.step(searched).alerts
            looked = self.other.look(frame.image_bgr)
            theirs += [(frame.index, one.bbox_xyxy_px, one.entry_id) for one in looked if one.entry_id is not None]
        last = pipeline.finish()
        named = [(alert.frame, _floats(alert.bbox_xyxy_px), alert.candidates[0].entry_id) for alert in (*alerts, *last.alerts)]
        self.ours.take(crowd, compared, seen, named)
        self.loop.take(crowd, compared, seen, theirs)
        self.counted += last.counters.passages
        self.true += len({one.passage for sightings in seen.values() for one in sightings})

    def _enrolled(self, crowd: Crowd) -> dict[str, Floats]:
        for photo in crowd.listed.values():
            if photo not in self.known:
                self.known[photo] = _template(photo, self.pack)
        return {name: row for name, photo in crowd.listed.items() if (row := self.known[photo]) is not None}


def measure(material: Material, *, quick: bool, say: Say) -> list[Row]:
    """Two rows: the difference in recognition, and passages counted; say so where faces or pack are absent."""
    faces_dir, pack_dir = material.faces, material.pack(PACK)
    wanted = QUICK_PASSAGES if quick else PASSAGES
    work = f"recognition on {wanted:,} rehearsal passages, lower bound of the difference"
    if faces_dir is None or pack_dir is None:
        return [Row(work, AGAINST, None, unit=" points", note="not measured: no material (faces and the pack insightface-sc)")]
    sides = _Sides(open_pack(pack_dir), FaceLoop(pack_dir))
    for number, crowd in enumerate(_crowds(people_of(faces_dir, Half.UNSEEN), wanted), start=1):
        sides.film(crowd)
        hits = [sum(side.recognised) for side in (sides.ours, sides.loop)]
        say(f"recognition: clip {number}: ours {hits[0]}, loop {hits[1]} of {len(sides.ours.recognised)}")
    return [_recognition(work, sides), _passages(sides.counted, sides.true)]


def _crowds(people: dict[str, list[Path]], wanted: int) -> Iterator[Crowd]:
    for seed in range(1, 1 + math.ceil(wanted / (_CLIPS_PER_SEED * _PLAN.listed_passers))):
        clips = min(_CLIPS_PER_SEED, math.ceil(wanted / _PLAN.listed_passers))
        for crowd in draw_crowds(people, _PLAN, listed_passages=clips * _PLAN.listed_passers, seed=seed):
            yield replace(crowd, spec=crowd.spec.model_copy(update={"fps": _FPS}))


def _filmed(crowd: Crowd, pipeline: Pipeline, seen: dict[int, tuple[Sighting, ...]]) -> Iterator[Searched]:
    scene = Scene(crowd.spec, load_photo)
    for index in range(scene.frames_with_walkers):
        frame, seen[index] = scene.render(index)
        yield pipeline.search(Frame(frame.index, frame.stream_s, frame.image_bgr))


def _template(photo: Path, pack: OpenPack) -> Floats | None:
    try:
        return enrol_photo(photo.read_bytes(), pack).template.vector
    except BadInput:
        return None


def _floats(box: tuple[int, int, int, int]) -> Box:
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])


def _passage(crowd: Crowd, sightings: tuple[Sighting, ...], box: Box, name: str) -> int | None:
    """The passage of the person a name belongs to, where the box lies on them in that frame; None for a false name."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    for one in sightings:
        left, top, right, bottom = one.bbox_xyxy_px
        if left <= x <= right and top <= y <= bottom and crowd.spec.walkers[one.passage].person == name:
            return one.passage
    return None


def _recognition(work: str, sides: _Sides) -> Row:
    ours, loop = sides.ours, sides.loop
    found = mcnemar_of(ours.recognised, loop.recognised)
    n = len(ours.recognised)
    low, high = _difference_points(found, n)
    return Row(
        work,
        AGAINST,
        low,
        low,
        high,
        at_least=-MARGIN_POINTS,
        aim=0.0,
        unit=" points",
        ours={"recognised": str(Rate(sum(ours.recognised), n)), "false_names": ours.false_names, "only_ours": found.only_ours},
        other={"recognised": str(Rate(sum(loop.recognised), n)), "false_names": loop.false_names, "only_loop": found.only_other},
        note=f"{METHOD}: p two-sided {found.p_two_sided:.3g}, that ours is no worse {found.p_worse:.3g}; both {_FPS:g} frames a second; "
        f"{sides.refused} more passages not compared, their reference photos being refused",
    )


def _difference_points(found: McNemar, n: int) -> tuple[float, float]:
    """One-sided 95 % bounds of the difference of two paired shares, in points: Wald's, with half a trial added to each of the four
    outcomes, so that it claims no certainty where the sides hardly differ (Agresti and Min 2005)."""
    b, c, total = found.only_ours + 0.5, found.only_other + 0.5, n + 2
    middle = (b - c) / total
    reach = _ONE_SIDED_95 * math.sqrt(max(b + c - (b - c) ** 2 / total, 0.0)) / total
    return 100 * (middle - reach), 100 * (middle + reach)


def _passages(counted: int, true: int) -> Row:
    off = 100 * abs(counted - true) / max(true, 1)
    return Row(
        "passages counted (R44), off by",
        "ground truth",
        off,
        at_least=10.0,
        aim=3.0,
        unit=" %",
        smaller_is_better=True,
        ours={"counted": counted},
        other={"true": true},
        note=f"rehearsal clips at {_FPS:g} frames a second",
    )
