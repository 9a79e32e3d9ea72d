"""Enrols a folder or archive on every machine of a cluster, and writes what came of it.

Groups are handed out two ahead for each machine, kept in the progress file as they are finished, and put in the photos' order at the
end, so the result does not depend on who was faster or died. A photo on which a process dies again and again is refused.
"""

import json
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lfr_engine.cluster.listfile import (
    ENTRIES,
    FORMAT,
    MANIFEST,
    REFUSED,
    TEMPLATES,
    ListManifest,
    private_folder,
    sha256_of,
    whole_file,
    write_lines,
)
from lfr_engine.cluster.progress import GroupDone, Plan, Progress
from lfr_engine.cluster.session import INLINE_BYTES, Cluster, WorkerDied
from lfr_engine.cluster.source import Listed, digest, listing
from lfr_engine.cluster.worker import LONGEST_REASON, Enroller, Made
from lfr_engine.errors import BadInput
from lfr_engine.packs.store import OpenPack

PROGRESS = "progress"
MOST_IN_GROUP = 64
GROUPS_AHEAD = 2
_SAY_EVERY_S = 5.0
DIED = "processes of the cluster died on this photo, again and again"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What is enrolled, with which pack, into which folder."""

    source: Path
    pack: OpenPack
    out: Path

    def group_size(self) -> int:
        """As many photos as travel within one message: templates, qualities, and reasons at their longest."""
        return max(1, min(MOST_IN_GROUP, INLINE_BYTES // (4 * self.pack.dimension + LONGEST_REASON + 32)))


def enrol_source(job: Job, cluster: Cluster, *, resume: bool, say: Say) -> ListManifest:
    """Enrol every photo that can be.

    Raises BadInput where the source cannot be used, the folder holds other work, or something begun and `resume` is not given.
    """
    private_folder(job.out)
    if (job.out / MANIFEST).exists():
        raise BadInput(f"{job.out} holds a finished list", next_step="name another folder")
    if (job.out / PROGRESS).exists() and not resume:
        raise BadInput(f"{job.out} holds an enrolment that was begun", next_step="go on with --resume, or name another folder")
    photos = listing(job.source)
    plan = Plan(digest(photos), len(photos), job.pack.pack_digest, job.pack.dimension, job.group_size())
    with Progress(job.out / PROGRESS, plan) as progress:
        if progress.done:
            say(f"going on: {len(progress.done)} of {-(-len(photos) // plan.group)} groups are done")
        _Run(job, cluster, photos, plan, progress, say).all_groups()
        manifest = _write(job, photos, plan, progress)
        (job.out / PROGRESS).unlink()
    return manifest


class _Run:
    """The groups that are left, handed to whoever is free."""

    def __init__(self, job: Job, cluster: Cluster, photos: list[Listed], plan: Plan, progress: Progress, say: Say) -> None:
        self._cluster, self._progress, self._say = cluster, progress, say
        self._photos, self._plan = photos, plan
        folder = str(job.pack.folder.absolute())
        self._workers = [
            cluster.worker(Enroller, str(job.source.absolute()), folder, plan.pack_digest, machine=machine)
            for machine in cluster.machines()
        ]
        self._began = self._spoken = time.monotonic()

    def all_groups(self) -> None:
        left = deque(number for number in range(-(-len(self._photos) // self._plan.group)) if number not in self._progress.done)
        under_way: dict[Any, tuple[Any, int]] = {}
        try:
            for worker in self._workers * GROUPS_AHEAD:
                self._hand_out(left, worker, under_way)
            while under_way:
                promise = self._cluster.first_done(list(under_way))
                worker, number = under_way.pop(promise)
                self._hand_out(left, worker, under_way)
                self._keep(number, self._made(promise, worker, number))
        finally:
            for worker in self._workers:
                self._cluster.end(worker)

    def _hand_out(self, left: deque[int], worker: Any, under_way: dict[Any, tuple[Any, int]]) -> None:
        if left:
            number = left.popleft()
            under_way[self._cluster.asked(worker, "enrol", self._images(number))] = worker, number

    def _images(self, number: int) -> list[str]:
        return [listed.image for listed in self._photos[number * self._plan.group : (number + 1) * self._plan.group]]

    def _made(self, promise: Any, worker: Any, number: int) -> Made:
        """The group; where its process died, photo by photo, so that only the one to blame is refused."""
        try:
            made: Made = self._cluster.result(promise)
            return made
        except WorkerDied:
            self._say(f"a process died on group {number}; its photos are tried one by one")
        parts = [self._alone(worker, image) for image in self._images(number)]
        return Made(
            [quality for part in parts for quality in part.qualities],
            [why for part in parts for why in part.reasons],
            np.concatenate([part.rows for part in parts]),
        )

    def _alone(self, worker: Any, image: str) -> Made:
        try:
            made: Made = self._cluster.result(self._cluster.asked(worker, "enrol", [image]))
            return made
        except WorkerDied:
            return Made([None], [DIED], np.empty((0, self._plan.dimension), np.float32))

    def _keep(self, number: int, made: Made) -> None:
        self._progress.add(GroupDone(number, tuple(made.qualities), tuple(made.reasons), made.rows))
        if time.monotonic() - self._spoken > _SAY_EVERY_S:
            self._spoken = time.monotonic()
            done = min(len(self._progress.done) * self._plan.group, len(self._photos))
            self._say(f"{done} of {len(self._photos)} photos after {self._spoken - self._began:.0f} s")


def _write(job: Job, photos: list[Listed], plan: Plan, progress: Progress) -> ListManifest:
    """Two readings of the progress file: who is enrolled, which says where each group's templates go, and then the templates."""
    qualities: list[float | None] = [None] * len(photos)
    reasons = [""] * len(photos)
    for group in progress.groups():
        first = group.number * plan.group
        qualities[first : first + len(group.qualities)] = group.qualities
        reasons[first : first + len(group.reasons)] = group.reasons
    enrolled = [place for place, quality in enumerate(qualities) if quality is not None]
    starts = np.searchsorted(enrolled, np.arange(0, len(photos), plan.group))
    with whole_file(job.out / TEMPLATES) as file:
        for group in progress.groups():
            os.pwrite(file.fileno(), np.ascontiguousarray(group.rows, "<f4").tobytes(), int(starts[group.number]) * 4 * plan.dimension)
    write_lines(
        job.out / ENTRIES,
        ({"subject_ref": photos[place].subject_ref, "image": photos[place].image, "quality": qualities[place]} for place in enrolled),
    )
    refused = [place for place, quality in enumerate(qualities) if quality is None]
    write_lines(
        job.out / REFUSED,
        ({"subject_ref": photos[place].subject_ref, "image": photos[place].image, "why": reasons[place]} for place in refused),
    )
    manifest = ListManifest(
        format=FORMAT,
        pack=job.pack.manifest.name,
        pack_digest=plan.pack_digest,
        dimension=plan.dimension,
        rows=len(enrolled),
        refused=len(refused),
        templates_sha256=sha256_of(job.out / TEMPLATES),
        entries_sha256=sha256_of(job.out / ENTRIES),
        refused_sha256=sha256_of(job.out / REFUSED),
    )
    with whole_file(job.out / MANIFEST) as file:
        file.write(json.dumps(manifest.model_dump(), indent=1).encode() + b"\n")
    return manifest
