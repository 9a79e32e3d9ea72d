"""Plans, runs and certificates in a real office: nothing is measured unannounced, and no run disappears (R37, R100, R102)."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from governance.messages.certificate import CameraClass
from governance.messages.payload import Mode, digest_of, signed
from governance.messages.plan import Criterion, Side, Test
from governance.office import certificates, plans
from governance.office.issuing import Passed
from lfr_engine.errors import BadInput, LfrError, Refused, VerificationFailed
from tests import certified
from tests.certified import MATERIAL, SMALL
from tests.office_world import OfficeWorld, new_office_world
from watchlist.sealing.keys import SigningKey


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficeWorld]:
    with new_office_world(tmp_path_factory.mktemp("tested") / "home", mode=Mode.EXERCISE) as made:
        yield made


def plan(world: OfficeWorld, title: str) -> tuple[bytes, SigningKey]:
    issuer, key = certified.tester(world.office, world.roots)
    return certified.registered(world.office, certified.plan_for(SMALL, issuer, title=title), key), key


def rules(caught: pytest.ExceptionInfo[LfrError]) -> tuple[str, ...]:
    return caught.value.rule_ids


def test_R100_a_run_of_a_plan_that_was_never_registered_does_not_begin(world: OfficeWorld) -> None:
    issuer, key = certified.tester(world.office, world.roots)
    envelope = signed(certified.plan_for(SMALL, issuer, title="secret"), key, clock=world.office.clock, mode=world.office.mode, profile="p")
    size = world.count()
    with pytest.raises(Refused) as caught:
        plans.begin(world.office, envelope, pipeline_digest=SMALL.pipeline_digest, data=MATERIAL)
    assert rules(caught) == ("R100",)
    assert world.count() == size


def test_R100_another_pipeline_or_other_material_is_not_a_run_of_this_plan(world: OfficeWorld) -> None:
    envelope, _ = plan(world, "fixed material")
    size = world.count()
    for pipeline, data in (
        (digest_of(b"other"), MATERIAL),
        (SMALL.pipeline_digest, {"faces": digest_of(b"better faces")}),
        (SMALL.pipeline_digest, {}),
        (SMALL.pipeline_digest, {**MATERIAL, "more": digest_of(b"more")}),
    ):
        with pytest.raises(Refused) as caught:
            plans.begin(world.office, envelope, pipeline_digest=pipeline, data=data)
        assert rules(caught) == ("R100",)
    assert world.count() == size


def test_a_plan_signed_by_nobody_in_the_roster_is_not_registered(world: OfficeWorld) -> None:
    issuer, _ = certified.tester(world.office, world.roots)
    forged = signed(certified.plan_for(SMALL, issuer), SigningKey.generate(), clock=world.office.clock, mode=world.office.mode, profile="p")
    with pytest.raises(VerificationFailed):
        plans.register_plan(world.office, forged)


def test_R100_failed_and_aborted_runs_stand_on_the_face_of_the_certificate(world: OfficeWorld) -> None:
    envelope, key = plan(world, "third time lucky")
    failed = certified.run(world.office, envelope, SMALL, accuracy=0.5)
    aborted = plans.begin(world.office, envelope, pipeline_digest=SMALL.pipeline_digest, data=MATERIAL)
    plans.end(world.office, aborted, None)
    plans.begin(world.office, envelope, pipeline_digest=SMALL.pipeline_digest, data=MATERIAL)  # killed: it never ends
    good = certified.run(world.office, envelope, SMALL)
    with pytest.raises(BadInput):
        certified.issued(world.office, key, failed)
    digest = certificates.take_in(world.office, certified.issued(world.office, key, good))
    held = certificates.read(world.office, world.office.object_bytes(digest))
    assert held.face == ("run 4 of 4 of its plan; run 1 failed, run 2 aborted, run 3 never ended",)
    assert held.evidence[0].result == digest_of(good.result)


def test_R100_a_certificate_that_leaves_out_a_failed_run_is_not_taken_in(world: OfficeWorld) -> None:
    envelope, key = plan(world, "shopping")
    good = certified.run(world.office, envelope, SMALL)
    early = certified.issued(world.office, key, good)  # issued before the bad run, brought afterwards
    certified.run(world.office, envelope, SMALL, accuracy=0.1)
    with pytest.raises(Refused) as caught:
        certificates.take_in(world.office, early)
    assert rules(caught) == ("R100",)
    certificates.take_in(world.office, certified.issued(world.office, key, good))


def test_a_result_altered_after_its_run_certifies_nothing(world: OfficeWorld) -> None:
    envelope, key = plan(world, "polished")
    good = certified.run(world.office, envelope, SMALL)
    better = json.dumps({**json.loads(good.result), "bands": [{"max_entries": 20_000, "threshold": "0.30"}]}).encode()
    with pytest.raises(BadInput):
        certified.issued(world.office, key, Passed(envelope, better))


@pytest.mark.parametrize(
    "told",
    [
        {"k": 11, "n": 10, "expected": 0.1, "low": 0.0, "high": 1.0},
        {"k": 1, "n": 10, "expected": 0.1, "low": 0.2, "high": 0.1},
        {"k": 1, "n": 10, "expected": 0.5, "low": 0.0, "high": 0.4},
    ],
)
def test_a_result_whose_counts_and_bounds_contradict_each_other_certifies_nothing(world: OfficeWorld, told: dict[str, float]) -> None:
    envelope, key = plan(world, f"contradicts itself {told}")
    bands = [{"max_entries": 10, "threshold": "0.60", "false_alerts": {**told, "method": "m", "extrapolated": False}}]
    passed = certified.run(world.office, envelope, SMALL, bands=bands)
    with pytest.raises(BadInput, match="contradict"):
        certified.issued(world.office, key, passed)


def test_a_result_of_another_plan_certifies_nothing(world: OfficeWorld) -> None:
    one, key = plan(world, "one")
    other, _ = plan(world, "other")
    good = certified.run(world.office, one, SMALL)
    with pytest.raises(Refused) as caught:
        certified.issued(world.office, key, Passed(other, good.result))
    assert rules(caught) == ("R100",)


def test_R102_no_certificate_lasts_longer_than_24_months(world: OfficeWorld) -> None:
    envelope, key = plan(world, "for ever")
    good = certified.run(world.office, envelope, SMALL)
    with pytest.raises(Refused) as caught:
        certified.issued(world.office, key, good, valid_for=timedelta(days=732))
    assert rules(caught) == ("R102",)
    two_years = certified.issued(world.office, key, good, valid_for=timedelta(days=731))
    long = certificates.read(world.office, two_years).model_copy(update={"valid_to": "2030-01-01T00:00:00.000Z"})
    with pytest.raises(Refused) as caught:
        certificates.take_in(world.office, signed(long, key, clock=world.office.clock, mode=world.office.mode, profile="p"))
    assert rules(caught) == ("R102",)


def test_R37_a_certificate_of_nobody_in_the_roster_or_of_another_mode_is_not_taken_in(world: OfficeWorld) -> None:
    envelope, key = plan(world, "foreign")
    body = certificates.read(world.office, certified.issued(world.office, key, certified.run(world.office, envelope, SMALL)))
    clock, mode = world.office.clock, world.office.mode
    with pytest.raises(VerificationFailed):
        certificates.take_in(world.office, signed(body, SigningKey.generate(), clock=clock, mode=mode, profile="p"))
    with pytest.raises(Refused):
        certificates.take_in(world.office, signed(body.model_copy(update={"issuer": "somebody"}), key, clock=clock, mode=mode, profile="p"))
    for other in (Mode.OPERATIONAL, Mode.DEMONSTRATION):
        with pytest.raises(Refused) as caught:
            certificates.take_in(world.office, signed(body, key, clock=clock, mode=other, profile="p"))
        assert rules(caught) == ("R37",)


def test_R99_a_camera_of_which_no_film_was_tested_cannot_be_certified(world: OfficeWorld) -> None:
    issuer, key = certified.tester(world.office, world.roots)
    stills = certified.plan_for(certified.SMALL, issuer, title="photos alone", test=Test.CALIBRATE)
    passed = certified.run(world.office, certified.registered(world.office, stills, key), certified.SMALL)
    for classes in ((CameraClass.LIVE,), (CameraClass.REHEARSAL, CameraClass.VIDEO_FILE)):
        with pytest.raises(Refused) as caught:
            certificates.take_in(world.office, certified.issued(world.office, key, passed, camera_classes=classes))
        assert rules(caught) == ("R99",)
    certificates.take_in(world.office, certified.issued(world.office, key, passed, camera_classes=(CameraClass.REHEARSAL,)))


def test_the_same_certificate_twice_changes_nothing(world: OfficeWorld) -> None:
    envelope, key = plan(world, "twice")
    certificate = certified.issued(world.office, key, certified.run(world.office, envelope, SMALL))
    digest, size = certificates.take_in(world.office, certificate), world.count()
    assert certificates.take_in(world.office, certificate) == digest
    assert world.count() == size
    assert certificates.newest(world.office)[1].camera_classes == tuple(CameraClass)


def test_R66_without_a_witness_no_run_begins(tmp_path: object, world: OfficeWorld) -> None:
    url = dict(world.office.settings.witness_urls)
    issuer, key = certified.tester(world.office, world.roots)
    body = certified.plan_for(SMALL, issuer, title="unwitnessed")
    envelope = signed(body, key, clock=world.office.clock, mode=world.office.mode, profile="p")
    try:
        world.office.settings.witness_urls.update(dict.fromkeys(url, "http://127.0.0.1:9"))
        with pytest.raises(LfrError):
            plans.register_plan(world.office, envelope)
        with pytest.raises(LfrError):
            plans.begin(world.office, envelope, pipeline_digest=SMALL.pipeline_digest, data=MATERIAL)
    finally:
        world.office.settings.witness_urls.update(url)
    assert plans.begin(world.office, envelope, pipeline_digest=SMALL.pipeline_digest, data=MATERIAL).ordinal == 1


@pytest.mark.parametrize(
    ("figure", "side", "value", "met"),
    [
        ("accuracy", Side.AT_LEAST, "0.9", True),
        ("accuracy", Side.AT_LEAST, "0.950000001", False),
        ("accuracy", Side.AT_MOST, "0.95", True),
        ("tar_at_far.0.001.value", Side.AT_LEAST, "0.8", True),
        ("bands.1.k", Side.AT_MOST, "3.0", True),
        ("missing", Side.AT_MOST, "1.0", False),
        ("accuracy.value", Side.AT_MOST, "1.0", False),
        ("flag", Side.AT_LEAST, "0.0", False),
        ("text", Side.AT_LEAST, "0.0", False),
        ("nan", Side.AT_MOST, "1.0", False),
    ],
)
def test_a_criterion_is_met_by_the_figure_it_names_and_by_nothing_else(figure: str, side: Side, value: str, met: bool) -> None:
    result = {
        "accuracy": 0.95,
        "tar_at_far": {"0.001": {"value": 0.81}},
        "bands": [{"k": 9}, {"k": 3}],
        "flag": True,
        "text": "0.99",
        "nan": float("nan"),
    }
    assert Criterion(figure=figure, side=side, value=value).met_by(result) is met
