"""A drill on the unit: sealed apart, scheduled before, tapped with one's own token, and never an alert (R30, R78, R101)."""

import base64
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.drills import Walk, draw, schedule_digest
from governance.events import DrillRecognised, DrillScheduled, DrillWalked
from lfr_engine.clock import parse_utc
from lfr_engine.errors import BadInput, Refused
from lfr_engine.wire import Message
from mobile_unit.gate.passing import gate
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from mobile_unit.runtime.drill import scheduled, tap
from mobile_unit.runtime.hearing import Hearing
from mobile_unit.runtime.live import Live
from tests.unit_van import Van, ledger, make_van, types
from tests.unit_world import CAMERA, DEPLOYMENT, PACK, World, drill_of, walker
from watchlist.blue import BluePerson
from watchlist.entry import new_nonce
from watchlist.sealing.keys import SigningKey

TOKENS = [SigningKey.generate() for _ in range(2)]


def blue(pack_digest: str = PACK) -> list[BluePerson]:
    return [walker(number, pack_digest, token) for number, token in enumerate(TOKENS)]


@pytest.fixture(scope="module")
def van(tmp_path_factory: pytest.TempPathFactory) -> Van:
    made = make_van(tmp_path_factory.mktemp("drill"))
    made.world.blue = blue(made.world.pack_digest)
    with made.journal() as journal:
        made.prepare(journal)
    return made


@pytest.fixture(scope="module")
def drilled(van: Van) -> Iterator[JournalClient]:
    """Scheduled, matching."""
    with van.journal() as journal:
        ready = van.check(journal)
        journal.ask(scheduled(ready.passed.authority.body, ready.passed.decision), answers.Done)
        van.start(journal)
        yield journal


def walks_of(journal: JournalClient, who: str) -> list[int]:
    seen = journal.ask(asking.LookAtDrill(deployment_id=DEPLOYMENT), answers.DrillSeen).walks
    return [walk.number for walk in seen if walk.walker_id == who and walk.tapped_at is None]


def test_the_gate_gives_the_staff_apart_from_the_people_of_interest() -> None:
    case = World(blue=blue()).case()
    passed = gate(case.presented, case.remembered, case.measured, case.confirmed)
    assert [person.entry.walker_id for person in passed.blue] == ["w-0", "w-1"]
    assert {person.entry.entry_id for person in passed.people} == {"entry-0", "entry-1", "entry-2"}


def lies() -> dict[str, World]:
    """Sealed otherwise than the officer approved."""
    approved = drill_of(blue())
    stranger = BluePerson(blue()[0].content, new_nonce(), blue()[0].template)
    return {
        "nobody was sealed": World(authority={"drill": approved}),
        "somebody else was sealed": World(blue=[stranger], authority={"drill": approved}),
        "staff without an approved drill": World(blue=blue(), authority={"drill": None}),
        "a template exchanged": World(blue=[BluePerson(one.content, one.nonce, blue()[0].template) for one in blue()]),
    }


@pytest.mark.parametrize("lie", lies())
def test_other_staff_than_the_officer_approved_are_refused(lie: str) -> None:
    world = lies()[lie]
    case = world.case()
    with pytest.raises(Refused) as refused:
        gate(case.presented, case.remembered, case.measured, case.confirmed)
    assert "R30" in refused.value.rule_ids


def test_a_blue_template_of_another_pack_is_refused() -> None:
    case = World(blue=blue("sha256:" + "99" * 32)).case()
    with pytest.raises(Refused) as refused:
        gate(case.presented, case.remembered, case.measured, case.confirmed)
    assert refused.value.rule_ids == ("R35",)


def test_the_drawn_walks_are_in_the_ledger_before_matching_starts(drilled: JournalClient) -> None:
    kinds = types(drilled)
    assert kinds.index("drill.scheduled") < kinds.index("matching.started")
    ((event, body),) = [(event, body) for event, body in ledger(drilled) if isinstance(body, DrillScheduled)]
    assert event.authority is not None
    assert (body.walks, body.walkers) == (6, 2)
    seen = drilled.ask(asking.LookAtDrill(deployment_id=DEPLOYMENT), answers.DrillSeen).walks
    assert body.schedule == schedule_digest([Walk(walk.number, walk.walker_id, walk.due_at) for walk in seen])


def test_a_schedule_cannot_be_drawn_again_until_somebody_likes_it(drilled: JournalClient) -> None:
    again = asking.ScheduleDrill(
        deployment_id=DEPLOYMENT,
        walks=(asking.DueWalk(number=1, walker_id="w-0", token=TOKENS[0].public.text, due_at="2026-12-05T10:00:00.000Z"),),
    )
    with pytest.raises(Refused) as refused:
        drilled.ask(again, answers.Done)
    assert refused.value.rule_ids == ("R30", "R78")


def test_only_the_walkers_own_token_taps_and_only_once(drilled: JournalClient) -> None:
    first = walks_of(drilled, "w-0")[0]
    with pytest.raises(Refused, match="not the token of w-0"):
        tap(drilled, DEPLOYMENT, first, TOKENS[1])
    tap(drilled, DEPLOYMENT, first, TOKENS[0])
    with pytest.raises(Refused, match="tapped already"):
        tap(drilled, DEPLOYMENT, first, TOKENS[0])
    with pytest.raises(BadInput, match="no walk 77"):
        tap(drilled, DEPLOYMENT, 77, TOKENS[0])
    tapped = [body for _, body in ledger(drilled) if isinstance(body, DrillWalked)]
    assert [(body.walk, body.walker_id, body.scripted) for body in tapped] == [(first, "w-0", False)]


def test_nonsense_for_a_signature_is_refused_and_changes_nothing(drilled: JournalClient) -> None:
    number, before = walks_of(drilled, "w-1")[0], len(ledger(drilled))
    for signature in ("!!!", base64.b64encode(bytes(64)).decode(), base64.b64encode(b"x").decode()):
        with pytest.raises(Refused):
            drilled.ask(asking.Walked(deployment_id=DEPLOYMENT, walk=number, signature=signature, scripted=False), answers.Done)
    assert len(ledger(drilled)) == before


def engine_alert(entry_id: str) -> Message:
    header: dict[str, Any] = {
        "type": "alert",
        "camera_id": CAMERA,
        "candidates": [{"entry_id": entry_id, "similarity": 0.8}],
        "probes": 1,
        "threshold": "0.6",
        "quality": {},
        "frame": 10,
        "first_frame": 5,
        "bbox_xyxy_px": [1, 2, 3, 4],
    }
    return Message(header, [b"\xff\xd8probe", b"\xff\xd8figure"])


def test_a_recognised_walker_is_an_event_without_picture_and_never_an_alert(van: Van, drilled: JournalClient) -> None:
    raised: list[str] = []
    hearing = Hearing(
        journal=drilled,
        deployment_id=DEPLOYMENT,
        people={person.entry.entry_id: person for person in van.world.people},
        walkers={person.entry.entry_id: person.entry.walker_id for person in van.world.blue},
        live=Live((CAMERA,)),
        alert_raised=raised.append,
        wake=threading.Event(),
    )
    hearing.hear(engine_alert("blue-1"))
    assert hearing.fault is None
    assert raised == []
    assert drilled.ask(asking.LookAtAlerts(deployment_id=DEPLOYMENT), answers.AlertsSeen).alerts == ()
    (seen,) = [body for _, body in ledger(drilled) if isinstance(body, DrillRecognised)]
    assert seen.model_dump() == {"walker_id": "w-1", "camera_id": CAMERA}


def test_the_unit_draws_what_anybody_can_draw_from_the_authority() -> None:
    case = World(blue=blue()).case()
    passed = gate(case.presented, case.remembered, case.measured, case.confirmed)
    authority = passed.authority.body
    request = scheduled(authority, passed.decision)
    window = parse_utc(authority.window.start), parse_utc(authority.window.end)
    drawn = draw(passed.decision, ["w-0", "w-1"], 6, *window)
    assert [(walk.number, walk.walker_id, walk.due_at) for walk in request.walks] == [
        (walk.number, walk.walker_id, walk.due_at) for walk in drawn
    ]
    assert schedule_digest(drawn).startswith("sha256:")


def test_a_walk_while_nothing_is_matched_measures_nothing(tmp_path: Path) -> None:
    van = make_van(tmp_path)
    van.world.blue = blue(van.world.pack_digest)
    with van.journal() as journal:
        van.prepare(journal)
        ready = van.check(journal)
        journal.ask(scheduled(ready.passed.authority.body, ready.passed.decision), answers.Done)
        with pytest.raises(Refused, match="measure nothing"):
            tap(journal, DEPLOYMENT, walks_of(journal, "w-0")[0], TOKENS[0])
