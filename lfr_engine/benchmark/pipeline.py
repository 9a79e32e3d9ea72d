"""The whole pipeline on the crowd clip against a loop over every face of every frame: the same files, the same model files, one run.

Decoding counts on both sides, enrolment on neither, and no frame is left out: the pipeline is given every one of them and decides
what to do with it. Beside the ratio stand what each side recognised, the names that were false, the passages counted, and how far
the pipeline is from its floor: the time its networks alone needed for what was asked of them, spread over the cores.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from lfr_engine.benchmark.crowd_clip import CrowdClip, crowd_clip
from lfr_engine.benchmark.face_loop import FaceLoop
from lfr_engine.benchmark.material import Material
from lfr_engine.benchmark.paired import paired
from lfr_engine.benchmark.result import Row, Value
from lfr_engine.gallery import Gallery
from lfr_engine.inference import cores
from lfr_engine.match import Say, enrol_list
from lfr_engine.packs.store import OpenPack, open_pack
from lfr_engine.pipeline import Pipeline
from lfr_engine.values import Alert, Counters
from lfr_engine.video.ahead import ahead
from lfr_engine.video.container import read_video

PACK = "insightface-sc"
WORK = "crowd clip, frames a second"
AGAINST = "FaceAnalysis on every frame at 640"
AT_LEAST, AIM = 15.0, 30.0
_QUICK_FRAMES = 60  # the loop needs some ten seconds for them


@dataclass(slots=True)
class Ours:
    """The pipeline over the clip, and what it found last time."""

    pack: OpenPack
    gallery: Gallery
    clip: CrowdClip
    frames: int | None
    alerts: list[Alert] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)
    floor_s: float = 0.0
    looks: int = 0
    views: int = 0

    def run(self) -> None:
        detector, embedder = self.pack.detector.network, self.pack.embedder.network
        before = detector.spent(), embedder.spent()
        pipeline = Pipeline(pack=self.pack, gallery=self.gallery, threshold=self.pack.default_threshold)
        reader = islice(read_video(self.clip.video), self.frames)
        self.alerts = []
        for searched in ahead(pipeline.search(frame) for frame in reader):
            self.alerts += pipeline.step(searched).alerts
            searched.frame.wipe()
        last = pipeline.finish()
        self.alerts += last.alerts
        self.counters = last.counters
        spent = detector.spent(), embedder.spent()
        self.looks, self.views = (after.runs - was.runs for after, was in zip(spent, before, strict=True))
        self.floor_s = sum(after.seconds - was.seconds for after, was in zip(spent, before, strict=True)) / cores()


@dataclass(slots=True)
class Loop:
    """The loop over the clip, and what it named last time: (name, frame, frame)."""

    loop: FaceLoop
    clip: CrowdClip
    frames: int | None
    named: list[tuple[str, int, int]] = field(default_factory=list)
    faces: int = 0

    def run(self) -> None:
        self.named, self.faces = [], 0
        for frame in islice(read_video(self.clip.video), self.frames):
            found = self.loop.look(frame.image_bgr)
            self.faces += len(found)
            self.named += [(one.entry_id, frame.index, frame.index) for one in found if one.entry_id is not None]


def measure(material: Material, *, quick: bool, say: Say) -> list[Row]:
    """One row; says so where clip or pack is absent."""
    folder, pack_dir = material.crowd, material.pack(PACK)
    if folder is None or pack_dir is None:
        return [Row(WORK, AGAINST, None, note="not measured: no material (crowd clip and the pack insightface-sc)")]
    ours, loop = _sides(crowd_clip(folder), pack_dir, _QUICK_FRAMES if quick else None, say)
    rounds = 1 if quick else 2  # the loop takes about two minutes a round
    ours.run()  # the first look at every canvas size is slower; the loop has enrolled and is warm
    taken = paired(ours.run, loop.run, rounds=rounds, warm_up=0)
    say(f"pipeline: {rounds} rounds, ours {taken.ours_s}, loop {taken.other_s} seconds")
    frames = ours.counters.frames
    floor = min(taken.ours_s) / max(ours.floor_s, 1e-9)
    return [
        Row(
            WORK,
            AGAINST,
            taken.ratio,
            taken.low,
            taken.high,
            at_least=AT_LEAST,
            aim=AIM,
            ours={"fps": frames / min(taken.ours_s), **_ours_found(ours), "times_floor": floor},
            other={"fps": frames / min(taken.other_s), **_loop_found(loop), "embedded": loop.faces},
            note=f"{frames} frames, none dropped, decoding on both sides; floor: the networks alone, on {cores()} cores",
        )
    ]


def _sides(clip: CrowdClip, pack_dir: Path, frames: int | None, say: Say) -> tuple[Ours, Loop]:
    pack = open_pack(pack_dir)
    gallery, _ = enrol_list(clip.photos, pack, say)
    loop = FaceLoop(pack_dir)
    loop.enrol({photo.subject_ref: photo.path for photo in clip.photos})
    return Ours(pack, gallery, clip, frames), Loop(loop, clip, frames)


def _ours_found(ours: Ours) -> Mapping[str, Value]:
    named = [(alert.candidates[0].entry_id, alert.first_frame, alert.frame) for alert in ours.alerts]
    right, wrong = ours.clip.judged(named)
    return {
        "recognised": f"{len(right)} of {ours.clip.listed}",
        "false_names": len(wrong),
        "alerts": len(ours.alerts),
        "passages": f"{ours.counters.passages} of {len(ours.clip.passers)}",
        "searches": ours.looks,
        "embedded": ours.views,
    }


def _loop_found(loop: Loop) -> Mapping[str, Value]:
    right, wrong = loop.clip.judged(loop.named)
    return {"recognised": f"{len(right)} of {loop.clip.listed}", "false_names": len(wrong)}
