"""People of one list who look alike to the machine: whoever is taken for one will be taken for the other too."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lfr_engine.cluster.listfile import ListFile
from lfr_engine.cluster.sharded import ShardedGallery

_SAY_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two different people, the lower name first, and the highest similarity of any two of their photos."""

    first: str
    second: str
    similarity: float

    def as_json(self) -> dict[str, object]:
        return {"first": self.first, "second": self.second, "similarity": round(self.similarity, 6)}


def lookalikes(listed: ListFile, gallery: ShardedGallery, threshold: float, say: Callable[[str], None]) -> list[Pair]:
    """Every pair at or above the threshold, most alike first."""
    best: dict[tuple[str, str], float] = {}
    spoken = time.monotonic()
    for start in range(0, listed.manifest.rows, gallery.batch):
        rows = np.array(listed.rows[start : start + gallery.batch], np.float32)
        for ref, found in zip(listed.subject_refs[start : start + len(rows)], gallery.at_or_above(rows, threshold), strict=True):
            for other in found:
                if other.entry_id != ref:
                    pair = min(ref, other.entry_id), max(ref, other.entry_id)
                    best[pair] = max(best.get(pair, -2.0), other.similarity)
        if time.monotonic() - spoken > _SAY_EVERY_S:
            spoken = time.monotonic()
            say(f"{start + len(rows)} of {listed.manifest.rows} photos compared, {len(best)} pairs")
    return [Pair(*pair, similarity) for pair, similarity in sorted(best.items(), key=lambda item: (-item[1], item[0]))]
