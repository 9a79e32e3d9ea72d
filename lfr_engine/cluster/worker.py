"""What a process of the cluster does: enrol groups of photos with a pack it opened itself, or search its part of a list."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lfr_engine.bulk_enrol import Photo, enrol_many
from lfr_engine.cluster.source import Listed, read
from lfr_engine.errors import VerificationFailed
from lfr_engine.packs.store import OpenPack, open_pack
from lfr_engine.values import Floats

LONGEST_REASON = 160


class Made(NamedTuple):
    """Of each photo its quality or None, and why it was refused; and the templates float32[k, d] of the others, all in order."""

    qualities: list[float | None]
    reasons: list[str]
    rows: Floats


class Enroller:
    """One for each machine; it uses all of its cores."""

    def __init__(self, source: str, pack_folder: str, pack_digest: str) -> None:
        self._source, self._folder, self._digest = Path(source), Path(pack_folder), pack_digest
        self._pack: OpenPack | None = None

    def enrol(self, images: list[str]) -> Made:
        """Raises VerificationFailed where this machine's pack is another one; BadInput and LfrError as `open_pack` does."""
        pack = self._opened()
        photos = [Photo(Listed(image, 0).subject_ref, image, partial(read, self._source, image)) for image in images]
        outcomes = list(enrol_many(photos, pack))
        rows = [outcome.enrolled.template.vector for outcome in outcomes if outcome.enrolled is not None]
        return Made(
            [None if outcome.enrolled is None else round(outcome.enrolled.quality, 4) for outcome in outcomes],
            [outcome.why[:LONGEST_REASON] for outcome in outcomes],
            np.stack(rows) if rows else np.empty((0, pack.dimension), np.float32),
        )

    def _opened(self) -> OpenPack:
        if self._pack is None:
            pack = open_pack(self._folder)
            if pack.pack_digest != self._digest:
                raise VerificationFailed(
                    f"the pack in {self._folder} of a machine of the cluster is {pack.pack_digest}, not {self._digest}",
                    next_step="put the same model pack on every machine",
                )
            self._pack = pack
        return self._pack
