"""Pairs of photos with the word of somebody who knows whether they show one person: the material of a 1:1 comparison."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.material import Photo, check_digests, check_names, digest_of
from lfr_engine.evaluation.tables import Line, at_line, file_below, read_lines

_SAME = {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False}
LEAST_OF_EACH = 10  # one of each kind for each of the ten folds


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos and whether they show the same person."""

    a: Photo
    b: Photo
    same: bool


@dataclass(frozen=True, slots=True)
class Pairs:
    """All pairs of a table. `people_from` says how the people were told apart, for whoever reads the intervals."""

    pairs: tuple[Pair, ...]
    photos: tuple[Photo, ...]
    people_from: str


def read_pairs(table: Path) -> Pairs:
    """The pairs of a CSV with image_a, image_b and same (1 or 0), paths below the CSV's folder; person_a and person_b if known.

    Raises BadInput naming the line of the first fault: a missing file, `..`, a pair twice, a photo with itself, contradictions.
    """
    lines = read_lines(table, ("image_a", "image_b", "same"))
    named = {"person_a", "person_b"} <= set(lines[0].cells)
    photos: dict[str, Photo] = {}
    pairs: list[Pair] = []
    seen: set[frozenset[str]] = set()
    for line in lines:
        pair = _pair(table, line, photos, named=named)
        both = frozenset((pair.a.sha256, pair.b.sha256))
        if len(both) == 1:
            raise at_line(table, line.number, "a photo is compared with itself", "take the row out")
        if both in seen:
            raise at_line(table, line.number, "this pair stands there before", "take one of the rows out")
        seen.add(both)
        pairs.append(pair)
    for same in (True, False):
        if sum(pair.same is same for pair in pairs) < LEAST_OF_EACH:
            kind = "the same person" if same else "different people"
            raise BadInput(f"{table} holds fewer than {LEAST_OF_EACH} pairs of {kind}", next_step="add pairs: ten folds need each kind")
    return _with_people(table, pairs, photos, named=named)


def _pair(table: Path, line: Line, photos: dict[str, Photo], *, named: bool) -> Pair:
    same = _SAME.get(line.cells["same"].lower())
    if same is None:
        raise at_line(table, line.number, f"same is {line.cells['same']!r}", "write 1 for the same person, 0 for different people")
    a, b = (_photo(table, line, side, photos, named=named) for side in ("a", "b"))
    if named and same is not (a.person == b.person):
        raise at_line(table, line.number, "person_a, person_b and same contradict each other")
    return Pair(a, b, same)


def _photo(table: Path, line: Line, side: str, photos: dict[str, Photo], *, named: bool) -> Photo:
    name = line.cells[f"image_{side}"]
    person = line.cells[f"person_{side}"] if named else Path(name).parent.name
    known = photos.get(name)
    if known is None:
        path = file_below(table, name, line.number)
        known = photos[name] = Photo(person, name, path, digest_of(path))
    if known.person != person:
        raise at_line(table, line.number, f"{name} is {known.person!r} in one row and {person!r} in another")
    if named and not person:
        raise at_line(table, line.number, f"person_{side} is empty")
    return known


def _with_people(table: Path, pairs: list[Pair], photos: dict[str, Photo], *, named: bool) -> Pairs:
    """Who is who: by the table's columns, by the photos' folders where they agree with every row, else by joined pairs."""
    if named:
        check_names(dict.fromkeys(photo.person for photo in photos.values()))
        check_digests(photos.values())
        return Pairs(tuple(pairs), tuple(photos.values()), "the table")
    if all(pair.same is (pair.a.person == pair.b.person) for pair in pairs):
        check_digests(photos.values())
        return Pairs(tuple(pairs), tuple(photos.values()), "the photos' folders")
    joined = _joined(table, pairs, photos)
    again = {name: Photo(joined[name], name, photo.path, photo.sha256) for name, photo in photos.items()}
    relabelled = tuple(Pair(again[pair.a.name], again[pair.b.name], pair.same) for pair in pairs)
    return Pairs(relabelled, tuple(again.values()), "pairs of the same person alone: people in different pairs count as strangers")


def _joined(table: Path, pairs: list[Pair], photos: dict[str, Photo]) -> dict[str, str]:
    """Photo -> a name for everybody that pairs of the same person join. Raises BadInput where a pair calls them different."""
    leads = {name: name for name in photos}

    def lead(name: str) -> str:
        while leads[name] != name:
            leads[name] = leads[leads[name]]
            name = leads[name]
        return name

    for pair in pairs:
        if pair.same:
            leads[lead(pair.a.name)] = lead(pair.b.name)
    for pair in pairs:
        if not pair.same and lead(pair.a.name) == lead(pair.b.name):
            raise BadInput(
                f"{table}: {pair.a.name} and {pair.b.name} are called different, but other rows join them", next_step="correct the labels"
            )
    return {name: "person " + hashlib.sha256(lead(name).encode()).hexdigest()[:12] for name in photos}
