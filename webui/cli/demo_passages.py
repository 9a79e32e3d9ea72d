"""Who is listed and who passes in a demonstration: chosen by the seed, written down as a rehearsal."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from webui.cli.demo_people import DemoPerson

# Of the people who are not listed, how many come past a second time.
_SECOND_PASSES = 3


@dataclass(frozen=True, slots=True)
class DemoPassages:
    """`listed` references in order, and the reference of everybody who passes, in the order in which they come."""

    seed: int
    listed: tuple[str, ...]
    passers: tuple[str, ...]


def plan_passages(people: list[DemoPerson], seed: int, *, absent: bool = False) -> DemoPassages:
    """About half of the people are listed, always with those of whom there are two photos; everybody passes, some of the
    others twice. With `absent` the listed stay away, and the others pass as they would have."""
    rng = np.random.default_rng((seed, 5))
    sure = [person.ref for person in people if not person.same_photo]
    others = [person.ref for person in people if person.same_photo and person.listable]
    drawn = [others[place] for place in rng.permutation(len(others))]
    listed = sorted([*sure, *drawn][: max(1, len(people) // 2)])
    unlisted = [person.ref for person in people if person.ref not in listed]
    again = [unlisted[place] for place in rng.permutation(len(unlisted))[:_SECOND_PASSES]]
    order = [person.ref for person in people] + again
    passers = [order[place] for place in rng.permutation(len(order))]
    return DemoPassages(seed, tuple(listed), tuple(ref for ref in passers if not absent or ref not in listed))


def write_rehearsal(people: list[DemoPerson], passages: DemoPassages, folder: Path, **camera: object) -> Path:
    """Write the walking photos and `rehearsal.json` into an existing folder; the path of the latter. `camera` sets further
    fields of the specification (fps, size, pace, at_once...).

    Whoever walks in the photo they were enrolled from is mirrored; the photos' names tell who walks, not who is listed.
    """
    by_ref = {person.ref: person for person in people}
    walkers = []
    for ref in passages.passers:
        person = by_ref[ref]
        (folder / f"{ref}.jpg").write_bytes(person.walk_jpeg)
        walkers.append({"person": ref, "photo": {"path": f"{ref}.jpg", "box": person.walk_box}, "mirror": person.same_photo})
    path = folder / "rehearsal.json"
    path.write_text(json.dumps({"seed": passages.seed, "at_once": 2.5, **camera, "walkers": walkers}, indent=1))
    return path
