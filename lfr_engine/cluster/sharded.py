"""One list spread over the processes of a cluster, searched exactly: the same answers as one gallery that holds all of it.

Every part reads its own rows from the list's folder and computes as `Gallery` does. The best of each part together hold the best of
all, and an entry whose rows lie in several parts counts with its best. A part that dies is made anew without what was removed.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lfr_engine.cluster.listfile import ListFile
from lfr_engine.cluster.session import INLINE_BYTES, Cluster, Machine, WorkerDied
from lfr_engine.errors import BadInput, VerificationFailed
from lfr_engine.gallery import Gallery
from lfr_engine.values import Candidate, Floats

MAX_ROWS = 50_000_000

Answers = list[tuple[Candidate, ...]]


class Shard:
    """One part of a list, in a process of its own."""

    def __init__(self, templates: str, shape: tuple[int, int], start: int, refs: list[str], sha256: str, removed: list[str]) -> None:
        self._from = Path(templates), shape, start, refs, sha256, removed
        self._gallery: Gallery | None = None

    def at_or_above(self, queries: Floats, threshold: float) -> Answers:
        return self._loaded().at_or_above(queries, threshold)

    def top(self, queries: Floats, k: int) -> Answers:
        return self._loaded().top(queries, k)

    def remove(self, entry_id: str) -> int:
        return self._loaded().remove(entry_id)

    def _loaded(self) -> Gallery:
        if self._gallery is None:
            path, shape, start, refs, sha256, removed = self._from
            rows = np.array(np.memmap(path, "<f4", "r", shape=shape)[start : start + len(refs)], np.float32)
            if hashlib.sha256(np.ascontiguousarray(rows, "<f4").tobytes()).hexdigest() != sha256:
                raise VerificationFailed(f"{path} of a machine of the cluster is not the list that was asked about")
            self._gallery = Gallery(refs, rows, most_rows=len(refs))
            rows.fill(0.0)
            for entry_id in removed:
                self._gallery.remove(entry_id)
        return self._gallery


class ShardedGallery:
    """The list of a folder, in `shards` parts of nearly equal size, spread over the machines in turn."""

    def __init__(self, listed: ListFile, cluster: Cluster, shards: int | None = None) -> None:
        """Raises BadInput where the list is empty or too long."""
        if not 1 <= listed.manifest.rows <= MAX_ROWS:
            raise BadInput(f"the list has {listed.manifest.rows} templates; from 1 to {MAX_ROWS} can be searched")
        self._listed, self._cluster = listed, cluster
        self._removed: list[str] = []
        machines = cluster.machines()
        count = min(shards or len(machines), listed.manifest.rows)
        bounds = np.linspace(0, listed.manifest.rows, count + 1).astype(int)
        share = 1.0 / -(-count // len(machines))
        self._places = [(int(bounds[i]), int(bounds[i + 1]), machines[i % len(machines)]) for i in range(count)]
        self._share = share
        self._parts = [self._made(*place) for place in self._places]

    @property
    def batch(self) -> int:
        """Queries that travel within one message."""
        return max(1, INLINE_BYTES // (4 * self._listed.manifest.dimension))

    def at_or_above(self, queries: Floats, threshold: float) -> Answers:
        """As `Gallery.at_or_above`."""
        return self._merged(queries, lambda batch: ("at_or_above", batch, threshold), None)

    def top(self, queries: Floats, k: int) -> Answers:
        """As `Gallery.top`."""
        return self._merged(queries, lambda batch: ("top", batch, k), k)

    def remove(self, entry_id: str) -> int:
        """Take an entry out everywhere before this returns; how many rows it had."""
        rows = 0 if entry_id in self._removed else self._listed.subject_refs.count(entry_id)
        self._removed.append(entry_id)  # first: a part that is made anew from here on must not know the entry either
        self._everywhere("remove", entry_id)
        return rows

    def close(self) -> None:
        """End every part."""
        for part in self._parts:
            self._cluster.end(part)
        self._parts = []

    def _merged(self, queries: Floats, question: Callable[[Floats], tuple[Any, ...]], k: int | None) -> Answers:
        answers: Answers = []
        for start in range(0, len(queries), self.batch):
            parts: list[Answers] = self._everywhere(*question(queries[start : start + self.batch]))
            answers += [_best([found[place] for found in parts], k) for place in range(len(parts[0]))]
        return answers

    def _everywhere(self, method: str, *arguments: object) -> list[Any]:
        promises = [self._cluster.asked(part, method, *arguments) for part in self._parts]
        results = []
        for number, promise in enumerate(promises):
            try:
                results.append(self._cluster.result(promise))
            except WorkerDied:
                self._parts[number] = self._made(*self._places[number])
                results.append(self._cluster.result(self._cluster.asked(self._parts[number], method, *arguments)))
        return results

    def _made(self, start: int, stop: int, machine: Machine) -> Any:
        listed = self._listed
        digest = hashlib.sha256(np.ascontiguousarray(listed.rows[start:stop], "<f4").tobytes()).hexdigest()
        templates, refs = str((listed.folder / "templates.f32").absolute()), list(listed.subject_refs[start:stop])
        shape = (listed.manifest.rows, listed.manifest.dimension)
        return self._cluster.worker(
            Shard, templates, shape, start, refs, digest, list(self._removed), machine=machine, share=self._share, again=False
        )


def _best(found: list[tuple[Candidate, ...]], k: int | None) -> tuple[Candidate, ...]:
    best: dict[str, float] = {}
    for candidates in found:
        for candidate in candidates:
            best[candidate.entry_id] = max(candidate.similarity, best.get(candidate.entry_id, -2.0))
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Candidate(entry, similarity) for entry, similarity in ranked[:k])
