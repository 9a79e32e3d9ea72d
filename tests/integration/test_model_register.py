"""The model register in a real office: states, reviews, inherited monitors, and what they block (R54, R55, R79, R98, R99, R102)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from governance.events import (
    AlertAdjudicated,
    AlertDecision,
    AlertRaised,
    EventBody,
    MatchingStarted,
    PassersCounted,
    entry_bytes,
    read_entry,
)
from governance.messages.model import Cumulative, ModelState, Need
from governance.messages.payload import Mode, digest_of
from governance.monitors.groups import compare
from governance.office import monitoring, register
from governance.office.register import RegisteredPipeline
from governance.office.store import Actor, Office
from governance.rules.model_states import ALLOWED, Cause
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput, Refused
from tests import certified
from tests.certified import SMALL, Tested
from tests.office_world import NOW, OfficeWorld, frozen, new_office_world
from webui.cli.compare_groups import counts_in

DPO, ETHICS = Actor("dpo-1", "dpo"), Actor("au-01", "oversight")
EVIDENCE = digest_of(b"minutes")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficeWorld]:
    with new_office_world(tmp_path_factory.mktemp("register") / "home", mode=Mode.EXERCISE) as made:
        yield made


def version(number: int) -> Tested:
    """A model, in versions; each test takes a model of its own."""
    return replace(SMALL, facts=SMALL.facts.replace('"version":1', f'"version":{number}'))


def model(name: str, number: int = 1) -> Tested:
    return replace(version(number), name=name, facts=version(number).facts.replace('"views":2', f'"model":"{name}","views":2'))


def row_of(office: Office, tested: Tested) -> RegisteredPipeline:
    with office.read() as session:
        return register.get(session, tested.pipeline_digest)


def move(office: Office, tested: Tested, becomes: ModelState, cause: Cause) -> None:
    with office.transaction() as session:
        register.move(office, session, register.get(session, tested.pipeline_digest), becomes, cause, DPO)


def clear(office: Office, tested: Tested, need: Need) -> None:
    with office.transaction() as session:
        register.clear(office, session, register.get(session, tested.pipeline_digest), need, EVIDENCE, ETHICS)


def ledger_of(deployment: str, *, passages: int, false: int = 0, lost: int = 0, opened: int = 0) -> list[bytes]:
    """A unit's entries for a deployment with so many passages and alerts."""
    started = MatchingStarted(
        camera_ids=("camera-1",),
        list_root="ab" * 32,
        pack_digest=SMALL.pack_digest,
        pipeline_digest=SMALL.pipeline_digest,
        threshold="0.60",
        sealed=(),
        lacking=(),
    )
    counts = dict.fromkeys(("frames", "dropped", "faces", "too_small", "low_quality"), 0)
    bodies: list[EventBody] = [started, PassersCounted(minute=format_utc(NOW), passages=passages, **counts)]
    for number in range(false + lost + opened):
        bodies.append(AlertRaised(alert_id=f"a-{number}", camera_id="camera-1", candidate="ab" * 32))
        if number < false + lost:
            bodies.append(
                AlertAdjudicated(
                    alert_id=f"a-{number}",
                    decision=AlertDecision.FALSE if number < false else AlertDecision.LOST,
                    reason="features_differ",
                    decided_after_ms=3000,
                    engagement_officer_id="eo-1",
                    operator_id="op-1",
                    scripted=False,
                )
            )
    fields = {"clock": frozen(), "actor": "unit-1", "role": "unit", "justification": "duty", "mode": Mode.EXERCISE, "profile": "uk"}
    return [entry_bytes(body, deployment=deployment, **fields) for body in bodies]


def fold(office: Office, tested: Tested, deployment: str, **figures: int) -> None:
    with office.transaction() as session:
        monitoring.fold(
            office, session, deployment_id=deployment, pipeline_digest=tested.pipeline_digest, entries=ledger_of(deployment, **figures)
        )


def cumulative(office: Office, tested: Tested) -> Cumulative:
    with office.read() as session:
        return register.cumulative(session, register.get(session, tested.pipeline_digest))


def last_monitored(office: Office) -> dict[str, object]:
    with office.read() as session:
        events = [read_entry(entry)[0] for entry in office.log.entries(session, 0, office.log.size(session))]
    return next(event.body for event in reversed(events) if event.type == "pipeline.monitored")


def test_R98_a_pipeline_goes_from_registered_to_certified_by_plan_run_and_certificate(world: OfficeWorld) -> None:
    tested = model("way")
    issuer, key = certified.tester(world.office, world.roots)
    plan = certified.registered(world.office, certified.plan_for(tested, issuer), key)
    assert row_of(world.office, tested).state == "registered"
    certified.run(world.office, plan, tested, accuracy=0.1)
    assert row_of(world.office, tested).state == "registered"  # a failed run is no test passed
    certified.run(world.office, plan, tested)
    assert row_of(world.office, tested).state == "tested"
    certified.certify_facts(world.office, world.roots, tested)
    assert row_of(world.office, tested).state == "certified"


def test_R98_no_step_that_the_state_machine_does_not_have(world: OfficeWorld) -> None:
    tested = model("steps")
    certified.certify_facts(world.office, world.roots, tested)
    size = world.count()
    for becomes in ModelState:
        for cause in Cause:
            if (ModelState.CERTIFIED, becomes, cause) not in ALLOWED:
                with pytest.raises(Refused) as caught:
                    move(world.office, tested, becomes, cause)
                assert caught.value.rule_ids == ("R98",)
    assert world.count() == size


def test_R54_R55_a_breach_needs_review_retest_and_ethics_before_anything_matches_again(world: OfficeWorld) -> None:
    tested, office = model("breach"), world.office
    certified.certify_facts(office, world.roots, tested)
    fold(office, tested, "dep-breach-1", passages=1000, false=1)
    assert row_of(office, tested).state == "certified"
    fold(office, tested, "dep-breach-2", passages=1000, false=30)
    row = row_of(office, tested)
    assert (row.state, row.open_needs) == ("under_review", (Need.HUMAN_REVIEW, Need.RETEST, Need.ETHICS_REFERRAL))
    clear(office, tested, Need.HUMAN_REVIEW)
    with pytest.raises(BadInput):
        clear(office, tested, Need.HUMAN_REVIEW)
    clear(office, tested, Need.ETHICS_REFERRAL)
    assert row_of(office, tested).state == "under_review"
    with world.at(NOW + timedelta(minutes=1)):
        certified.certify_facts(office, world.roots, tested)  # tested anew, after the review began
    row = row_of(office, tested)
    assert (row.state, row.reviews) == ("certified", 1)
    assert cumulative(office, tested) == Cumulative(reviews=1, passages=0, false_alerts=0, undecided=0)


def test_R55_a_certificate_from_before_the_review_is_no_retest(world: OfficeWorld) -> None:
    tested, office = model("stale"), world.office
    issuer, key = certified.tester(office, world.roots)
    plan = certified.registered(office, certified.plan_for(tested, issuer), key)
    before = certified.run(office, plan, tested)
    certified.certify_facts(office, world.roots, tested)
    with world.at(NOW + timedelta(minutes=1)):
        move(office, tested, ModelState.UNDER_REVIEW, Cause.CHANGE)
        certified.certificates.take_in(office, certified.issued(office, key, before))
        assert row_of(office, tested).open_needs == (Need.RETEST,)


def test_R79_a_new_version_inherits_the_monitors_of_the_one_before(world: OfficeWorld) -> None:
    old, new, office = model("lineage", 1), model("lineage", 2), world.office
    certified.certify_facts(office, world.roots, old)
    fold(office, old, "dep-old", passages=5000, false=3, lost=1)
    with world.at(NOW + timedelta(minutes=1)):
        certified.certify_facts(office, world.roots, new)
    assert row_of(office, new).predecessor == old.pipeline_digest
    assert cumulative(office, new) == Cumulative(reviews=0, passages=5000, false_alerts=3, undecided=1)
    fold(office, new, "dep-new", passages=1000, false=40)
    assert row_of(office, new).state == "under_review"
    assert row_of(office, old).state == "certified"


def test_R79_a_new_version_of_a_pipeline_past_its_limit_needs_the_same_review(world: OfficeWorld) -> None:
    old, new, next_one, office = model("heir", 1), model("heir", 2), model("heir", 3), world.office
    certified.certify_facts(office, world.roots, old)
    with world.at(NOW + timedelta(minutes=1)):
        certified.certify_facts(office, world.roots, new)
    fold(office, old, "dep-heir", passages=1000, false=30)
    assert row_of(office, old).state == row_of(office, new).state == "under_review"  # it has inherited these counts
    with world.at(NOW + timedelta(minutes=2)):
        certified.certify_facts(office, world.roots, next_one)
    assert row_of(office, next_one).open_needs == (Need.HUMAN_REVIEW, Need.RETEST, Need.ETHICS_REFERRAL)


def test_R55_a_pause_sheds_nothing_that_a_review_still_needs(world: OfficeWorld) -> None:
    tested, office = model("pause"), world.office
    certified.certify_facts(office, world.roots, tested)
    fold(office, tested, "dep-pause", passages=1000, false=30)
    clear(office, tested, Need.HUMAN_REVIEW)
    move(office, tested, ModelState.SUSPENDED, Cause.ORDER)
    assert row_of(office, tested).open_needs == (Need.RETEST, Need.ETHICS_REFERRAL)
    move(office, tested, ModelState.UNDER_REVIEW, Cause.ORDER)
    assert row_of(office, tested).open_needs == (Need.HUMAN_REVIEW, Need.RETEST, Need.ETHICS_REFERRAL)
    assert cumulative(office, tested).false_alerts == 30


def test_R54_only_the_review_of_a_monitor_lets_it_start_anew(world: OfficeWorld) -> None:
    tested, office = model("anew"), world.office
    certified.certify_facts(office, world.roots, tested)
    fold(office, tested, "dep-anew-1", passages=1000, false=2)
    move(office, tested, ModelState.SUSPENDED, Cause.ORDER)
    move(office, tested, ModelState.UNDER_REVIEW, Cause.ORDER)
    clear(office, tested, Need.HUMAN_REVIEW)
    assert row_of(office, tested).state == "certified"
    assert cumulative(office, tested) == Cumulative(reviews=0, passages=1000, false_alerts=2, undecided=0)
    move(office, tested, ModelState.SUSPENDED, Cause.ORDER)
    fold(office, tested, "dep-anew-2", passages=1000, false=30)  # what came out while it was suspended
    move(office, tested, ModelState.UNDER_REVIEW, Cause.ORDER)
    clear(office, tested, Need.HUMAN_REVIEW)
    assert row_of(office, tested).open_needs == (Need.HUMAN_REVIEW, Need.RETEST, Need.ETHICS_REFERRAL)


def test_R54_alerts_left_undecided_count_as_false_in_the_worst_bound(world: OfficeWorld) -> None:
    tested, office = model("lost"), world.office
    certified.certify_facts(office, world.roots, tested)
    fold(office, tested, "dep-lost", passages=1000, lost=15, opened=15)
    told = last_monitored(office)
    assert (told["false_alerts"], told["undecided"], told["breached"]) == (0, 30, True)
    assert told["lower"] == "0.000000000"
    assert float(str(told["lower_worst"])) > 0.001
    assert row_of(office, tested).state == "under_review"


def test_R54_a_deployment_synced_twice_counts_once_and_later_decisions_count(world: OfficeWorld) -> None:
    tested, office = model("twice"), world.office
    certified.certify_facts(office, world.roots, tested)
    fold(office, tested, "dep-twice", passages=400, opened=1)
    size = world.count()
    fold(office, tested, "dep-twice", passages=400, opened=1)
    assert world.count() == size
    fold(office, tested, "dep-twice", passages=400, false=1)
    assert cumulative(office, tested) == Cumulative(reviews=0, passages=400, false_alerts=1, undecided=0)


def test_R55_suspended_by_order_and_only_back_through_a_review(world: OfficeWorld) -> None:
    tested, office = model("order"), world.office
    certified.certify_facts(office, world.roots, tested)
    move(office, tested, ModelState.OPERATIONAL, Cause.ADOPTED)
    move(office, tested, ModelState.SUSPENDED, Cause.ORDER)
    with pytest.raises(Refused):
        move(office, tested, ModelState.CERTIFIED, Cause.CLEARED)
    move(office, tested, ModelState.UNDER_REVIEW, Cause.ORDER)
    clear(office, tested, Need.HUMAN_REVIEW)
    assert row_of(office, tested).state == "certified"  # and has to be adopted again


def test_R55_two_groups_apart_put_the_pipeline_under_review(world: OfficeWorld) -> None:
    tested, office = model("groups"), world.office
    certified.certify_facts(office, world.roots, tested)
    table = b"group,k,n\nA,95,100\nB,93,100\nC,1,3\n"
    for content, state in ((table, "certified"), (table.replace(b"B,93", b"B,40"), "under_review")):
        with office.transaction() as session:
            found = compare(counts_in(content))
            monitoring.compared(office, session, tested.pipeline_digest, "recognition", digest_of(content), found, DPO)
        assert row_of(office, tested).state == state
    for broken in (b"", b"group,k\nA,1\n", b"group,k,n\nA,one,2\n", b"\xff\xfe", b"group,k,n\nA,3,2\n"):
        with pytest.raises(BadInput):
            compare(counts_in(broken))


def test_in_a_demonstration_a_breach_is_shown_and_blocks_nothing(world: OfficeWorld) -> None:
    tested = model("shown")
    certified.certify_facts(world.office, world.roots, tested)
    shown = replace(world.office, settings=replace(world.office.settings, mode=Mode.DEMONSTRATION))
    fold(shown, tested, "dep-shown", passages=100, false=50)
    assert last_monitored(world.office)["breached"] is True
    assert row_of(world.office, tested).state == "certified"


def test_every_state_in_the_tables_is_one_that_the_ledger_tells(world: OfficeWorld) -> None:
    """Replaying the events gives the rows: no state was ever changed beside the ledger."""
    told: dict[str, str] = {}
    with world.office.read() as session:
        for entry in world.office.log.entries(session, 0, world.office.log.size(session)):
            event = read_entry(entry)[0]
            if event.type == "pipeline.registered":
                told[event.body["pipeline_digest"]] = "registered"
            elif event.type == "pipeline.moved":
                assert told[event.body["pipeline_digest"]] == event.body["was"]
                told[event.body["pipeline_digest"]] = event.body["becomes"]
        rows = {row.pipeline_digest: row.state for row in session.exec(select(RegisteredPipeline)).all()}
    assert rows == told
