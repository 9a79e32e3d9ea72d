"""Crowds for a measurement: who is listed, from which photo, and who walks, in which other photo. Drawn by seed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lfr_engine.errors import BadInput
from lfr_engine.video.rehearsal.spec import PhotoOf, RehearsalSpec, Walker


@dataclass(frozen=True, slots=True)
class CrowdPlan:
    """The shape of every clip. 50 people pass at a list of 200, as in the usual trial of such a system; more of them than
    usual are listed, because the rate of interest is theirs."""

    passers: int = 50
    listed_passers: int = 25
    list_size: int = 200
    at_once: float = 6.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """One clip to be: the list (name -> enrolment photo), the rehearsal, and which of its walkers are listed."""

    listed: dict[str, Path]
    spec: RehearsalSpec

    @property
    def listed_walkers(self) -> tuple[int, ...]:
        return tuple(place for place, walker in enumerate(self.spec.walkers) if walker.person in self.listed)


def draw_crowds(people: dict[str, list[Path]], plan: CrowdPlan, *, listed_passages: int, seed: int) -> list[Crowd]:
    """Clips with at least so many listed passages in all. Nobody listed walks in more than one clip, and never in the photo
    they are enrolled from. Raises BadInput where there are too few people with two photos."""
    rng = np.random.default_rng((seed, 6))
    several = [name for name, photos in people.items() if len(photos) > 1]
    clips = -(-listed_passages // plan.listed_passers)
    if len(several) < clips * plan.listed_passers or len(people) < plan.list_size + plan.passers:
        raise BadInput(
            f"{len(people)} people, {len(several)} of them with two photos, are too few for {listed_passages} listed passages",
            next_step="ask for fewer passages or give more faces",
        )
    order = [several[place] for place in rng.permutation(len(several))]
    return [
        _draw(people, order[clip * plan.listed_passers : (clip + 1) * plan.listed_passers], plan, rng, seed * 1000 + clip)
        for clip in range(clips)
    ]


def _draw(people: dict[str, list[Path]], walking: list[str], plan: CrowdPlan, rng: np.random.Generator, seed: int) -> Crowd:
    others = [name for name in people if name not in set(walking)]
    others = [others[place] for place in rng.permutation(len(others))]
    staying = others[: plan.list_size - len(walking)]
    passing = others[len(staying) : len(staying) + plan.passers - len(walking)]
    listed: dict[str, Path] = {}
    walkers = []
    for name in walking:
        enrolled, walks = rng.permutation(len(people[name]))[:2]
        listed[name] = people[name][enrolled]
        walkers.append(_walker(name, people[name][walks], rng))
    for name in staying:
        listed[name] = people[name][int(rng.integers(len(people[name])))]
    for name in passing:
        walkers.append(_walker(name, people[name][int(rng.integers(len(people[name])))], rng))
    ordered = tuple(walkers[place] for place in rng.permutation(len(walkers)))
    return Crowd(listed, RehearsalSpec(seed=seed, at_once=plan.at_once, pace="fast", walkers=ordered))


def _walker(name: str, photo: Path, rng: np.random.Generator) -> Walker:
    return Walker(person=name, photo=PhotoOf(path=str(photo)), mirror=bool(rng.random() < 0.5))
