"""Forces that hold real keys and lie: each lie is scripted end to end and found by name in the report of `lfr-verify`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from governance import events
from governance.authenticator import SoftwareAuthenticator
from governance.intervals import rate
from governance.messages.authority import Window
from governance.messages.certificate import Band, RunLine
from governance.messages.payload import Mode
from governance.messages.roster import Rank, Role
from governance.monitors.false_alerts import ALPHA
from governance.monitors.sequence import lower_bound
from governance.verifier.evidence import Trust
from governance.verifier.notes import WITNESS_KEY, parse_vkey
from governance.verifier.report import Report
from governance.verifier.roster import root_keys
from governance.verifier.verification import verify_export
from tests.certified import PIPELINE, standing
from tests.export_world import DIGEST, ExportWorld, at
from watchlist.entry import list_root

Lie = Callable[[ExportWorld], None]


def _verify(world: ExportWorld, **trust: object) -> Report:
    root, witness = world.key_files()
    given = {"roots": root_keys(root.read_text()), "witnesses": [parse_vkey(witness.read_text(), kind=WITNESS_KEY)], **trust}
    return verify_export(world.export, Trust(**given))  # type: ignore[arg-type]


def _failures(report: Report) -> list[str]:
    return [f"{subject.name}: {what}" for subject in report.subjects.values() for what, _ in subject.failures]


def test_an_honest_day_holds(tmp_path: Path) -> None:
    world = ExportWorld(tmp_path)
    world.build()
    report = _verify(world)
    assert _failures(report) == []
    assert report.purged
    assert report.entries == 18 + 19


def _people(person: str, rank: Rank, *roles: Role) -> Lie:
    return lambda world: world.people.update({person: (rank, roles)})


def _change(name: str, **fields: object) -> Lie:
    return lambda world: world.changes.update({name: fields})


def _asserting(action: str, *people: str) -> Lie:
    return lambda world: world.asserting.update({action: list(people)})


def _time(name: str, when: str) -> Lie:
    return lambda world: world.times.update({name: when})


def _skip(step: str) -> Lie:
    return lambda world: world.skip.add(step)


def _grow_list(world: ExportWorld) -> None:
    world.changes["bundle"] = {"leaves": (*sorted(world.leaves), "f" * 64)}


def _own_application(world: ExportWorld) -> None:
    world.people["p-officer"] = (Rank.SUPERINTENDENT, (Role.AUTHORISING_OFFICER, Role.APPLICANT))
    world.changes["authority"] = {"applicant_id": "p-officer"}


def _minority(world: ExportWorld) -> None:
    world.root_signers = 1


def _stranger_asserts(world: ExportWorld) -> None:
    """The office has the roster's credential id of the officer, but another key signs."""
    own = world.authenticators["p-officer"]
    stranger = SoftwareAuthenticator.generate("p-officer")
    build = world.begin

    def begin() -> None:
        build()
        world.authenticators["p-officer"] = stranger

    begin.__name__ = "begin"
    world.begin = begin  # type: ignore[method-assign]
    assert own.credential.credential_id != stranger.credential.credential_id


def _operational(world: ExportWorld) -> None:
    world.mode = Mode.OPERATIONAL


def _unlogged(world: ExportWorld) -> None:
    """The authority exists as an object, but its entry names another deployment: nothing was logged for this one."""
    world.office = _without(world.office, "authority.granted")  # type: ignore[method-assign]


def _without(append: Callable[..., None], name: str) -> Callable[..., None]:
    def office(when: str, body: events.EventBody, **fields: object) -> None:
        if body.name != name:
            append(when, body, **fields)

    return office


def _second_authority(world: ExportWorld) -> None:
    append = world.office

    def office(when: str, body: events.EventBody, **fields: object) -> None:
        append(when, body, **fields)
        if body.name == "authority.granted":
            append(when, body, **fields)

    world.office = office  # type: ignore[method-assign]


def _unit(when: str, body: events.EventBody) -> Lie:
    return lambda world: world.extra_unit_events.append((when, body))


_TWICE = events.AlertAdjudicated(
    alert_id="a-2",
    decision=events.AlertDecision.TRUE,
    reason="on second thoughts",
    decided_after_ms=1,
    engagement_officer_id="p-operator",
    operator_id="p-operator",
    scripted=True,
)
_ROLES = (Role.AUTHORISING_OFFICER,)


def _runs(*outcomes: str, told: tuple[str, ...] | None = None) -> Lie:
    """These runs happened; the certificate tells of others."""

    def lie(world: ExportWorld) -> None:
        world.outcomes = list(outcomes)
        if told is not None:
            lines = [
                {"ordinal": n, "began_at": at("08:00:30"), "outcome": one, "result": None if one in ("aborted", "open") else DIGEST}
                for n, one in enumerate(told, 1)
            ]
            last = max(n for n, one in enumerate(told, 1) if one == "passed")
            world.changes["evidence"] = {"runs": tuple(RunLine.model_validate(line) for line in lines), "run": last}

    return lie


def _step(was: str, becomes: str, cause: str, *needs: str) -> Lie:
    return lambda world: world.after_certificate.append(lambda one: one.move("08:02:00", was, becomes, cause, *needs))


def _event(body: events.EventBody) -> Lie:
    return lambda world: world.after_certificate.append(lambda one: one.office("08:02:00", body))


def _exercise(*lies: Lie) -> Lie:
    def lie(world: ExportWorld) -> None:
        world.mode = Mode.EXERCISE
        for one in lies:
            one(world)

    return lie


def _monitored(**changes: object) -> events.PipelineMonitored:
    fields = {
        "pipeline_digest": PIPELINE,
        "reviews": 0,
        "passages": 1000,
        "false_alerts": 30,
        "undecided": 0,
        "lower": f"{lower_bound(30, 1000, ALPHA):.9f}",
        "lower_worst": f"{lower_bound(30, 1000, ALPHA):.9f}",
        "breached": True,
    }
    return events.PipelineMonitored.model_validate({**fields, **changes})


_NEXT = events.PipelineRegistered(model="open-default", pipeline_digest="sha256:" + "1" * 64, pack_digest=DIGEST, predecessor=None)
_ENDED = {"plan": DIGEST, "ordinal": 1, "outcome": "passed", "result": DIGEST}
_REVIEW = ("human_review", "retest", "ethics_referral")

LIES: list[tuple[str, Lie, str]] = [
    ("a failed run left out of the certificate", _runs("failed", "passed", told=("passed",)), "names 1 runs of its plan, the ledger has 2"),
    ("a failed run called aborted", _runs("failed", "passed", told=("aborted", "passed")), "says run 1 aborted, the ledger says failed"),
    ("a certificate resting on a failed run", _runs("failed", told=("passed",)), "says run 1 passed, the ledger says failed"),
    ("a run that never ended called passed", _runs("open", told=("passed",)), "says run 1 passed, the ledger says open"),
    ("a certificate of another result", _change("evidence", result="sha256:" + "0" * 64), "on another result"),
    ("a certificate of an unknown plan", _change("evidence", plan="sha256:" + "0" * 64), "names a plan that was not logged before it"),
    ("a plan written after its runs", _time("plan cosigned", "08:00:45"), "no witness had cosigned the plan"),
    ("a plan for another pipeline", _change("plan", pipeline_digest=DIGEST), "plan is about another pipeline"),
    ("a certificate that spells out another pipeline", _change("certificate", pipeline="{}"), "does not have the digest it names"),
    ("a certificate for ever", _change("certificate", valid_to="2036-01-01T00:00:00.000Z"), "the certificate lasts"),
    ("a run of no plan", _event(events.RunStarted(plan=DIGEST, ordinal=1)), "a run was logged before its plan"),
    ("an end without a run", _event(events.RunEnded.model_validate(_ENDED)), "a run was logged before its plan"),
    ("a list sealed while under review", _step("certified", "under_review", "change", "retest"), "the register said under_review"),
    ("a step the register does not have", _step("certified", "tested", "run_passed"), "does not become tested"),
    ("a step from a state it was not in", _step("operational", "under_review", "change", "retest"), "is said to have been operational"),
    ("a review without what it needs", _step("certified", "under_review", "monitor", "retest"), "without everything it needs"),
    (
        "a review that ended by itself",
        lambda world: [
            _step("certified", "under_review", "monitor", *_REVIEW)(world),
            _step("under_review", "certified", "cleared")(world),
        ][0],
        "a review ended although ethics_referral, human_review, retest was never cleared",
    ),
    (
        "a review that lost its needs in a pause",
        lambda world: [
            _step("certified", "under_review", "monitor", *_REVIEW)(world),
            _step("under_review", "suspended", "order")(world),
            _step("suspended", "under_review", "order", "human_review")(world),
        ][0],
        "without everything it needs",
    ),
    ("a unit's monitor that begins with passages nobody saw", _change("bundle", model=standing(PIPELINE, passages=9_000)), "passages 9000"),
    ("a unit's monitor that forgets false alerts", _event(_monitored()), "passages 0, the office's ledger 1000"),
    ("a new version that forgets the one before", _event(_NEXT), "does not name the newest version of its model"),
    ("a monitor that starts anew without a review", _change("monitored", reviews=1), "the monitor starts after review 1"),
    ("a breach that opened no review", _exercise(_event(_monitored())), "a monitor passed its limit and no review was opened"),
    ("a breach called none", _event(_monitored(breached=False)), "the counts say otherwise"),
    ("passages invented for the monitor", _change("monitored", passages=90_000), "the units' ledgers give 1000"),
    ("a false alert kept from the monitor", _change("monitored", false_alerts=1), "false_alerts of the monitor are given as 1"),
    ("lost alerts kept from the monitor", _change("monitored", undecided=0), "undecided of the monitor are given as 0"),
    ("a deployment kept from every monitor", _skip("fold"), "1 deployments that matched are in no monitor"),
    ("a monitor's bound made rosier", _event(_monitored(lower="0.0004")), "lower of the monitor is given as 0.0004"),
    ("a roster that a minority of root keys signed", _minority, "roster: 1 of the 2 signature"),
    ("a roster version left out", _change("roster 2", version=3), "the entry publishes version 2, the roster is version 3"),
    ("a roster that does not name the version before", _change("roster 2", previous=None), "does not name the version before"),
    ("a roster that asks for one root key", _change("roster 2", root_threshold=1), "fewer root keys than a majority"),
    ("an authorising officer below superintendent", _people("p-officer", Rank.INSPECTOR, *_ROLES), "below superintendent"),
    ("an officer without the role", _people("p-officer", Rank.SUPERINTENDENT, Role.APPLICANT), "did not hold the role authorising_officer"),
    ("an applicant without the role", _people("p-applicant", Rank.INSPECTOR, Role.DPO), "did not hold the role applicant"),
    ("an officer who authorises the own application", _own_application, "also the applicant"),
    ("an officer who is also an operator", _change("authority", operator_ids=("p-officer",)), "also the applicant or an operator"),
    ("an authority asserted by somebody else", _asserting("authorise", "p-silver"), "p-officer did not assert this authority"),
    ("an authority asserted with a key outside the roster", _stranger_asserts, "not one the roster gives p-officer"),
    ("a software key in operational mode", _operational, "software authenticator in operational mode"),
    (
        "an authority logged after matching started",
        _time("cosigned", "10:30:00"),
        "no witness had cosigned the authority when matching started",
    ),
    ("an authority that was never logged", _unlogged, "grants 0 authorities"),
    ("two authorities for one deployment", _second_authority, "grants 2 authorities"),
    ("an entry that says another window than the document", _change("granted", window_end=at("18:00:00")), "different window_end"),
    ("an entry that says another list than the document", _change("granted", list_root="0" * 64), "different list_root"),
    (
        "a window that ends before it starts",
        _change("authority", window=Window.model_construct(start=at("16:00:00"), end=at("10:00:00"))),
        "ends before",
    ),
    ("an authorised threshold below the certified one", _change("authority", threshold="0.80"), "below the certified"),
    (
        "a certificate without a band for the list",
        _change("certificate", bands=(Band(max_entries=3, threshold="0.94"),)),
        "no threshold for a list of 4",
    ),
    ("a certificate that expired in the window", _change("certificate", valid_to=at("12:00:00")), "expired before the end"),
    ("a certificate of an issuer outside the roster", _change("certificate", issuer="somebody"), "no test body of the roster"),
    ("matching with another threshold", _change("started", threshold="0.50"), "another threshold than was authorised"),
    ("matching with another pipeline", _change("started", pipeline_digest="sha256:" + "0" * 64), "another pipeline_digest"),
    ("matching with another list", _change("started", list_root="0" * 64), "another list_root"),
    ("matching with another camera", _change("started", camera_ids=("camera-9",)), "camera that was not authorised"),
    ("matching before the window", _time("started", "09:59:00"), "outside the authorised window"),
    ("matching after the window", _time("stopped", "16:20:00"), "after the authorised end"),
    ("a list grown after the assertion", _grow_list, "not the one the officer approved"),
    ("a removal of somebody never listed", _change("bundle", removals=("e" * 64,)), "never on the list"),
    ("a bundle compiled a week before", _change("bundle", compiled_at="2026-11-28T08:00:00.000Z"), "more than 24 h"),
    ("a bundle that outlives the authority", _change("bundle", not_after=at("18:00:00")), "after the authorised end"),
    ("a bundle for another key", _change("bundle", recipient="age1another"), "another key than the unit's one-use key"),
    ("a bundle for another unit", _change("bundle", unit_id="unit-9"), "another deployment, unit or authority"),
    ("a bundle with templates of another pack", _change("bundle", pack_digest="sha256:" + "0" * 64), "another model pack"),
    ("a bundle asserted without the role", _people("p-compiler", Rank.STAFF, Role.DPO), "did not hold the role compiler"),
    ("a one-use key for another deployment", _change("unit_key", deployment_id="deployment-9"), "another deployment or unit"),
    ("no purge", _skip("purge"), "0 entries purge.done"),
    ("a purge of another key", _change("purge", recipient="age1another"), "purge: the purge certificate names another key"),
    ("a purge of another bundle", _change("purge", bundle=DIGEST), "another bundle"),
    ("a purge after which the bundle opens", _change("purge", bundle_opens_after=True), "could still be opened"),
    ("a purge two days later", _change("purge", destroyed_at="2026-12-07T17:00:00.000Z"), "after the end"),
    ("a purge before matching ended", _change("purge", destroyed_at=at("15:00:00")), "before matching ended"),
    ("a purge that moves the end of matching", _change("purge", matching_ended_at=at("14:00:00")), "the certificate says matching ended"),
    ("a purge that destroyed nothing", _change("purge", destroyed=()), "destroyed nothing"),
    ("a false alert deleted before sync", _skip("alert a-3"), "figures: alerts is published as 5, the ledger gives 4"),
    ("passages invented in the record", _change("record", passages=100_000), "passages is published as 100000, the ledger gives 1000"),
    ("false alerts left out of the record", _change("record", false_alerts=1), "false_alerts is published as 1"),
    ("lost alerts left out of the record", _change("record", lost_alerts=0), "lost_alerts is published as 0"),
    ("a better interval in the record", _change("record", false_per_passage=rate(2, 1001, "false", "passages")), "2 of 1001"),
    ("a rosier worst case in the record", _change("record", false_per_passage_worst=rate(2, 1000, "a", "b")), "false_per_passage_worst"),
    (
        "a rounded-off upper bound",
        _change("record", false_per_passage=rate(2, 1000, "a", "b").model_copy(update={"high": "0.0071"})),
        "high bound",
    ),
    ("an engine called sealed where it was not", _change("record", engine_lacking=()), "engine_lacking"),
    ("scripted decisions called officers'", _change("record", decided_by="officers"), "decided_by"),
    ("a record of another threshold", _change("record", threshold="0.99"), "threshold is published"),
    ("a record asserted by one person", _asserting("publish", "p-officer"), "second person in the role silver"),
    ("a record the officer did not assert", _asserting("publish", "p-silver"), "p-officer did not assert this record"),
    ("an alert adjudicated twice", _unit("11:00:00", _TWICE), "adjudicated twice"),
    ("an alert decided that was never raised", _unit("11:00:00", _TWICE.model_copy(update={"alert_id": "a-9"})), "never raised"),
    ("a unit ledger the office never took over", _skip("sync"), "the office ledger vouches for 0"),
    ("an office that took over another history", _change("sync", root="0" * 64), "do not have the root that was signed"),
]


@pytest.mark.parametrize(("lie", "found"), [(lie, found) for _, lie, found in LIES], ids=[name for name, _, _ in LIES])
def test_a_lie_is_found(tmp_path: Path, lie: Lie, found: str) -> None:
    world = ExportWorld(tmp_path)
    lie(world)
    world.build()
    failures = _failures(_verify(world))
    assert any(found in failure for failure in failures), failures


def test_a_deployment_under_a_list_that_shrank_by_signed_removal_is_no_lie(tmp_path: Path) -> None:
    world = ExportWorld(tmp_path)
    removed = sorted(world.leaves)[0]
    world.changes["bundle"] = {"removals": (removed,)}
    match = world.unit

    def unit(when: str, body: events.EventBody, **fields: object) -> None:
        match(when, body.model_copy(update={"entries": 3}) if body.name == "bundle.opened" else body, **fields)

    world.unit = unit  # type: ignore[method-assign]
    world.build()
    assert _failures(_verify(world)) == []
    assert list_root(world.leaves) == world.document.watchlist.root


def test_a_day_without_any_matching_holds(tmp_path: Path) -> None:
    world = ExportWorld(tmp_path)
    world.skip = {"match", "purge", "sync", "publish", "seal"}
    world.build()
    report = _verify(world)
    assert _failures(report) == []
    assert not report.purged
