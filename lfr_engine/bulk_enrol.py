"""Enrols many photos: several groups at once, so that one is decoded while the networks work on another.

The outcome is the same as of one photo after another, in the same order: what comes of a photo depends on nothing but it. A group ends
after GROUP_PHOTOS, or as soon as its pictures may take GROUP_PIXELS; a photo is read, decoded and forgotten within its group.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from lfr_engine.enrol import Enrolled, enrol_photos
from lfr_engine.errors import BadInput
from lfr_engine.image import photo_pixels
from lfr_engine.inference import cores
from lfr_engine.packs.store import OpenPack

GROUP_PHOTOS = 16
GROUP_PIXELS = 40_000_000  # 120 MB of picture for each group; one photo may be as large
GROUPS_AHEAD = 2  # finished groups may wait for a slow one before them


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo to enrol: whose it is, the name that reports use for it, and how its bytes are read."""

    subject_ref: str
    image: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a photo: `enrolled`, or None and in `why` the reason."""

    photo: Photo
    enrolled: Enrolled | None
    why: str = ""


def enrol_many(photos: Iterable[Photo], pack: OpenPack) -> Iterator[Outcome]:
    """The outcome of every photo, in the order given. A photo that cannot be read or used is an outcome too and stops nothing."""
    groups = _groups(photos)
    under_way: deque[Future[list[Outcome]]] = deque()
    with ThreadPoolExecutor(cores() + 1, thread_name_prefix="enrol") as pool:
        try:
            for group in groups:
                under_way.append(pool.submit(_enrol_group, group, pack))
                while len(under_way) > cores() + GROUPS_AHEAD:
                    yield from under_way.popleft().result()
            while under_way:
                yield from under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


def _groups(photos: Iterable[Photo]) -> Iterator[list[tuple[Photo, bytes | BadInput]]]:
    group: list[tuple[Photo, bytes | BadInput]] = []
    pixels = 0
    for photo in photos:
        data, size = _read(photo)
        if group and (len(group) == GROUP_PHOTOS or pixels + size > GROUP_PIXELS):
            yield group
            group, pixels = [], 0
        group.append((photo, data))
        pixels += size
    if group:
        yield group


def _read(photo: Photo) -> tuple[bytes | BadInput, int]:
    """Its bytes and how many pixels they announce; or why not."""
    try:
        data = photo.read()
        return data, photo_pixels(data)
    except BadInput as error:
        return error, 0
    except OSError as error:
        return BadInput(f"the file cannot be read: {error.strerror or error}"), 0


def _enrol_group(group: list[tuple[Photo, bytes | BadInput]], pack: OpenPack) -> list[Outcome]:
    made = iter(enrol_photos([data for _, data in group if not isinstance(data, BadInput)], pack))
    return [_outcome(photo, data if isinstance(data, BadInput) else next(made)) for photo, data in group]


def _outcome(photo: Photo, made: Enrolled | BadInput) -> Outcome:
    return Outcome(photo, None, made.message) if isinstance(made, BadInput) else Outcome(photo, made)
