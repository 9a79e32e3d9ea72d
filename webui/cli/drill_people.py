"""Who walks in a rehearsal of a drill, who is listed, and who only passes: package photos, or a folder of labelled faces."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.split import Half, people_of
from lfr_engine.video.rehearsal.scene import Scene
from lfr_engine.video.rehearsal.spec import read_spec
from lfr_engine.video.rehearsal_camera import load_photo
from webui.cli.demo_people import demo_people

_LISTED, _PASSING = 2, 8
_EMPTY_TAIL_S = 2.0  # the last walker's track ends, and their tap is logged, before the film does


@dataclass(frozen=True, slots=True)
class DrillPerson:
    """`walk`: the photos they walk in, each with where the face is (None: a portrait), mirrored where it is the enrolled one."""

    ref: str
    enrol_jpeg: bytes
    walk: tuple[tuple[bytes, tuple[int, int, int, int] | None, bool], ...]


@dataclass(frozen=True, slots=True)
class DrillPeople:
    """Staff on the blue list, a short list of people of interest, and others; nobody is in two of them."""

    walkers: tuple[DrillPerson, ...]
    listed: tuple[DrillPerson, ...]
    others: tuple[DrillPerson, ...]
    source: str

    @property
    def order(self) -> list[str]:
        return [person.ref for person in self.walkers]

    def write_spec(self, folder: Path, walks: list[str], seed: int, at_once: float) -> Path:
        """The rehearsal in which the walkers come in this order, the listed and the others among them; its path."""
        rng = np.random.default_rng((seed, 78))
        between = [person.ref for person in (*self.listed, *self.others)]
        coming = list(walks)
        for ref in between:
            coming.insert(int(rng.integers(len(coming) + 1)), ref)
        by_ref = {person.ref: person for person in (*self.walkers, *self.listed, *self.others)}
        seen: dict[str, int] = {}
        rows = []
        for ref in coming:
            shots = by_ref[ref].walk
            which = seen.get(ref, 0) % len(shots)
            seen[ref] = seen.get(ref, 0) + 1
            jpeg, box, mirror = shots[which]
            name = f"{ref}-{which}.jpg"
            (folder / name).write_bytes(jpeg)
            rows.append({"person": ref, "photo": {"path": name, "box": box}, "mirror": mirror})
        path = folder / "rehearsal.json"
        path.write_text(json.dumps({"seed": seed, "at_once": at_once, "walkers": rows}))
        spec = read_spec(path)
        film = Scene(spec, load_photo).frames_with_walkers + round(_EMPTY_TAIL_S * spec.fps)
        path.write_text(json.dumps({"seed": seed, "at_once": at_once, "frames": film, "walkers": rows}))
        return path


def drill_people(faces: Path | None, photos: Path, *, walkers: int, seed: int) -> DrillPeople:
    """Raises BadInput where there are too few people for so many walkers."""
    if faces is None:
        return _of_packages(photos, walkers)
    return _of_folder(faces, walkers, seed)


def _of_packages(photos: Path, walkers: int) -> DrillPeople:
    found = demo_people(photos)
    usable = [person for person in found if person.listable]
    if len(usable) < walkers + 1:
        raise BadInput(
            f"{walkers} walkers of {len(usable)} package photos leave nobody to list", next_step="ask for fewer, or give --faces"
        )
    people = [
        DrillPerson(person.ref, person.enrol_jpeg, ((person.walk_jpeg, person.walk_box, person.same_photo),))
        for person in [*usable, *(one for one in found if not one.listable)]
    ]
    return DrillPeople(
        tuple(people[:walkers]),
        tuple(people[walkers : walkers + _LISTED]),
        tuple(people[walkers + _LISTED :]),
        "The walkers are photos from software packages; most in the photo they were enrolled from: the rate says nothing of a street.",
    )


def _of_folder(faces: Path, walkers: int, seed: int) -> DrillPeople:
    people = people_of(faces, Half.UNSEEN)
    rng = np.random.default_rng((seed, 30))
    names = [list(people)[place] for place in rng.permutation(len(people))]
    several = [name for name in names if len(people[name]) > 1]
    single = [name for name in names if len(people[name]) == 1]
    if len(several) < walkers + _LISTED or len(single) < _PASSING:
        raise BadInput(f"{faces} has {len(several)} people with two photos: too few", next_step="ask for fewer walkers")
    made = [
        DrillPerson(f"S-{number:02d}", people[name][0].read_bytes(), tuple((path.read_bytes(), None, False) for path in people[name][1:]))
        for number, name in enumerate(several[: walkers + _LISTED], start=1)
    ]
    others = tuple(
        DrillPerson(f"O-{number:02d}", b"", ((people[name][0].read_bytes(), None, False),))
        for number, name in enumerate(single[:_PASSING], start=1)
    )
    return DrillPeople(
        tuple(made[:walkers]), tuple(made[walkers:]), others, "The walkers are labelled photos; each walks in another photo."
    )
