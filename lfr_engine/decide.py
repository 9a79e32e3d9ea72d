"""When the views of one passage make an alert: a pure rule over the similarities that each view reached.

A single frame can look like anybody: blur, a hand, two faces crossing. So an alert needs agreement: the same entry, at or
above the threshold, in at least `views` views of the passage, or in every view it has when the passage ends with fewer. How
many is a fact of the pack, chosen with its threshold (docs/performance.md). One alert per passage and entry (R43).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lfr_engine.values import Candidate


@dataclass(frozen=True, slots=True)
class Agreement:
    """`views` that must agree on one entry; part of the pipeline digest."""

    views: int


@dataclass(slots=True)
class Verdicts:
    """What the views of one passage said so far, and for whom an alert has been due already (one per passage and entry)."""

    rule: Agreement
    views: int = 0
    reached: dict[str, list[float]] = field(default_factory=dict)
    alerted: set[str] = field(default_factory=set)

    def add(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Take the candidates of one more view; those for whom an alert is due now, best first, at their best similarity."""
        self.views += 1
        for candidate in candidates:
            self.reached.setdefault(candidate.entry_id, []).append(candidate.similarity)
        return self._due(self.rule.views)

    def finish(self) -> tuple[Candidate, ...]:
        """The passage is over: with fewer views than the rule asks for, all of them must agree."""
        return self._due(self.views) if 0 < self.views < self.rule.views else ()

    def _due(self, needed: int) -> tuple[Candidate, ...]:
        due = [
            Candidate(entry, max(similarities))
            for entry, similarities in self.reached.items()
            if entry not in self.alerted and len(similarities) >= needed
        ]
        self.alerted.update(candidate.entry_id for candidate in due)
        return tuple(sorted(due, key=lambda candidate: (-candidate.similarity, candidate.entry_id)))
