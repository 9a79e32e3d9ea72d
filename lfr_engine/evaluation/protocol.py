"""Who is enrolled and who is searched for in an open-set 1:N test, from labelled faces or from a table of one's own.

Mated people are enrolled from one photo and searched with another; non-mated people are searched and not enrolled. Nobody is
both, and nobody is searched twice, so that searches are independent trials as far as photos can make them.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.material import Photo, check_digests, check_names, digest_of, read_faces
from lfr_engine.evaluation.tables import Line, at_line, file_below, read_lines

LEAST_MATED = 10
LEAST_NONMATED = 10
TABLE = "protocol.csv"
_ROLES = ("enrolled", "mated", "nonmated")


@dataclass(frozen=True, slots=True)
class Protocol:
    """`enrolled` one photo per listed person (mated people, then fillers nobody searches for), `mated` and `nonmated` one search
    photo per person; `from_table` where a table said so and not a draw."""

    enrolled: tuple[Photo, ...]
    mated: tuple[Photo, ...]
    nonmated: tuple[Photo, ...]
    from_table: bool

    @property
    def photos(self) -> tuple[Photo, ...]:
        return (*self.enrolled, *self.mated, *self.nonmated)


def read_protocol(folder: Path, *, seed: int, fillers: int = 0) -> Protocol:
    """The protocol of `folder/protocol.csv` where there is one, else drawn from folders of photos. Raises BadInput."""
    table = folder / TABLE
    if table.is_file():
        if fillers:
            raise BadInput(
                f"{table} says who is enrolled, so fillers cannot be drawn", next_step="leave --fillers out, or enrol them in the table"
            )
        return _checked(_from_table(table))
    return _checked(draw_protocol(read_faces(folder), seed=seed, fillers=fillers))


def draw_protocol(people: dict[str, tuple[Photo, ...]], *, seed: int, fillers: int) -> Protocol:
    """People with several photos are mated, people with one are not; `fillers` of the latter are enrolled and never searched."""
    rng = np.random.default_rng((seed, 11))
    enrolled, mated = [], []
    alone = []
    for photos in people.values():
        if len(photos) == 1:
            alone.append(photos[0])
            continue
        first, second = rng.permutation(len(photos))[:2]
        enrolled.append(photos[first])
        mated.append(photos[second])
    if fillers > len(alone):
        raise BadInput(f"{fillers} fillers were asked for, but {len(alone)} people have one photo", next_step="ask for fewer fillers")
    order = rng.permutation(len(alone))
    filling = sorted(order[:fillers].tolist())
    searched = sorted(order[fillers:].tolist())
    return Protocol((*enrolled, *(alone[place] for place in filling)), tuple(mated), tuple(alone[place] for place in searched), False)


def _from_table(table: Path) -> Protocol:
    """Columns person, image, role (enrolled, mated, nonmated). Raises BadInput naming the line, and who is both."""
    found: dict[str, dict[str, Photo]] = {role: {} for role in _ROLES}
    for line in read_lines(table, ("person", "image", "role")):
        _take(table, line, found)
    both = sorted(set(found["nonmated"]) & (set(found["enrolled"]) | set(found["mated"])))
    if both:
        raise BadInput(f"{both[0]!r} is both listed and non-mated ({len(both)} people are)", next_step="take their nonmated rows out")
    unlisted = sorted(set(found["mated"]) - set(found["enrolled"]))
    if unlisted:
        raise BadInput(f"{unlisted[0]!r} is mated but not enrolled ({len(unlisted)} people are)", next_step="enrol them from another photo")
    check_names(dict.fromkeys([*found["enrolled"], *found["nonmated"]]))
    enrolled, mated, nonmated = (tuple(found[role].values()) for role in _ROLES)
    return Protocol(enrolled, mated, nonmated, from_table=True)


def _take(table: Path, line: Line, found: dict[str, dict[str, Photo]]) -> None:
    person, role = line.cells["person"], line.cells["role"]
    if not person:
        raise at_line(table, line.number, "a photo without a person", "label it or take the row out")
    if role not in found:
        raise at_line(table, line.number, f"the role {role!r} is unknown", f"write one of {', '.join(_ROLES)}")
    if person in found[role]:
        raise at_line(table, line.number, f"{person!r} is {role} twice", "keep one photo of each person for each role")
    path = file_below(table, line.cells["image"], line.number)
    found[role][person] = Photo(person, line.cells["image"], path, digest_of(path))


def _checked(protocol: Protocol) -> Protocol:
    if len(protocol.mated) < LEAST_MATED or len(protocol.nonmated) < LEAST_NONMATED:
        raise BadInput(
            f"{len(protocol.mated)} people can be searched for, {len(protocol.nonmated)} are strangers; the least is {LEAST_MATED} of each",
            next_step="give people with two photos or more (mated) and people with one (non-mated)",
        )
    check_digests(protocol.photos)
    enrolled = {photo.person: photo.sha256 for photo in protocol.enrolled}
    same = [photo for photo in protocol.mated if enrolled[photo.person] == photo.sha256]
    if same:
        raise BadInput(f"{same[0].person!r} is searched with the very photo they are enrolled from", next_step="use another photo")
    return protocol
