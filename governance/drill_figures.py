"""What a drill showed: recognised of walked, with an interval clustered by walker, or "not measured" (R30, R78, R101). Pure."""

from governance.drills import draw, outcomes, schedule_digest
from governance.figures import Figures
from governance.intervals import decimal, percent
from governance.messages.authority import Authority
from governance.messages.record import DrillFigures
from lfr_engine.clock import parse_utc
from lfr_engine.errors import VerificationFailed
from lfr_engine.evaluation.clustered import clustered_rate

LEAST_WALKERS = 2  # with one walker nothing can be said of anybody else


def drill_figures(authority: Authority, decision: str, figures: Figures, *, least_walks: int) -> DrillFigures | None:
    """None where the authority has no drill. Raises VerificationFailed (R30) where the unit scheduled something else."""
    plan = authority.drill
    if plan is None:
        return None
    window = parse_utc(authority.window.start), parse_utc(authority.window.end)
    walks = draw(decision, [walker.walker_id for walker in plan.walkers], plan.walks, *window)
    if figures.schedule != schedule_digest(walks):
        raise VerificationFailed("the unit's ledger does not schedule the walks that the authority draws", rule_ids=("R30", "R78"))
    found, outside = outcomes(walks, figures.taps, figures.recognitions)
    walked = [one for one in found if one.walked]
    recognised = sum(one.recognised for one in walked)
    rate = clustered_rate([float(one.recognised) for one in walked], [one.walker_id for one in walked])
    measured = len(walked) >= least_walks and rate.people >= LEAST_WALKERS
    return DrillFigures(
        walkers=len(plan.walkers),
        scheduled=len(walks),
        walked=len(walked),
        recognised=recognised,
        outside_walks=outside,
        least_walks=least_walks,
        effective=decimal(rate.effective),
        low=decimal(rate.low),
        high=decimal(rate.high),
        measured=measured,
        wording=_words(len(walks), len(walked), recognised, rate.people, rate.low, rate.high, measured, least_walks),
    )


def _words(scheduled: int, walked: int, recognised: int, people: int, low: float, high: float, measured: bool, least_walks: int) -> str:
    missing = f"; {scheduled - walked} of {scheduled} scheduled walks were not made" if walked < scheduled else ""
    if not measured:
        needed = f"at least {least_walks} by {LEAST_WALKERS} are needed"
        return f"recognition of staff: not measured ({walked} walks by {people} people, {needed})"
    return (
        f"{recognised} of {walked} walks by {people} members of staff were recognised: {percent(recognised / walked)}, "
        f"between {percent(low)} and {percent(high)} (95 %, clustered by person){missing}"
    )
