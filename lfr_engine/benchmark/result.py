"""What a benchmark says: rows with a ratio and what it must reach, as JSON, as a table and as pictures."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lfr_engine.benchmark.machine import Machine
from lfr_engine.chart import Bar, bar_chart

Value = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `ratio` is how many times better ours is (median over rounds; `low` and `high` the range seen), None
    where it was not measured and `note` says why. `at_least` and `aim` are in the unit of `ratio`; for a work whose figure is no
    ratio (`unit` says of what), `smaller_is_better` turns the comparison round."""

    work: str
    against: str
    ratio: float | None
    low: float | None = None
    high: float | None = None
    at_least: float | None = None
    aim: float | None = None
    unit: str = "x"
    smaller_is_better: bool = False
    ours: Mapping[str, Value] = field(default_factory=dict)
    other: Mapping[str, Value] = field(default_factory=dict)
    note: str = ""

    @property
    def verdict(self) -> str:
        """`aim`, `reached`, `missed`, `no target` or `not measured`."""
        if self.ratio is None:
            return "not measured"
        if self.aim is not None and self._as_good_as(self.aim):
            return "aim"
        if self.at_least is None:
            return "no target"
        return "reached" if self._as_good_as(self.at_least) else "missed"

    def _as_good_as(self, target: float) -> bool:
        ratio = self.ratio if self.ratio is not None else float("nan")
        return ratio <= target if self.smaller_is_better else ratio >= target

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "verdict": self.verdict}


@dataclass(frozen=True, slots=True)
class Report:
    """Rows and where they were measured."""

    rows: tuple[Row, ...]
    machine: Machine

    def as_json(self) -> dict[str, object]:
        return {"machine": self.machine.as_json(), "rows": [row.as_json() for row in self.rows]}

    def as_table(self) -> str:
        """One line for each row: ratio, range, targets, verdict; then both sides' figures."""
        lines = []
        for row in self.rows:
            figure = "-" if row.ratio is None else f"{row.ratio:.4g}{row.unit}"
            between = f" ({row.low:.4g} to {row.high:.4g})" if row.low is not None and row.high is not None else ""
            wanted = ", ".join(
                f"{word} {target:g}{row.unit}" for word, target in (("at least", row.at_least), ("aim", row.aim)) if target is not None
            )
            wanted = wanted.replace("at least", "at most") if row.smaller_is_better else wanted
            lines.append(f"{row.verdict:<12}  {figure}{between}  {row.work}  against {row.against}" + (f"  [{wanted}]" if wanted else ""))
            lines += [f"              {name}: {_facts(facts)}" for name, facts in (("ours ", row.ours), ("other", row.other)) if facts]
            lines += [f"              {row.note}"] if row.note else []
        return "\n".join(lines)

    def write_plots(self, folder: Path) -> list[Path]:
        """One SVG for each measured row: the ratio beside its targets."""
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for number, row in enumerate(self.rows):
            if row.ratio is None:
                continue
            marks = [(target, word) for word, target in (("asked", row.at_least), ("aim", row.aim)) if target is not None]
            picture = bar_chart(
                [Bar("measured", row.ratio, row.low, row.high)],
                title=row.work,
                alt=f"{row.work}: {row.ratio:.4g}{row.unit} against {row.against}; {row.verdict}",
                value_label=f"{row.unit} against {row.against}",
                marks=marks,
            )
            name = re.sub(r"[^a-z0-9]+", "-", row.work.lower()).strip("-")[:60]
            path = folder / f"{number + 1:02d}-{name}.svg"
            path.write_text(picture, "utf-8")
            written.append(path)
        return written


def _facts(facts: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in facts.items())
