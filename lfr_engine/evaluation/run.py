"""What every evaluation says about itself, and the digest that names its result.

The digest covers every figure and everything that produced it; it leaves out how long the run took and under which plan it was
registered, so that the same material, pipeline and seed give the same digest on every run.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from lfr_engine.packs.store import OpenPack

_OUTSIDE = ("seconds", "registered", "result_digest")
DIGITS = 9  # of every figure in a result: beyond them, machines differ

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Which test ran on what: `data` names each part of the material and its digest."""

    test: str
    pack: str
    pack_digest: str
    pipeline_digest: str
    data: Mapping[str, str]
    seed: int
    threshold: str


def facts_of(test: str, pack: OpenPack, data: Mapping[str, str], *, seed: int, threshold: str) -> RunFacts:
    """The facts of a run that is about to begin."""
    return RunFacts(test, pack.manifest.name, pack.pack_digest, pack.pipeline_digest, dict(data), seed, threshold)


def result_json(facts: RunFacts, figures: Mapping[str, object], *, registered: object, seconds: float) -> Json:
    """The whole result: facts, figures, and the digest over both."""
    whole: Json = {
        "test": facts.test,
        "pack": facts.pack,
        "pack_digest": facts.pack_digest,
        "pipeline_digest": facts.pipeline_digest,
        "data": dict(facts.data),
        "seed": facts.seed,
        "threshold": facts.threshold,
        **figures,
    }
    rounded = _rounded(whole)
    if not isinstance(rounded, dict):
        raise TypeError("a result is a JSON object")
    return {**rounded, "result_digest": result_digest(rounded), "registered": registered, "seconds": round(seconds, 1)}


def result_digest(result: Mapping[str, object]) -> str:
    """`sha256:<hex>` over a result as sorted JSON, without the parts that differ from run to run."""
    kept = {name: value for name, value in result.items() if name not in _OUTSIDE}
    return "sha256:" + hashlib.sha256(json.dumps(kept, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()).hexdigest()


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _rounded(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return value
