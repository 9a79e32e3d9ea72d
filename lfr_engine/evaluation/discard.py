"""Does a quality measure foretell misses? Error-versus-discard characteristics (ISO/IEC 29794-1; Grother and Tabassi 2007).

Mated comparisons are sorted by a measure of the probe and the worst discarded step by step: a measure that foretells misses
makes the rate of what is left fall quickly; one that does not leaves it level. Press photos are too good to learn a gate from,
so each probe is also compared in copies that are made worse the way a street makes them worse, each kind known by its name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.material import Photo
from lfr_engine.evaluation.operating_point import NEVER
from lfr_engine.evaluation.stills import Say, meant_face
from lfr_engine.evaluation.template_store import Kept
from lfr_engine.image import decode_photo, encode_jpeg, resize, soften
from lfr_engine.packs.store import OpenPack
from lfr_engine.quality import measure
from lfr_engine.quality_components import components
from lfr_engine.values import Image

FRACTIONS = tuple(round(0.02 * step, 2) for step in range(26))  # discard up to half
LOWER_IS_BETTER = frozenset({"pose: yaw", "pose: pitch", "pose: roll", "under-exposure", "over-exposure"})
SCORE = "score of the pipeline"


@dataclass(frozen=True, slots=True)
class ProbeTrial:
    """One mated comparison: who, how the probe was made worse, how alike it was, and what each measure said of the probe."""

    person: str
    worsened: str
    similarity: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Discard:
    """One measure's curve: FNMR of what is left after discarding `fractions`, and the area under it up to 20 % (lower is better)
    as a share of the area that discarding at random leaves."""

    measure: str
    fnmr: tuple[float, ...]
    area: float


def worsened(image: Image, rng: np.random.Generator) -> dict[str, Image]:
    """Copies of a photo as a street would give them: farther away, out of focus, moving, dark, glaring, half covered."""
    height, width = image.shape[:2]
    small = rng.uniform(0.10, 0.40)
    away = np.full_like(image, image.mean(axis=(0, 1)).astype(np.uint8))
    part = resize(image, max(8, round(width * small)), max(8, round(height * small)))
    y, x = (height - part.shape[0]) // 2, (width - part.shape[1]) // 2
    away[y : y + part.shape[0], x : x + part.shape[1]] = part
    top = round(height * rng.uniform(0.52, 0.60))
    masked = image.copy()
    masked[top : round(height * 0.80), round(width * 0.28) : round(width * 0.72)] = rng.integers(60, 200)
    light, dark = image.astype(np.float32), image.astype(np.float32)
    return {
        "as it was": image,
        "far away": away,
        "out of focus": soften(image, *(2 * [float(rng.uniform(1.5, 5.0))])),
        "moving": soften(image, float(rng.uniform(3.0, 9.0)), 0.6),
        "dark": np.clip(dark * rng.uniform(0.05, 0.35) + rng.normal(0, 6, dark.shape), 0, 255).astype(np.uint8),
        "glaring": np.clip(light * rng.uniform(1.4, 2.6) + 30, 0, 255).astype(np.uint8),
        "covered below the nose": masked,
    }


def probe_trials(references: Mapping[str, Kept], probes: Sequence[Photo], pack: OpenPack, *, seed: int, say: Say) -> list[ProbeTrial]:
    """Every probe in every condition against the reference of its person. A probe without a face is a miss at the lowest score."""
    rng = np.random.default_rng((seed, 45))
    trials = []
    for number, photo in enumerate(probes, start=1):
        reference = references[photo.person].vector
        if reference is None:
            continue
        for name, image in worsened(decode_photo(photo.path.read_bytes()), rng).items():
            image = decode_photo(encode_jpeg(image, 80))
            face = meant_face(image, pack)
            if face is None:
                trials.append(ProbeTrial(photo.person, name, NEVER, {}))
                continue
            similarity = float(pack.embedder.embed(image, [face])[0] @ reference)
            values = {one.name: one.value for one in components(image, face)} | {SCORE: measure(image, face).score}
            trials.append(ProbeTrial(photo.person, name, similarity, values))
        if number % 50 == 0:
            say(f"{number} of {len(probes)} probes")
    if not trials:
        raise BadInput("nobody could be compared", next_step="give people with two photos each")
    return trials


def curve(trials: Sequence[ProbeTrial], name: str, threshold: float) -> Discard:
    """The characteristic of one measure at a threshold, over the probes in which a face was found."""
    found = [trial for trial in trials if name in trial.values]
    worth = np.array([trial.values[name] for trial in found]) * (-1 if name in LOWER_IS_BETTER else 1)
    missed = np.array([trial.similarity < threshold for trial in found])[np.argsort(worth, kind="stable")]
    rates = tuple(float(missed[round(fraction * len(missed)) :].mean()) for fraction in FRACTIONS)
    to_fifth = [rate for rate, fraction in zip(rates, FRACTIONS, strict=True) if fraction <= 0.2]
    return Discard(name, rates, float(np.mean(to_fifth)) / rates[0] if rates[0] > 0 else 1.0)


def best_possible(trials: Sequence[ProbeTrial], threshold: float) -> tuple[float, ...]:
    """What a measure would leave that knew every miss beforehand: the floor of all curves."""
    missed = np.sort(np.array([trial.similarity < threshold for trial in trials if trial.values]))[::-1]
    return tuple(float(missed[round(fraction * len(missed)) :].mean()) for fraction in FRACTIONS)


def at_limit(trials: Sequence[ProbeTrial], name: str, limit: float, threshold: float) -> tuple[int, int, int, int]:
    """(refused, of them missed anyway, kept, of them missed) with a limit on one measure."""
    found = [trial for trial in trials if name in trial.values]
    kept: Callable[[float], bool] = (lambda value: value <= limit) if name in LOWER_IS_BETTER else (lambda value: value >= limit)
    inside = np.array([kept(trial.values[name]) for trial in found])
    missed: NDArray[np.bool_] = np.array([trial.similarity < threshold for trial in found])
    return int((~inside).sum()), int((missed & ~inside).sum()), int(inside.sum()), int((missed & inside).sum())
