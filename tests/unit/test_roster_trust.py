"""A roster is believed only with its roots' signatures, in its time, and never an older one after a newer (R1, R33)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from governance.ledger.note import Signer
from governance.messages.roster import Rank, Role
from governance.roster import MAX_ROOT_KEYS, RootPin, trust_roster
from lfr_engine.errors import BadInput, Refused, VerificationFailed
from tests.unit_world import NOW, UNIT, World
from watchlist.sealing.keys import SigningKey

WORLD = World()
ENVELOPE = WORLD.case().presented.roster
PIN = RootPin.parse(WORLD.root_text)


def rosters(**changes: object) -> bytes:
    """A roster by the same roots with changes."""
    return WORLD.signed(WORLD._roster().model_copy(update=changes), *WORLD.roots)


def test_two_of_three_roots_are_enough_and_one_is_not() -> None:
    assert PIN.threshold == 2
    assert trust_roster(ENVELOPE, PIN, at=NOW).roster.version == 7
    alone = WORLD.signed(WORLD._roster(), WORLD.roots[0])
    with pytest.raises(VerificationFailed):
        trust_roster(alone, PIN, at=NOW)


@pytest.mark.parametrize(("keys", "majority"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_a_majority_is_strict(keys: int, majority: int) -> None:
    text = "".join(Signer(f"root-{n}", SigningKey.generate().private).vkey + "\n" for n in range(keys))
    assert RootPin.parse(text).threshold == majority


def test_a_roster_cannot_ask_for_fewer_roots_than_a_majority() -> None:
    with pytest.raises(VerificationFailed, match="a majority is 2"):
        trust_roster(rosters(root_threshold=1), PIN, at=NOW)


def test_a_roster_that_asks_for_every_root_is_not_believed_with_a_majority() -> None:
    asks_for_three = WORLD._roster().model_copy(update={"root_threshold": 3})
    with pytest.raises(VerificationFailed):
        trust_roster(WORLD.signed(asks_for_three, *WORLD.roots[:2]), PIN, at=NOW)
    assert trust_roster(WORLD.signed(asks_for_three, *WORLD.roots), PIN, at=NOW).roster.root_threshold == 3


def test_a_roster_of_another_force_signed_by_its_own_roots_is_not_believed() -> None:
    with pytest.raises(VerificationFailed):
        trust_roster(World().case().presented.roster, PIN, at=NOW)


def test_an_older_roster_is_refused_once_a_newer_was_seen() -> None:
    with pytest.raises(Refused) as caught:
        trust_roster(ENVELOPE, PIN, at=NOW, seen_version=8)
    assert caught.value.rule_ids == ("R1",)
    trust_roster(ENVELOPE, PIN, at=NOW, seen_version=7)


def test_a_roster_counts_from_its_first_instant_and_no_longer_at_its_last() -> None:
    start, end = NOW - timedelta(days=30), NOW + timedelta(days=300)
    trust_roster(ENVELOPE, PIN, at=start)
    trust_roster(ENVELOPE, PIN, at=end - timedelta(milliseconds=1))
    for at in (start - timedelta(milliseconds=1), end):
        with pytest.raises(Refused, match="not now"):
            trust_roster(ENVELOPE, PIN, at=at)


def test_a_person_has_the_roles_the_roster_gives_and_no_other() -> None:
    trusted = trust_roster(ENVELOPE, PIN, at=NOW)
    assert trusted.person("ao-01", Role.AUTHORISING_OFFICER).rank is Rank.SUPERINTENDENT
    assert trusted.person("ao-01", Role.SILVER, Role.AUTHORISING_OFFICER).person_id == "ao-01"
    for who, role in (("ao-01", Role.OPERATOR), ("nobody", Role.OPERATOR), ("AO-01", Role.AUTHORISING_OFFICER)):
        with pytest.raises(Refused) as caught:
            trusted.person(who, role, rule_id="R2")
        assert caught.value.rule_ids == ("R2",)


@pytest.mark.parametrize(
    "changes",
    [{"revoked_at": "2026-12-05T09:00:00.000Z"}, {"valid_to": "2026-12-05T09:00:00.000Z"}, {"valid_from": "2026-12-06T09:00:00.000Z"}],
)
def test_a_person_or_unit_that_is_revoked_expired_or_not_yet_valid_counts_as_absent(changes: dict[str, object]) -> None:
    base = WORLD._roster()
    persons = tuple(one.model_copy(update=changes if one.person_id == "ao-01" else {}) for one in base.persons)
    trusted = trust_roster(rosters(persons=persons, units=(base.units[0].model_copy(update=changes),)), PIN, at=NOW)
    with pytest.raises(Refused):
        trusted.person("ao-01")
    with pytest.raises(Refused) as caught:
        trusted.unit_key(UNIT)
    assert caught.value.rule_ids == ("R1",)
    assert trusted.person("op-01").person_id == "op-01"


def test_a_revocation_still_to_come_does_not_count_yet() -> None:
    base = WORLD._roster()
    later = base.units[0].model_copy(update={"revoked_at": "2026-12-31T00:00:00.000Z"})
    trusted = trust_roster(rosters(units=(later,)), PIN, at=NOW)
    assert trusted.unit(UNIT).unit_id == UNIT
    with pytest.raises(Refused):
        replace(trusted, at=NOW + timedelta(days=40)).unit(UNIT)


def test_an_unknown_test_body_issues_nothing() -> None:
    with pytest.raises(Refused) as caught:
        trust_roster(ENVELOPE, PIN, at=NOW).test_body("somebody")
    assert caught.value.rule_ids == ("R37",)


LINES = WORLD.root_text.splitlines()


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "no key\n", f"{LINES[0]}\n{LINES[0]}\n", LINES[0][:-2] + "\n", (LINES[0] + "\n") * (MAX_ROOT_KEYS + 1)],
    ids=["empty", "blank lines", "no key", "the same key twice", "an altered key", "too many"],
)
def test_a_root_file_that_is_not_a_list_of_different_keys_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        RootPin.parse(text)


def test_the_same_root_key_under_two_names_is_one_key() -> None:
    key = SigningKey.generate().private
    with pytest.raises(BadInput, match="twice"):
        RootPin.parse(f"{Signer('chief', key).vkey}\n{Signer('pcc', key).vkey}\n")
