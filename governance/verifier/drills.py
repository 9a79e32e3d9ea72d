"""A drill, drawn and counted again: the schedule from the authority's digest, the taps' signatures, recognised of walked.

Written apart from the program that runs drills, from its documents alone.
"""

import hashlib
import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .events import Event
from .intervals import beta_quantile
from .strict import Failed, as_datetime, base64_bytes, count, digest, exactly, hex32, names, text
from .unit_ledger import UnitDeployment

LEAST_WALKS = 30  # R78: no profile may ask for fewer
EARLY_S, WITHIN_S = 5, 120
_PLAN = frozenset({"walkers", "walks"})
_WALKER = frozenset({"walker_id", "entry_id", "leaf", "token"})
_FIGURES = names("walkers scheduled walked recognised outside_walks least_walks effective low high measured wording")


@dataclass(frozen=True, slots=True)
class Drill:
    """`tokens`: walker -> DER of their token's public key; `walks`: number -> (walker, when due), as drawn."""

    tokens: dict[str, bytes]
    walks: dict[int, tuple[str, str]]
    schedule: str


def read_drill(given: object, start: str, end: str, decision: str) -> Drill | None:
    """The drill of an authority, its walks drawn from the authority's digest. Raises Failed."""
    if given is None:
        return None
    plan = exactly(given, _PLAN, "the drill")
    rows = [exactly(each, _WALKER, "a walker") for each in plan["walkers"]] if isinstance(plan["walkers"], list) else []
    tokens = {text(row, "walker_id", 80): base64_bytes(text(row, "token", 300)) for row in rows}
    for row in rows:
        hex32(row, "leaf")
    wanted = count(plan, "walks")
    if not tokens or len(tokens) != len(rows) or not 1 <= wanted <= 500:
        raise Failed("the drill has no walkers, one of them twice, or a number of walks outside 1 to 500")
    span_ms = round((as_datetime(end) - as_datetime(start)).total_seconds() * 1000)
    order = sorted(tokens, key=lambda who: _drawn(decision, "walker " + who))
    drawn = [
        (as_datetime(start) + timedelta(milliseconds=_drawn(decision, f"time {place}") % span_ms), place, order[place % len(order)])
        for place in range(wanted)
    ]
    walks = {number: (who, _wire(at)) for number, (at, _, who) in enumerate(sorted(drawn), start=1)}
    lines = "".join(f"{number} {who} {due}\n" for number, (who, due) in walks.items())
    return Drill(tokens, walks, "sha256:" + hashlib.sha256(lines.encode()).hexdigest())


def check_drill(published: object, drill: Drill | None, unit: UnitDeployment) -> None:
    """The drill's events hold together and the published figures are theirs. Raises Failed."""
    scheduled = unit.events["drill.scheduled"]
    if drill is None:
        if scheduled or unit.events["drill.walked"] or unit.events["drill.recognised"] or published is not None:
            raise Failed("the unit ran a drill that no authority has")
        return
    if len(scheduled) != 1 or digest(scheduled[0].body, "schedule") != drill.schedule:
        raise Failed("the unit's ledger does not schedule, once, the walks that the authority draws")
    if any(started.index < scheduled[0].index for started in unit.events["matching.started"]):
        raise Failed("the drill was scheduled after matching had started")
    taps = _taps(drill, unit)
    walked, recognised, outside = _outcomes(drill, taps, unit.events["drill.recognised"])
    figures = exactly(published, _FIGURES, "the drill's figures")
    per_walker: dict[str, list[int]] = defaultdict(list)
    for number in walked:
        per_walker[drill.walks[number][0]].append(int(number in recognised))
    least = count(figures, "least_walks")
    wanted = {
        "walkers": len(drill.tokens),
        "scheduled": len(drill.walks),
        "walked": len(walked),
        "recognised": len(recognised),
        "outside_walks": outside,
        "measured": least >= LEAST_WALKS and len(walked) >= least and len(per_walker) >= 2,
    }
    for name, value in wanted.items():
        if figures[name] != value:
            raise Failed(f"{name} of the drill is published as {str(figures[name])[:40]}, the ledger gives {value}")
    for name, exact in zip(("effective", "low", "high"), _interval(list(per_walker.values())), strict=True):
        if not _close(text(figures, name, 40), exact):
            raise Failed(f"{name} of the drill is published as {figures[name]}, it is {exact:.6g}")


def _taps(drill: Drill, unit: UnitDeployment) -> dict[int, datetime]:
    """When each walk was tapped, every signature checked. Raises Failed."""
    taps: dict[int, datetime] = {}
    for event in unit.events["drill.walked"]:
        number = count(event.body, "walk")
        walk = drill.walks.get(number)
        if walk is None or walk[0] != text(event.body, "walker_id", 80) or number in taps:
            raise Failed(f"walk {number} was tapped twice, by another walker, or was never drawn")
        key = load_der_public_key(drill.tokens[walk[0]])
        signed = f"lawful-lfr/drill-tap/v1\n{event.deployment}\n{number}\n".encode()
        try:
            if not isinstance(key, Ed25519PublicKey):
                raise Failed(f"the token of {walk[0]} is not an Ed25519 key")
            key.verify(base64_bytes(text(event.body, "signature", 300)), signed)
        except InvalidSignature as error:
            raise Failed(f"walk {number} was not tapped with the token of {walk[0]}") from error
        taps[number] = as_datetime(event.at)
    return taps


def _outcomes(drill: Drill, taps: dict[int, datetime], seen: list[Event]) -> tuple[set[int], set[int], int]:
    """(walks made, walks recognised, recognitions that belong to no walk)."""
    recognised: set[int] = set()
    outside = 0
    for event in seen:
        walker = text(event.body, "walker_id", 80)
        if walker not in drill.tokens:
            raise Failed(f"{walker} was recognised, but is no walker of this drill")
        at = as_datetime(event.at)
        before = sorted((when, number) for number, when in taps.items() if drill.walks[number][0] == walker)
        own = [(when, number) for when, number in before if (when - at).total_seconds() <= EARLY_S]
        if own and (at - own[-1][0]).total_seconds() <= WITHIN_S:
            recognised.add(own[-1][1])
        else:
            outside += 1
    return set(taps), recognised, outside


def _interval(groups: list[list[int]]) -> tuple[float, float, float]:
    """(effective trials, low, high) of the mean of 0s and 1s in groups of one walker each (Korn and Graubard 1998)."""
    people, trials, events = len(groups), sum(map(len, groups)), sum(map(sum, groups))
    if not trials:
        return 0.0, 0.0, 1.0
    rate, effective = events / trials, float(people)
    if 0 < events < trials and people > 1:
        means = [(events - sum(group)) / (trials - len(group)) for group in groups]
        middle = sum(means) / people
        variance = (people - 1) / people * sum((mean - middle) ** 2 for mean in means)
        if variance > 0:
            wider = (_student(trials - 1) / _student(people - 1)) ** 2
            effective = min(float(trials), max(1.0, trials * rate * (1 - rate) / (trials - 1) / variance * wider))
    k = rate * effective
    low = 0.0 if events == 0 else beta_quantile(0.025, k, effective - k + 1)
    high = 1.0 if events == trials else beta_quantile(0.975, k + 1, effective - k)
    return effective, low, high


def _student(freedom: int) -> float:
    """The 97.5 % point of Student's t: T^2 / (T^2 + freedom) is beta distributed."""
    x = beta_quantile(0.05, freedom / 2, 0.5)
    return math.sqrt(freedom * (1 - x) / x)


def _close(written: str, exact: float) -> bool:
    try:
        return math.isclose(float(Decimal(written)), exact, rel_tol=5.01e-6, abs_tol=1e-9)
    except InvalidOperation:
        return False


def _drawn(decision: str, what: str) -> int:
    return int.from_bytes(hashlib.sha256(b"lawful-lfr/drill/v1\n" + f"{decision}\n{what}".encode()).digest()[:8], "big")


def _wire(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
