"""One pipeline of the model register, as the ledger has it so far."""

from dataclasses import dataclass, field

CUMULATIVE = ("reviews", "passages", "false_alerts", "undecided")


@dataclass(slots=True)
class Pipeline:
    """One version as the ledger has it: (entry, state) in order, what its review still needs, whether a review is owed,
    how many reviews of its monitor were cleared, those of the version before it included, and whether one is open.
    `monitored` holds (entry, counts in the order of `CUMULATIVE`) for every time the monitor was told."""

    model: str
    predecessor: str | None
    states: list[tuple[int, str]]
    needs: set[str] = field(default_factory=set)
    owed_since: int | None = None
    reviews: int = 0
    monitor_review: bool = False
    monitored: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    @property
    def state(self) -> str:
        return self.states[-1][1]

    def at(self, index: int) -> str:
        """The state when entry `index` was written."""
        return next((state for entry, state in reversed(self.states) if entry < index), "not registered")
