"""Scores to calibrate on: of still photos, or of whole passages through the pipeline on rehearsal clips.

A passage's score for an entry is the highest threshold at which one of its tracks would have raised the alert. Everybody who
walks is a non-mated search against everybody else on the list: their own entry is taken out for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.calibration import NonMated
from lfr_engine.evaluation.clips import rehearsal_looks, rehearsal_walks, run_clip
from lfr_engine.evaluation.crowd import Crowd
from lfr_engine.evaluation.operating_point import NEVER
from lfr_engine.evaluation.passages import ObservedClip, passage_score
from lfr_engine.evaluation.protocol import Protocol
from lfr_engine.evaluation.stills import Say
from lfr_engine.evaluation.template_store import Kept
from lfr_engine.packs.store import OpenPack
from lfr_engine.values import Floats


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationScores:
    """Non-mated searches against `entry_people`; mated scores of the own entry, one per search; how many trials of each kind
    gave no template at all."""

    non_mated: NonMated
    entry_people: tuple[str, ...]
    mated: tuple[float, ...]
    mated_people: tuple[str, ...]
    what: str


def still_scores(protocol: Protocol, references: Mapping[str, Kept], probes: Mapping[str, Kept], dimension: int) -> CalibrationScores:
    """One photo per search. A reference that could not be enrolled is no entry, and its person is missed."""
    enrolled = [photo for photo in protocol.enrolled if references[photo.name].vector is not None]
    rows = _rows([references[photo.name] for photo in enrolled], dimension)
    if not enrolled or not protocol.nonmated:
        raise BadInput("nobody could be enrolled, or nobody is searched for without being enrolled", next_step="give more people")
    strangers = _scores(_rows([probes[photo.name] for photo in protocol.nonmated], dimension), rows)
    entry_of = {photo.person: place for place, photo in enumerate(enrolled)}
    own = _scores(_rows([probes[photo.name] for photo in protocol.mated], dimension), rows)
    mated = tuple(
        float(own[place, entry_of[photo.person]]) if photo.person in entry_of else NEVER for place, photo in enumerate(protocol.mated)
    )
    return CalibrationScores(
        NonMated(strangers, tuple(photo.person for photo in protocol.nonmated)),
        tuple(entry_of),
        mated,
        tuple(photo.person for photo in protocol.mated),
        "photos",
    )


def passage_scores(
    crowds: Sequence[Crowd], references: Mapping[str, Kept], pack: OpenPack, threshold: float, say: Say
) -> CalibrationScores:
    """Every true passage of the clips. The pipeline runs with everybody enrolled who is not an unlisted walker of the clip."""
    enrolled = {person: kept.vector for person, kept in references.items() if kept.vector is not None}
    people = tuple(enrolled)
    entry_of = {person: place for place, person in enumerate(people)}
    rows = np.stack(list(enrolled.values())) if enrolled else np.empty((0, pack.dimension), np.float32)
    if not len(rows):
        raise BadInput("nobody could be enrolled", next_step="use photos that show one face from the front")
    others: list[Floats] = []
    searched: list[str] = []
    mated: list[float] = []
    mated_people: list[str] = []
    for number, crowd in enumerate(crowds, start=1):
        strangers = {walker.person for walker in crowd.spec.walkers if walker.person not in crowd.listed}
        listed = {person: kept for person, kept in references.items() if person not in strangers}
        observed = run_clip(rehearsal_looks(crowd), rehearsal_walks(crowd), listed, pack, threshold)
        for person, is_listed, scores in _passages(observed, rows, pack.manifest.threshold.views):
            if is_listed:
                mated.append(float(scores[entry_of[person]]) if person in entry_of else NEVER)
                mated_people.append(person)
            if person in entry_of:
                scores[entry_of[person]] = NEVER
            others.append(scores)
            searched.append(person)
        say(f"clip {number} of {len(crowds)}: {len(searched)} passages, {len(mated)} of them listed")
    return CalibrationScores(NonMated(np.stack(others), tuple(searched)), people, tuple(mated), tuple(mated_people), "passages")


def _passages(observed: ObservedClip, rows: Floats, views: int) -> list[tuple[str, bool, Floats]]:
    """(person, listed, score against every entry) of each true passage; one that was never embedded reaches nobody."""
    best = {passage: np.full(len(rows), NEVER, np.float32) for passage in observed.truth.walks}
    for track in observed.tracks:
        if track.passage is not None and len(track.rows):
            scores = passage_score(track.rows, rows, views).astype(np.float32)
            best[track.passage] = np.maximum(best[track.passage], scores)
    return [(walk.person, walk.listed, best[passage]) for passage, walk in observed.truth.walks.items()]


def _rows(kept: Sequence[Kept], dimension: int) -> Floats:
    """One row per photo; zeros where it gave no template."""
    return np.stack([np.zeros(dimension, np.float32) if one.vector is None else one.vector for one in kept])


def _scores(searches: Floats, entries: Floats) -> Floats:
    scores = searches @ entries.T
    scores[~searches.any(axis=1)] = NEVER
    return scores
