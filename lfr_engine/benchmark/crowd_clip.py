"""The labelled crowd clip: its list, who passes when, and how well a run named them."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lfr_engine.errors import BadInput
from lfr_engine.match import ListedPhoto


@dataclass(frozen=True, slots=True)
class Passer:
    """One person of the clip; frames 0-based, both included."""

    name: str
    listed: bool
    start_frame: int
    end_frame: int


@dataclass(frozen=True, slots=True)
class CrowdClip:
    """The clip's file, the photos of its list and the truth about it."""

    video: Path
    photos: tuple[ListedPhoto, ...]
    passers: tuple[Passer, ...]

    @property
    def listed(self) -> int:
        return sum(passer.listed for passer in self.passers)

    def judged(self, named: Iterable[tuple[str, int, int]]) -> tuple[set[str], set[str]]:
        """From names with the first and the last frame of what they were given to: listed passers recognised, and false names.

        A passer counts as recognised when the name is theirs and the frames meet theirs; any other name is false.
        """
        right: set[str] = set()
        wrong: set[str] = set()
        for name, first, last in named:
            theirs = [one for one in self.passers if one.listed and one.name == name]
            meets = any(one.start_frame <= last and first <= one.end_frame for one in theirs)
            (right if meets else wrong).add(name)
        return right, wrong


def crowd_clip(folder: Path) -> CrowdClip:
    """Raises BadInput where the folder holds no such clip."""
    try:
        truth = json.loads((folder / "truth.json").read_text("utf-8"))
        with (folder / "watchlist.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        passers = tuple(
            Passer(one["name"], bool(one["listed"]), int(one["start_frame"]), int(one["end_frame"])) for one in truth["passers"]
        )
        photos = tuple(ListedPhoto(row["subject_ref"], row["image"], folder / row["image"]) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{folder} holds no labelled clip: {error}") from error
    return CrowdClip(folder / "crowd.mp4", photos, passers)
