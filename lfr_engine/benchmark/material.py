"""Labelled faces, a crowd clip and model packs to measure with. They are no part of the project; rows that need them say so."""

from dataclasses import dataclass
from pathlib import Path

BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "eval"


@dataclass(frozen=True, slots=True)
class Material:
    """A folder with `faces/NAME/*.jpg`, `crowd/{crowd.mp4,truth.json,watchlist.csv}` and `packs/NAME/`; each may be missing."""

    folder: Path | None
    packs_dir: Path

    @property
    def faces(self) -> Path | None:
        return self._part("faces")

    @property
    def crowd(self) -> Path | None:
        return self._part("crowd")

    def pack(self, name: str) -> Path | None:
        """The folder of a pack: the material's, else the one installed under LFR_HOME."""
        installed = self.packs_dir / name
        return self._part(f"packs/{name}") or (installed if installed.is_dir() else None)

    def _part(self, name: str) -> Path | None:
        return self.folder / name if self.folder is not None and (self.folder / name).is_dir() else None


def material_in(folder: Path | None, packs_dir: Path) -> Material:
    """The material in a named folder, else beside the clone, else none."""
    beside = BESIDE if BESIDE.is_dir() else None
    return Material(folder or beside, packs_dir)
