"""A drill in an export: the honest one holds, and each way of dressing it up is found by name (R30, R74, R78)."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from governance import events
from governance.drill_figures import drill_figures
from governance.drills import Walk, draw, schedule_digest, tap_bytes
from governance.figures import count
from governance.messages.authority import DrillPlan, DrillWalker
from governance.messages.record import DrillFigures
from governance.verifier.evidence import Trust
from governance.verifier.notes import WITNESS_KEY, parse_vkey
from governance.verifier.report import Report
from governance.verifier.roster import root_keys
from governance.verifier.verification import verify_export
from lfr_engine.clock import format_utc, parse_utc
from tests.export_world import DEPLOYMENT, ExportWorld
from watchlist.sealing.keys import SigningKey

WALKERS = ("w-1", "w-2", "w-3", "w-4")
MISSED = frozenset({3, 7, 8, 15, 21, 30})
NOT_MADE = frozenset({12})


@dataclass
class DrillWorld(ExportWorld):
    """Four members of staff, 36 walks; some are missed, one is never made, one recognition belongs to no walk."""

    walks: int = 36
    not_made: frozenset[int] = NOT_MADE
    figures: dict[str, Any] = field(default_factory=dict)
    schedule: Callable[[tuple[Walk, ...]], str] = schedule_digest
    signer: Callable[[str], str] = lambda walker: walker
    scheduled: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tokens = {walker: SigningKey.generate() for walker in WALKERS}
        walkers = tuple(
            DrillWalker(walker_id=walker, entry_id=f"blue-{walker}", leaf=f"{number:064x}", token=self.tokens[walker].public.text)
            for number, walker in enumerate(WALKERS, start=77)
        )
        self.changes.setdefault("authority", {})["drill"] = DrillPlan(walkers=walkers, walks=self.walks)

    def match(self) -> None:
        window = self.document.window
        drawn = draw(self.decision, WALKERS, self.walks, parse_utc(window.start), parse_utc(window.end))
        if self.scheduled:
            self.unit("10:00:00", events.DrillScheduled(schedule=self.schedule(drawn), walks=len(drawn), walkers=len(WALKERS)))
        for walk in drawn:
            if walk.number in self.not_made:
                continue
            signature = self.tokens[self.signer(walk.walker_id)].private.sign(tap_bytes(DEPLOYMENT, walk.number))
            tapped = events.DrillWalked(
                walk=walk.number, walker_id=walk.walker_id, signature=base64.b64encode(signature).decode(), scripted=False
            )
            self.extra_unit_events.append((walk.due_at[11:23], tapped))
            if walk.number not in MISSED:
                seen_at = format_utc(parse_utc(walk.due_at) + timedelta(seconds=7))
                self.extra_unit_events.append((seen_at[11:23], events.DrillRecognised(walker_id=walk.walker_id, camera_id="camera-1")))
        super().match()

    def publish(self) -> None:
        with Session(self.engine) as session:
            entries = list(self.unit_log.entries(session, 0, self.unit_log.size(session)))
        found = count(entries, DEPLOYMENT)
        if self.scheduled and self.schedule is schedule_digest:
            drill = drill_figures(self.document, self.decision, found, least_walks=30)
            assert drill is not None
            self.honest = drill
            self.changes["record"] = {"drill": drill.model_copy(update=self.figures)}
        super().publish()


def verified(world: ExportWorld) -> Report:
    world.build()
    root, witness = world.key_files()
    return verify_export(
        world.export, Trust(roots=root_keys(root.read_text()), witnesses=[parse_vkey(witness.read_text(), kind=WITNESS_KEY)])
    )


def failures(report: Report) -> list[str]:
    return [what for subject in report.subjects.values() for what, _ in subject.failures]


def test_an_honest_drill_holds_and_its_rate_is_clustered_by_walker(tmp_path: Path) -> None:
    world = DrillWorld(tmp_path)
    assert failures(verified(world)) == []
    drill = world.honest
    assert (drill.scheduled, drill.walked, drill.measured) == (36, 35, True)
    # The draw differs from run to run: of two walks of one walker seconds apart, a recognition belongs to the later.
    assert drill.walked - drill.recognised <= len(MISSED) + 3
    assert "clustered by person" in drill.wording
    assert "1 of 36 scheduled walks were not made" in drill.wording
    assert float(drill.low) < drill.recognised / drill.walked < float(drill.high)


def test_below_the_minimum_it_says_not_measured(tmp_path: Path) -> None:
    world = DrillWorld(tmp_path, walks=29, not_made=frozenset())
    assert failures(verified(world)) == []
    assert world.honest.measured is False
    assert "not measured" in world.honest.wording


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "a walk that failed is left out": ({"figures": {"walked": 34}}, "walked of the drill is published as 34"),
    "one recognition more": ({"figures": {"recognised": 35}}, "recognised of the drill is published as 35"),
    "a better lower bound": ({"figures": {"low": "0.9"}}, "low of the drill is published as 0.9"),
    "measured with a lower minimum": (
        {"figures": {"least_walks": 5}, "walks": 20, "not_made": frozenset()},
        "measured of the drill",
    ),
    "no figures at all": ({"figures": None}, "the drill's figures"),
    "another schedule than the authority draws": ({"schedule": lambda _: "sha256:" + "00" * 32}, "does not schedule, once, the walks"),
    "no schedule in the ledger": ({"scheduled": False}, "does not schedule, once, the walks"),
    "somebody else's token taps": ({"signer": lambda walker: "w-2" if walker == "w-1" else walker}, "was not tapped with the token of w-1"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_drill_that_was_dressed_up_is_found(tmp_path: Path, lie: str) -> None:
    changes, found = LIES[lie]
    if changes.get("figures", ...) is None:
        world = DrillWorld(tmp_path)
        publish = ExportWorld.publish
        world.publish = lambda: publish(world)  # type: ignore[method-assign]
    else:
        world = DrillWorld(tmp_path, **changes)
        if lie == "measured with a lower minimum":
            world.figures = {"least_walks": 5, "measured": True}
    assert any(found in failure for failure in failures(verified(world)))


def test_a_walk_that_was_never_drawn_and_a_drill_without_an_authority_are_found(tmp_path: Path) -> None:
    extra = events.DrillWalked(walk=99, walker_id="w-1", signature="A" * 86 + "==", scripted=False)
    world = DrillWorld(tmp_path / "extra")
    world.extra_unit_events.append(("15:59:00", extra))
    assert any("was never drawn" in failure for failure in failures(verified(world)))
    plain = ExportWorld(tmp_path / "plain")
    plain.extra_unit_events.append(("11:00:00", events.DrillRecognised(walker_id="w-1", camera_id="camera-1")))
    assert any("a drill that no authority has" in failure for failure in failures(verified(plain)))


def test_a_blue_recognition_is_never_an_alert_in_the_figures(tmp_path: Path) -> None:
    world = DrillWorld(tmp_path)
    verified(world)
    assert (world.record.alerts, world.record.true_alerts, world.record.false_alerts) == (5, 1, 2)
    assert isinstance(world.record.drill, DrillFigures)
