"""R55: recognition and outcomes by group, compared at every moment one looks, with small numbers suppressed. Pure.

Each group's rate gets an anytime-valid interval at alpha shared by all groups (Bonferroni). Two groups lie apart when their
intervals do not meet: that happens with a probability of at most alpha, ever, where the rates are truly equal. That it has
not happened is not said to mean that the groups are treated alike; the sentence says what could not be told (R76).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.monitors.sequence import interval
from lfr_engine.errors import BadInput

ALPHA = 0.05  # ours
SMALLEST = 5
"""Below this count nothing of a group is shown: a cell so small can point at one person (profile value small_count_suppress)."""


@dataclass(frozen=True, slots=True)
class GroupCount:
    """k of n in one group, e.g. recognised of walked past, or let go of stopped."""

    group: str
    k: int
    n: int


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group as it may be shown: without numbers where they are too small."""

    group: str
    k: int | None
    n: int | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Compared:
    """All groups of one attribute, and the pairs that lie apart."""

    lines: tuple[GroupLine, ...]
    apart: tuple[tuple[str, str], ...]

    @property
    def suppressed(self) -> int:
        return sum(line.n is None for line in self.lines)

    @property
    def breached(self) -> bool:
        return bool(self.apart)

    @property
    def wording(self) -> str:
        """What can be said and what cannot."""
        if self.apart:
            pairs = "; ".join(f"{lower} lower than {higher}" for lower, higher in self.apart)
            return f"the rates differ between groups: {pairs}"
        shown = [line for line in self.lines if line.n is not None]
        if len(shown) < 2:
            return "fewer than two groups are large enough to compare: nothing can be said"
        widest = max(line.high - line.low for line in shown)
        return f"no difference was found; one of up to {100 * widest:.0f} points could not have been"


def compare(counts: Sequence[GroupCount], alpha: float = ALPHA) -> Compared:
    """The groups of one attribute. Raises BadInput on a group named twice or counts that are none."""
    if len({one.group for one in counts}) != len(counts):
        raise BadInput("a group is named twice", next_step="add its counts up")
    for one in counts:
        if not 0 <= one.k <= one.n:
            raise BadInput(f"{one.k} of {one.n} in {one.group} is no count")
    shared = alpha / max(1, len(counts))
    lines = []
    for one in counts:
        small = one.n < SMALLEST
        low, high = (0.0, 1.0) if small else interval(one.k, one.n, shared)
        lines.append(GroupLine(one.group, None if small else one.k, None if small else one.n, low, high))
    apart = tuple((lower.group, higher.group) for lower in lines for higher in lines if lower.high < higher.low)
    return Compared(tuple(lines), apart)
