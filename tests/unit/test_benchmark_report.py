"""A benchmark says both sides, its target and whether it was met; what was not measured is never met."""

import dataclasses
import json
import time
from pathlib import Path

import pytest

from lfr_engine.benchmark.machine import this_machine
from lfr_engine.benchmark.material import material_in
from lfr_engine.benchmark.paired import Paired, paired
from lfr_engine.benchmark.result import Report, Row

ROW = Row("search", "the plain way", 12.0, 10.0, 14.0, at_least=10, aim=30, ours={"seconds": 0.1}, other={"seconds": 1.2})


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (ROW, "reached"),
        (dataclasses.replace(ROW, ratio=30.0), "aim"),
        (dataclasses.replace(ROW, ratio=9.99), "missed"),
        (dataclasses.replace(ROW, ratio=None, note="no material"), "not measured"),
        (dataclasses.replace(ROW, at_least=None, aim=None), "no target"),
        (Row("memory", "its start", 1.2, at_least=2.0, aim=1.0, unit="%", smaller_is_better=True), "reached"),
        (Row("memory", "its start", 2.1, at_least=2.0, aim=1.0, unit="%", smaller_is_better=True), "missed"),
        (Row("memory", "its start", float("nan"), at_least=2.0, unit="%", smaller_is_better=True), "missed"),
    ],
)
def test_a_row_is_judged_by_its_target_and_never_met_unmeasured(row: Row, verdict: str) -> None:
    assert row.verdict == verdict


def test_both_sides_are_run_in_turns_and_the_first_round_is_not_counted() -> None:
    order: list[str] = []
    timed = paired(lambda: order.append("ours"), lambda: order.append("other"), rounds=3)
    assert order == ["ours", "other", "other", "ours"] * 2
    assert len(timed.ours_s) == len(timed.other_s) == 3


def test_the_ratio_is_the_median_of_rounds_with_the_range_seen() -> None:
    timed = Paired((1.0, 2.0, 1.0), (3.0, 4.0, 10.0))
    assert (timed.ratio, timed.low, timed.high) == (3.0, 2.0, 10.0)


def test_a_slower_side_is_seen_as_slower() -> None:
    timed = paired(lambda: None, lambda: time.sleep(0.002), rounds=3)
    assert timed.low > 1


def test_the_report_holds_both_sides_the_targets_and_the_machine(tmp_path: Path) -> None:
    report = Report((ROW, dataclasses.replace(ROW, ratio=None, note="no material")), this_machine())
    written = json.loads(json.dumps(report.as_json()))
    assert written["rows"][0]["ours"] == {"seconds": 0.1}
    assert written["rows"][0]["verdict"] == "reached"
    assert written["machine"]["cores"] >= 1
    assert any(name.startswith("onnxruntime ") for name in written["machine"]["packages"])
    assert "at least 10x, aim 30x" in report.as_table()
    assert "no material" in report.as_table()
    pictures = report.write_plots(tmp_path / "plots")
    assert [path.name for path in pictures] == ["01-search.svg"]


def test_without_material_its_parts_are_missing_not_guessed(tmp_path: Path) -> None:
    material = material_in(tmp_path, tmp_path / "packs")
    assert (material.faces, material.crowd, material.pack("insightface-sc")) == (None, None, None)
