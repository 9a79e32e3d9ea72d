"""Open-set 1:N search of still photos (R100): FNIR and FPIR as NIST FRTE 1:N defines them (NISTIR 8271), by list size.

FPIR(N, T): the share of non-mated searches that return anybody at or above T from a list of N. FNIR(N, T): the share of mated
searches in which the person searched for is not at or above T; with T = 0 and rank 1, those in which somebody else comes first.
A photo that gives no template is a miss in a mated search and returns nobody in a non-mated one; a reference photo that cannot
be enrolled is a miss for its person. Both are also counted apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.evaluation.bootstrap import person_weights
from lfr_engine.evaluation.interval import Measured, exactly
from lfr_engine.evaluation.operating_point import NEVER, OperatingPoint, Sampled, Scores, operating_point
from lfr_engine.evaluation.protocol import Protocol
from lfr_engine.evaluation.template_store import Kept

FPIR_TARGETS = (0.1, 0.03, 0.01, 0.003, 0.001)
DET_POINTS = 200
SMALLER_LISTS = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """What every search returned, one per person: the score of the mate (`NEVER` where there is none to find), the best score of
    anybody else, and for strangers the best score of all. `stranger_scores` float64[non-mated, N] has every single one."""

    mated_people: tuple[str, ...]
    nonmated_people: tuple[str, ...]
    enrolled_people: tuple[str, ...]
    mate: Scores
    best_other: Scores
    stranger_best: Scores
    stranger_scores: Scores


@dataclass(frozen=True, slots=True)
class DetPoint:
    """Both error rates at one threshold."""

    threshold: float
    fpir: float
    fnir: float


@dataclass(frozen=True, slots=True)
class ListSize:
    """One size of list, its people drawn by seed from those enrolled."""

    list_size: int
    points: tuple[OperatingPoint, ...]
    fpir_at_threshold: Measured
    fnir_at_threshold: Measured


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """The whole list's figures, the same for smaller lists drawn from it, and the failures counted apart."""

    searches: Searches
    threshold: float
    points: tuple[OperatingPoint, ...]
    fnir_at_threshold: Measured
    fpir_at_threshold: Measured
    rank_one: Measured
    det: tuple[DetPoint, ...]
    sizes: tuple[ListSize, ...]
    not_enrolled: Measured
    no_template: Measured

    @property
    def list_size(self) -> int:
        return len(self.searches.enrolled_people)


def identify(
    protocol: Protocol, references: Mapping[str, Kept], probes: Mapping[str, Kept], *, threshold: float, seed: int
) -> Identification:
    """Search everybody against the whole list. `references` and `probes` by photo name; `threshold` as the pipeline uses it."""
    searches = search(protocol, references, probes)
    people = len(searches.mated_people)
    misses = int((searches.mate < threshold).sum())
    first = (searches.mate > NEVER) & (searches.mate >= searches.best_other)
    probed = (*protocol.mated, *protocol.nonmated)
    return Identification(
        searches=searches,
        threshold=threshold,
        points=_points(searches, seed),
        fnir_at_threshold=exactly(misses, people),
        fpir_at_threshold=exactly(int((searches.stranger_best >= threshold).sum()), len(searches.nonmated_people)),
        rank_one=exactly(int(first.sum()), people),
        det=det_of(searches.mate, searches.stranger_best),
        sizes=tuple(_smaller(searches, size, threshold, seed) for size in SMALLER_LISTS if size < len(searches.enrolled_people)),
        not_enrolled=exactly(sum(references[photo.name].vector is None for photo in protocol.enrolled), len(protocol.enrolled)),
        no_template=exactly(sum(probes[photo.name].vector is None for photo in probed), len(probed)),
    )


def search(protocol: Protocol, references: Mapping[str, Kept], probes: Mapping[str, Kept]) -> Searches:
    """All scores, as float64 inner products of the float32 templates."""
    rows = _rows([references[photo.name] for photo in protocol.enrolled])
    place = {photo.person: number for number, photo in enumerate(protocol.enrolled)}
    mated = _scores(_rows([probes[photo.name] for photo in protocol.mated]), rows)
    mine = np.array([place[photo.person] for photo in protocol.mated])
    mate = mated[np.arange(len(mated)), mine].copy()
    mated[np.arange(len(mated)), mine] = NEVER
    strangers = _scores(_rows([probes[photo.name] for photo in protocol.nonmated]), rows)
    return Searches(
        mated_people=tuple(photo.person for photo in protocol.mated),
        nonmated_people=tuple(photo.person for photo in protocol.nonmated),
        enrolled_people=tuple(place),
        mate=mate,
        best_other=mated.max(axis=1),
        stranger_best=strangers.max(axis=1),
        stranger_scores=strangers,
    )


def _rows(kept: Sequence[Kept]) -> NDArray[np.float64]:
    """float64[n, dimension]; a row of nan where there is no template."""
    dimension = next((len(one.vector) for one in kept if one.vector is not None), 1)
    return np.stack([np.full(dimension, np.nan) if one.vector is None else one.vector.astype(np.float64) for one in kept])


def _scores(queries: NDArray[np.float64], rows: NDArray[np.float64]) -> Scores:
    if queries.shape[1] != rows.shape[1]:  # one side has no template at all
        return np.full((len(queries), len(rows)), NEVER)
    scores = queries @ rows.T
    scores[np.isnan(scores)] = NEVER
    return np.asarray(scores, np.float64)


def _points(searches: Searches, seed: int) -> tuple[OperatingPoint, ...]:
    mated = Sampled(searches.mate, person_weights(len(searches.mate), seed=seed), len(searches.mate))
    strangers = Sampled(searches.stranger_best, person_weights(len(searches.stranger_best), seed=seed + 1), len(searches.stranger_best))
    found = (operating_point(mated, strangers, target) for target in FPIR_TARGETS)
    return tuple(point for point in found if point is not None)


def _smaller(searches: Searches, size: int, threshold: float, seed: int) -> ListSize:
    """The same searches against `size` listed people, drawn once by seed: strangers meet all of them; of the mated, those listed."""
    chosen = np.sort(np.random.default_rng((seed, 13, size)).permutation(len(searches.enrolled_people))[:size])
    listed = {searches.enrolled_people[place] for place in chosen}
    kept = np.array([person in listed for person in searches.mated_people])
    part = Searches(
        mated_people=tuple(person for person in searches.mated_people if person in listed),
        nonmated_people=searches.nonmated_people,
        enrolled_people=tuple(searches.enrolled_people[place] for place in chosen),
        mate=searches.mate[kept],
        best_other=searches.best_other[kept],
        stranger_best=searches.stranger_scores[:, chosen].max(axis=1),
        stranger_scores=searches.stranger_scores[:, chosen],
    )
    return ListSize(
        list_size=size,
        points=_points(part, seed),
        fpir_at_threshold=exactly(int((part.stranger_best >= threshold).sum()), len(part.stranger_best)),
        fnir_at_threshold=exactly(int((part.mate < threshold).sum()), len(part.mate)),
    )


def det_of(mate: Scores, stranger_best: Scores) -> tuple[DetPoint, ...]:
    """The detection error trade-off, at most `DET_POINTS` points where FPIR changes, from the strictest threshold down."""
    every = np.unique(stranger_best[stranger_best > NEVER])[::-1]
    if not len(every):
        return ()
    chosen = every[np.unique(np.geomspace(1, len(every), DET_POINTS).astype(int)) - 1]  # evenly on the logarithmic axis
    return tuple(DetPoint(float(at), float((stranger_best >= at).mean()), float((mate < at).mean())) for at in chosen)
