"""Clips for a crowd test: a folder with a film, its truth and its list, or rehearsal clips made on the spot from labelled photos."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.crowd import Crowd
from lfr_engine.evaluation.material import Photo, check_names, digest_of
from lfr_engine.evaluation.passages import ObservedClip, TrueWalk, observe
from lfr_engine.evaluation.tables import at_line, file_below, read_lines
from lfr_engine.evaluation.template_store import Kept
from lfr_engine.gallery import Gallery
from lfr_engine.packs.store import OpenPack
from lfr_engine.values import Frame
from lfr_engine.video.container import read_video
from lfr_engine.video.rehearsal.scene import Scene, Sighting
from lfr_engine.video.rehearsal_camera import load_photo

FILM, TRUTH, LIST = "crowd.mp4", "truth.json", "watchlist.csv"
_MAX_TRUTH_BYTES = 64 * 1024 * 1024

Looks = Iterator[tuple[Frame, tuple[Sighting, ...] | None]]


class _Passer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    listed: bool
    start_frame: Annotated[int, Field(ge=0)]
    end_frame: Annotated[int, Field(ge=0)]


class _Truth(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    passers: Annotated[tuple[_Passer, ...], Field(min_length=1, max_length=100_000)]


@dataclass(frozen=True, slots=True)
class FilmedCrowd:
    """A film, the list's photos by person, and who walked when."""

    film: Path
    listed: Mapping[str, Photo]
    walks: Mapping[int, TrueWalk]

    def looks(self) -> Looks:
        """Every frame, without sightings: this truth has no boxes. Raises BadInput where the film breaks off."""
        video = read_video(self.film)
        for frame in video:
            yield frame, None
        if not video.complete:
            raise BadInput(f"{self.film} is not complete: {video.why}", next_step="give the whole film; a part would count as misses")


def is_filmed(folder: Path) -> bool:
    """Whether a folder holds a film with its truth, and not people's photos."""
    return (folder / TRUTH).is_file() or (folder / FILM).is_file()


def read_filmed(folder: Path) -> FilmedCrowd:
    """The crowd of a folder with crowd.mp4, truth.json and watchlist.csv. Raises BadInput where they do not fit together."""
    missing = [name for name in (FILM, TRUTH, LIST) if not (folder / name).is_file()]
    if missing:
        raise BadInput(f"{folder} lacks {' and '.join(missing)}", next_step=f"give a folder with {FILM}, {TRUTH} and {LIST}")
    truth = _truth(folder / TRUTH)
    listed = _listed(folder / LIST)
    for passer in truth.passers:
        if passer.listed is not (passer.name in listed):
            word = "listed" if passer.listed else "not listed"
            raise BadInput(f"{TRUTH} calls {passer.name!r} {word}, {LIST} says otherwise", next_step="correct one of them: nobody is both")
        if passer.end_frame < passer.start_frame:
            raise BadInput(f"{TRUTH}: {passer.name!r} ends before they begin", next_step="correct the frames")
    walks = {
        number: TrueWalk(passer.name, passer.listed, passer.start_frame, passer.end_frame) for number, passer in enumerate(truth.passers)
    }
    return FilmedCrowd(folder / FILM, listed, walks)


def _truth(path: Path) -> _Truth:
    try:
        if path.stat().st_size > _MAX_TRUTH_BYTES:
            raise BadInput(f"{path} is larger than {_MAX_TRUTH_BYTES} bytes", next_step="divide the film")
        return _Truth.model_validate(json.loads(path.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{path}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}", next_step="correct the truth") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON", next_step="give passers with name, listed, start_frame and end_frame") from error


def _listed(table: Path) -> dict[str, Photo]:
    found: dict[str, Photo] = {}
    for line in read_lines(table, ("subject_ref", "image")):
        person = line.cells["subject_ref"]
        if not person or person in found:
            raise at_line(
                table, line.number, f"{person!r} stands there twice" if person else "a photo without a person", "one row per person"
            )
        path = file_below(table, line.cells["image"], line.number)
        found[person] = Photo(person, line.cells["image"], path, digest_of(path))
    check_names(found)
    return found


def rehearsal_looks(crowd: Crowd) -> Looks:
    """Every frame of a rehearsal clip with its true sightings."""
    scene = Scene(crowd.spec, load_photo)
    for index in range(scene.frames_with_walkers):
        yield scene.render(index)


def rehearsal_walks(crowd: Crowd) -> dict[int, TrueWalk]:
    """Who walks in a rehearsal clip; when is known once it was filmed."""
    return {number: TrueWalk(walker.person, walker.person in crowd.listed, 0, 0) for number, walker in enumerate(crowd.spec.walkers)}


def gallery_of(references: Mapping[str, Kept]) -> Gallery:
    """The list, from what each person's reference photo gave. Raises BadInput where nobody could be enrolled."""
    enrolled = {person: kept.vector for person, kept in references.items() if kept.vector is not None}
    if not enrolled:
        why = next((kept.why for kept in references.values()), "the list is empty")
        raise BadInput(f"nobody on the list could be enrolled; the first reason: {why}", next_step="correct the photos of the list")
    return Gallery(list(enrolled), np.stack(list(enrolled.values())))


def run_clip(looks: Looks, walks: Mapping[int, TrueWalk], references: Mapping[str, Kept], pack: OpenPack, threshold: float) -> ObservedClip:
    """One clip through the whole pipeline; its templates are wiped when it is over."""
    gallery = gallery_of(references)
    try:
        return observe(looks, walks, pack=pack, gallery=gallery, threshold=threshold)
    finally:
        gallery.wipe()
