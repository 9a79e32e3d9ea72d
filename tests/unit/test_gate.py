"""One thing wrong, everything else valid: the gate refuses under the rule that thing breaks; unaltered, it passes."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from governance.messages.authority import ListSummary, Window
from governance.messages.decision import Action
from governance.messages.payload import Mode, digest_of
from governance.messages.roster import Authenticator, Rank, Role, TestBody
from governance.roster import RootPin
from lfr_engine.errors import Refused
from mobile_unit.gate.passing import gate
from mobile_unit.gate.values import Passed
from tests.certified import band
from tests.unit_world import CAMERA, GROUPS, NOW, Case, World, forge, listed
from watchlist.entry import list_root
from watchlist.sealing import age
from watchlist.sealing.keys import SigningKey


def passes(case: Case) -> Passed:
    return gate(case.presented, case.remembered, case.measured, case.confirmed)


def refused(case: Case) -> str:
    with pytest.raises(Refused) as caught:
        passes(case)
    return ",".join(caught.value.rule_ids)


def test_the_unaltered_set_passes_and_says_what_a_demonstration_lacks() -> None:
    world = World()
    case = world.case()
    passed = passes(case)
    assert {person.entry.entry_id for person in passed.people} == {"entry-0", "entry-1", "entry-2"}
    assert [finding.rule_id for finding in passed.would_block] == ["R27", "R37", "R38"]
    assert passed.authority.body.deployment_id == "dep-1"
    assert passed.decision == digest_of(case.presented.authority)
    assert passed.cosigned_at == NOW - timedelta(minutes=20)


def test_the_same_set_passes_at_the_first_and_is_refused_at_the_last_instant_of_its_window() -> None:
    case = World().case()
    passes(case.with_measured(now=NOW - timedelta(minutes=5)))
    passes(case.with_measured(now=NOW + timedelta(hours=6) - timedelta(milliseconds=1)))
    assert refused(case.with_measured(now=NOW + timedelta(hours=6))) == "R8"
    assert refused(case.with_measured(now=NOW - timedelta(minutes=5, milliseconds=1))) == "R8"


# -- wrong facts, properly signed ------------------------------------------------------------------------------------

SIGNED_WRONG: dict[str, tuple[str, Callable[[], World]]] = {
    "another unit in the authority": ("R1", lambda: World(authority={"unit_id": "unit-9"})),
    "another unit in the bundle": ("R31", lambda: World(bundle={"unit_id": "unit-9"})),
    "another deployment in the bundle": ("R31", lambda: World(bundle={"deployment_id": "dep-9"})),
    "another recipient in the bundle": ("R31", lambda: World(bundle={"recipient": age.new_identity()[1]})),
    "a bundle sealed under another authority": ("R31", lambda: World(bundle={"authority": digest_of(b"other")})),
    "an authority of another force": ("R1", lambda: World(authority={"force": "othershire"})),
    "a camera the authority does not name": ("R1", lambda: World(authority={"camera_ids": ("camera-7",)})),
    "an operator the authority does not name": ("R1", lambda: World(authority={"operator_ids": ("op-77",)})),
    "an officer who is only an inspector": ("R2", lambda: World(persons={"ao-01": {"rank": Rank.CHIEF_INSPECTOR}})),
    "an officer who is police staff": ("R2", lambda: World(persons={"ao-01": {"rank": Rank.STAFF}})),
    "an officer without the role": ("R1", lambda: World(persons={"ao-01": {"roles": (Role.SILVER,)}})),
    "an officer whose roster entry was revoked": ("R1", lambda: World(persons={"ao-01": {"revoked_at": "2026-12-05T09:00:00.000Z"}})),
    "an officer who applied": ("R4", lambda: World(authority={"applicant_id": "ao-01"})),
    "an officer who operates": ("R4", lambda: World(authority={"operator_ids": ("op-01", "ao-01")})),
    "an assertion by somebody else": ("R1", lambda: World(authority_signer="ap-01")),
    "an assertion to do something else": ("R1", lambda: World(authority_action=Action.STOP)),
    "a log entry of another authority": ("R66", lambda: World(entry={"decision": digest_of(b"another")})),
    "a log entry with another list": ("R66", lambda: World(entry={"list_root": "cd" * 32})),
    "a log entry with a longer window": ("R66", lambda: World(entry={"window_end": "2026-12-06T00:00:00.000Z"})),
    "a checkpoint nobody cosigned": ("R66", lambda: World(witnesses_who_cosign=0)),
    "one witness where the roster asks for two": ("R66", lambda: World(roster={"witness_threshold": 2})),
    "a cosignature from the future": ("R20", lambda: World(cosigned_at=NOW + timedelta(seconds=1))),
    "a list compiled too early": ("R20", lambda: World(bundle={"compiled_at": "2026-12-04T09:59:59.999Z"})),
    "a list compiled tomorrow": ("R20", lambda: World(bundle={"compiled_at": "2026-12-05T10:05:00.001Z"})),
    "an expired bundle": ("R20", lambda: World(bundle={"not_after": "2026-12-05T10:05:00.000Z"})),
    "a bundle not yet valid": ("R20", lambda: World(bundle={"not_before": "2026-12-05T10:05:00.001Z"})),
    "another list root in the bundle": ("R1", lambda: World(bundle={"list_root": "cd" * 32})),
    "leaves beyond the approved list": ("R1", lambda: World(authority={"watchlist": _summary(2)})),
    "the removal of somebody never listed": ("R28", lambda: World(bundle={"removals": ("cd" * 32,)})),
    "templates of another pack": ("R35", lambda: World(bundle={"pack_digest": digest_of(b"other pack")})),
    "a bundle that is not asserted by a compiler": ("R31", lambda: World(bundle_signer="eo-01")),
    "a certificate for another pipeline": (
        "R35",
        lambda: World(certificate={"pipeline": "{}", "pipeline_digest": digest_of(b"{}")}),
    ),
    "a certificate whose digest is not that of the pipeline it spells out": (
        "R37",
        lambda: World(certificate={"pipeline_digest": digest_of(b"other")}),
    ),
    "a certificate for another pack": ("R35", lambda: World(certificate={"pack_digest": digest_of(b"other")})),
    "an expired certificate": ("R37", lambda: World(certificate={"valid_to": "2026-12-05T10:05:00.000Z"})),
    "a certificate that runs out before the authority ends": ("R37", lambda: World(certificate={"valid_to": "2026-12-05T12:00:00.000Z"})),
    "a certified threshold above the authority's": ("R37", lambda: World(certificate={"bands": (band(100, "0.61"),)})),
    "a list longer than any certified band": ("R37", lambda: World(certificate={"bands": (band(2, "0.60"),)})),
    "an issuer the roster does not know": ("R37", lambda: World(certificate={"issuer": "somebody"})),
    "another certificate than the authority's": ("R37", lambda: World(authority={"certificate": digest_of(b"other")})),
    "a roster that ran out": ("R1", lambda: World(roster={"valid_to": "2026-12-05T10:05:00.000Z"})),
    "a roster signed by one root of three": ("R1", lambda: World(roster_signers=1)),
    "a roster that asks for too few roots": ("R1", lambda: World(roster={"root_threshold": 1})),
    "an engagement officer without the role": ("R46", lambda: World(persons={"eo-02": {"roles": (Role.OPERATOR,)}})),
    "an operator without the role": ("R33", lambda: World(persons={"op-01": {"roles": (Role.APPLICANT,)}})),
}


def _summary(people: int) -> ListSummary:
    return _list_summary([listed(number, digest_of(b"pack")).leaf for number in range(people)])


def _list_summary(leaves: list[str]) -> ListSummary:
    return ListSummary(root=list_root(leaves), size=len(leaves), by_category={}, by_source={}, under_18=0)


@pytest.mark.parametrize("what", SIGNED_WRONG)
def test_a_properly_signed_set_is_refused_for_one_wrong_fact(what: str) -> None:
    rule_id, world = SIGNED_WRONG[what]
    assert refused(world().case()) == rule_id


# -- altered after signing ------------------------------------------------------------------------------------------


def test_an_authority_altered_by_one_word_is_refused() -> None:
    case = World().case()
    assert refused(case.with_presented(authority=forge(case.presented.authority, "Op TEST", "Op BEST"))) == "R1"


def test_an_authority_countersigned_by_a_key_that_is_not_the_offices_is_refused() -> None:
    world = World()
    case, true_office = world.case(), world.office
    world.office = SigningKey.generate()
    stranger = world.case().presented
    world.office = true_office
    assert refused(case.with_presented(authority=stranger.authority, authority_proof=stranger.authority_proof)) == "R1"


def test_an_altered_bundle_envelope_and_an_altered_cipher_text_are_refused() -> None:
    case = World().case()
    assert refused(case.with_presented(bundle=forge(case.presented.bundle, "2026-12-05T16:05", "2026-12-05T23:05"))) == "R31"
    cipher = bytearray(case.presented.cipher)
    cipher[-1] ^= 1
    assert refused(case.with_presented(cipher=bytes(cipher))) == "R31"


def test_an_altered_certificate_is_refused() -> None:
    case = World().case()
    assert refused(case.with_presented(certificate=forge(case.presented.certificate, "0.60", "0.40"))) == "R37"


def test_an_altered_roster_is_refused() -> None:
    case = World().case()
    assert refused(case.with_presented(roster=forge(case.presented.roster, "ap-01", "xx-01"))) == "R1"


def test_without_a_proof_or_with_a_broken_one_no_start() -> None:
    case = World().case()
    assert refused(case.with_presented(authority_proof="")) == "R66"
    assert refused(case.with_presented(authority_proof="not a proof")) == "R66"
    assert refused(case.with_presented(authority_proof=case.presented.authority_proof.replace("index 1", "index 2"))) == "R66"
    assert refused(case.with_presented(authority_proof=World().case().presented.authority_proof)) == "R66"


def test_things_that_are_not_objects_at_all_are_refusals_not_crashes() -> None:
    case = World().case()
    for name in ("roster", "authority", "certificate", "bundle", "cipher"):
        for junk in (b"", b"{}", b"\x00" * 100):
            refused(case.with_presented(**{name: junk}))


# -- this unit, this hour, these people -----------------------------------------------------------------------------


def test_a_clock_turned_back_is_refused() -> None:
    case = World().case()
    passes(case.with_remembered(last_seen=NOW, newest_cosignature=NOW))
    assert refused(case.with_remembered(last_seen=NOW + timedelta(milliseconds=1))) == "R20"
    assert refused(case.with_remembered(newest_cosignature=NOW + timedelta(milliseconds=1))) == "R20"


def test_a_roster_older_than_one_seen_before_is_refused() -> None:
    case = World().case()
    passes(case.with_remembered(roster_version=7))
    assert refused(case.with_remembered(roster_version=8)) == "R1"


def test_another_pinned_root_is_refused() -> None:
    assert refused(World().case().with_remembered(pin=RootPin.parse(World().root_text))) == "R1"


def test_another_unit_key_or_one_use_key_than_enrolled_is_refused() -> None:
    case = World().case()
    assert refused(case.with_measured(unit_key=SigningKey.generate().public)) == "R1"
    assert refused(case.with_measured(one_use_key=lambda: age.new_identity()[0])) == "R31"


def test_a_pack_or_pipeline_that_measures_differently_is_refused() -> None:
    case = World().case()
    assert refused(case.with_measured(pack_digest=digest_of(b"changed"))) == "R35"
    assert refused(case.with_measured(pipeline_digest=digest_of(b"changed"))) == "R35"


def test_a_camera_beyond_the_authority_and_no_camera_at_all_are_refused() -> None:
    case = World().case()
    assert refused(case.with_measured(camera_ids=(CAMERA, "camera-2"))) == "R1"
    assert refused(case.with_measured(camera_ids=())) == "R1"


@pytest.mark.parametrize(
    ("changes", "rule_id"),
    [
        ({"at_place": False}, "R1"),
        ({"signs_checked": False}, "R83"),
        ({"briefed": False}, "R96"),
        ({"operator_id": "eo-01"}, "R1"),
        ({"engagement_officer_ids": ()}, "R46"),
        ({"engagement_officer_ids": ("op-01",)}, "R46"),
        ({"engagement_officer_ids": ("nobody",)}, "R46"),
    ],
)
def test_what_people_on_the_spot_must_confirm(changes: dict[str, object], rule_id: str) -> None:
    assert refused(World().case().with_confirmed(**changes)) == rule_id


# -- modes ----------------------------------------------------------------------------------------------------------


def operational() -> World:
    """Everything a real deployment needs: an independent body, rates by group, hardware keys in the roster."""
    world = World(mode=Mode.OPERATIONAL, certificate={"groups": GROUPS})
    world.roster = {"test_bodies": (TestBody(name="lab", spki=world.tester.public.text, independent=True),)}
    world.persons = {
        who: {"credentials": (key.credential.model_copy(update={"authenticator": Authenticator.PASSKEY}),)}
        for who, key in world.keys.items()
    }
    return world


def test_an_operational_set_passes_without_findings() -> None:
    assert passes(operational().case()).findings == ()


def test_what_a_demonstration_only_shows_refuses_in_operational_mode() -> None:
    world = operational()
    world.roster = {}
    assert refused(world.case()) == "R37"
    world = operational()
    world.certificate = {}
    assert refused(world.case()) == "R27,R38"


def test_operational_mode_refuses_a_software_key_and_a_simulated_clock() -> None:
    world = operational()
    world.persons = {}
    assert refused(world.case()) == "R33"
    assert refused(operational().case().with_measured(clock_simulated=True)) == "R36"


def test_a_demonstration_authority_does_not_start_an_operational_unit_nor_the_other_way_round() -> None:
    assert refused(World().case().with_measured(mode=Mode.OPERATIONAL)) == "R1"
    assert refused(operational().case().with_measured(mode=Mode.DEMONSTRATION)) == "R1"


def test_removals_take_people_off_the_sealed_list() -> None:
    world = World()
    sealed = world.people
    removed = sealed[1].leaf
    world.bundle = {"removals": (removed,), "leaves": tuple(person.leaf for person in sealed)}
    world.authority = {"watchlist": _list_summary([person.leaf for person in sealed])}
    world.people = [sealed[0], sealed[2]]
    assert {person.entry.entry_id for person in passes(world.case()).people} == {"entry-0", "entry-2"}
    world.people = sealed  # sealed although removed
    assert refused(world.case()).startswith("R28")


def test_a_window_entirely_in_the_past_is_refused() -> None:
    window = Window(start="2026-12-05T08:00:00.000Z", end="2026-12-05T09:00:00.000Z")
    assert refused(World(authority={"window": window}).case()) == "R8"
