"""Entries of a list that others easily reach, who would cause much of the trouble: a finding for the officer (R24, R26, R27)."""

from collections.abc import Iterator
from dataclasses import dataclass

from governance.rules.finding import Finding, Level

SOURCE = "Doddington et al. 1998: lambs; College APP (S3): suitable image"


@dataclass(frozen=True, slots=True)
class ListRisk:
    """`lambs` of `entries` lie closer to strangers than 98 of 100 people of the background do."""

    entries: int
    lambs: int

    def findings(self) -> Iterator[Finding]:
        if not self.lambs:
            yield Finding("R24", Level.MET, f"none of {self.entries} entries is easily mistaken for other people", SOURCE)
            return
        some = "1 entry is" if self.lambs == 1 else f"{self.lambs} of {self.entries} entries are"
        text = (
            f"{some} easily mistaken for other people: such entries cause many times their share of false alerts. "
            "Better photos are needed, or a reason to list them all the same"
        )
        yield Finding("R24", Level.WARNS, text, SOURCE, "who")
