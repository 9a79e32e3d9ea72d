"""The ground truth of a rehearsal: which person passed when, and where their face was. Written beside the pictures, into a
file that the engine never opens; who of them is listed it does not say, because the camera does not know.

JSON: `{seed, fps, size, frames, passages: [{passage, person, photo, mirror, first_frame, last_frame, boxes}]}`; `boxes`
are rows `[frame, x0, y0, x1, y1, visibility]`, face boxes in frame pixels, visibility the part neither hidden nor outside.
"""

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lfr_engine.errors import BadInput
from lfr_engine.video.rehearsal.scene import Sighting
from lfr_engine.video.rehearsal.spec import RehearsalSpec

Row = tuple[int, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class TruePassage:
    """One person's way through the picture; frames are 0-based and both included."""

    passage: int
    person: str
    photo: str
    mirror: bool
    first_frame: int
    last_frame: int
    boxes: tuple[Row, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """What was filmed so far."""

    seed: int
    fps: float
    frames: int
    passages: tuple[TruePassage, ...]


class TruthFile:
    """Collects sightings and writes them whole: a reader, or a kill at any moment, never meets half a file."""

    def __init__(self, path: Path, spec: RehearsalSpec) -> None:
        self._path = path
        self._spec = spec
        self._rows: dict[int, list[Row]] = {}
        self._frames = 0

    def add(self, frame: int, sightings: tuple[Sighting, ...]) -> None:
        self._frames = frame + 1
        for seen in sightings:
            self._rows.setdefault(seen.passage, []).append((frame, *seen.bbox_xyxy_px, seen.visibility))

    def write(self) -> None:
        """Replace the file by what is known now (a file beside it, then a rename)."""
        passages = [self._passage(passage, rows) for passage, rows in sorted(self._rows.items())]
        spec = self._spec
        truth = {"seed": spec.seed, "fps": spec.fps, "size": spec.size, "frames": self._frames, "passages": passages}
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "w") as file:
                json.dump(truth, file, separators=(",", ":"))
            os.replace(name, self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _passage(self, passage: int, rows: list[Row]) -> dict[str, Any]:
        walker = self._spec.walkers[passage]
        return {
            "passage": passage,
            "person": walker.person,
            "photo": Path(walker.photo.path).name,
            "mirror": walker.mirror,
            "first_frame": rows[0][0],
            "last_frame": rows[-1][0],
            "boxes": rows,
        }


def read_truth(path: Path) -> Truth:
    """The truth of a rehearsal from its file. Raises BadInput for anything that is not one."""
    try:
        given = json.loads(path.read_text("utf-8"))
        passages = tuple(
            TruePassage(**{**one, "boxes": tuple((int(row[0]), *(float(part) for part in row[1:6])) for row in one["boxes"])})
            for one in given["passages"]
        )
        return Truth(int(given["seed"]), float(given["fps"]), int(given["frames"]), passages)
    except OSError as error:
        raise BadInput(f"the truth {path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadInput(f"{path} is not the truth of a rehearsal") from error
