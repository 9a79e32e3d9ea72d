"""An entry, its commitment and the list root: what an officer asserts cannot be read, guessed or extended (R17, R18, R21, R29)."""

import hashlib
import hmac
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_engine.errors import BadInput
from tests.unit_world import listed
from watchlist.categories import Category, ImageSource, ResponseClass
from watchlist.entry import MAX_ENTRIES, Entry, commitment, list_root, new_nonce
from watchlist.sealing import merkle

PERSON = listed(1, "sha256:" + "ab" * 32)
LEAVES = [hashlib.sha256(bytes([number])).hexdigest() for number in range(7)]


def with_fields(**changes: Any) -> bytes:
    fields = {**json.loads(PERSON.content), **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()


def test_an_entry_comes_back_from_its_exact_bytes() -> None:
    assert Entry.from_bytes(PERSON.content).to_bytes() == PERSON.content


@pytest.mark.parametrize("category", ["other", "intelligence", "", "SUSPECT", None, 1])
def test_R17_there_is_no_category_outside_the_eight(category: object) -> None:
    assert len(Category) == 8
    with pytest.raises(BadInput, match="category"):
        Entry.from_bytes(with_fields(category=category))


@pytest.mark.parametrize("response", ["intelligence", "none", ""])
def test_R56_there_is_no_response_class_for_intelligence(response: str) -> None:
    with pytest.raises(BadInput, match="response"):
        Entry.from_bytes(with_fields(response=response))


REQUIRED = [name for name in json.loads(PERSON.content) if name != "safety_markers"]


@pytest.mark.parametrize("name", REQUIRED)
def test_R18_no_field_may_be_missing(name: str) -> None:
    with pytest.raises(BadInput, match=name):
        Entry.from_bytes(with_fields(**{name: ...}))


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": 1},
        {"justification": "short"},
        {"justification": " " * 40},
        {"subject_ref": "   "},
        {"quality": 1.01},
        {"quality": -0.01},
        {"quality": float("nan")},
        {"image": "sha256:" + "AB" * 32},
        {"image_date": "2026-02-30"},
        {"entry_id": "../x"},
        {"born": "unknown"},
    ],
)
def test_what_does_not_fit_an_entry_is_bad_input(changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        Entry.from_bytes(with_fields(**changes))


@pytest.mark.parametrize(
    ("born", "on", "young"),
    [
        (None, date(2026, 12, 5), True),
        (date(2008, 12, 5), date(2026, 12, 4), True),
        (date(2008, 12, 5), date(2026, 12, 5), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (date(2008, 2, 29), date(2026, 3, 1), False),
        (date(2027, 1, 1), date(2026, 12, 5), True),
        (date(1960, 1, 1), date(2026, 12, 5), False),
    ],
)
def test_R21_unknown_age_counts_as_a_child_and_eighteen_begins_on_the_birthday(born: date | None, on: date, young: bool) -> None:
    assert PERSON.entry.model_copy(update={"born": born}).under_18(on) is young


def test_only_associates_witnesses_and_victims_need_approval_by_name() -> None:
    assert {one for one in Category if one.needs_individual_approval} == {Category.ASSOCIATE, Category.WITNESS, Category.VICTIM}


def test_R56_only_photos_from_outside_the_police_need_their_holding_confirmed() -> None:
    asked = {one for one in ImageSource if one.needs_lawful_holding_check}
    assert asked == {ImageSource.THIRD_PARTY, ImageSource.SOCIAL_MEDIA, ImageSource.PUBLIC_BODY}
    assert {one.value for one in ResponseClass} == {"red", "amber", "safeguarding"}


def test_a_commitment_is_hmac_sha256_under_the_entrys_own_nonce() -> None:
    nonce = bytes(range(32))
    assert commitment(b"entry", nonce) == hmac.new(nonce, b"entry", hashlib.sha256).hexdigest()
    assert len(new_nonce()) == 32
    assert new_nonce() != new_nonce()


def test_a_guess_cannot_be_tested_against_a_commitment_without_the_nonce() -> None:
    leaf = commitment(PERSON.content, PERSON.nonce)
    assert leaf == PERSON.leaf
    assert leaf != commitment(PERSON.content, bytes(32))
    assert leaf != hashlib.sha256(PERSON.content).hexdigest()


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_nonce_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(b"entry", bytes(size))


@given(st.integers(0, len(PERSON.content) - 1), st.integers(1, 255))
def test_one_changed_byte_of_an_entry_is_another_leaf(place: int, flip: int) -> None:
    changed = bytearray(PERSON.content)
    changed[place] ^= flip
    assert commitment(bytes(changed), PERSON.nonce) != PERSON.leaf


def test_the_list_root_is_the_rfc_6962_root_over_the_sorted_leaves() -> None:
    assert list_root(LEAVES) == merkle.root([merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in sorted(LEAVES)]).hex()


@settings(max_examples=30)
@given(st.permutations(LEAVES))
def test_the_order_in_which_people_were_added_does_not_show_in_the_root(leaves: list[str]) -> None:
    assert list_root(leaves) == list_root(LEAVES)


def test_one_person_more_fewer_or_exchanged_is_another_root() -> None:
    root = list_root(LEAVES)
    extra = hashlib.sha256(b"extra").hexdigest()
    assert len({root, list_root([*LEAVES, extra]), list_root(LEAVES[1:]), list_root([extra, *LEAVES[1:]])}) == 4


def test_a_list_is_neither_empty_nor_too_long_nor_has_anybody_twice() -> None:
    for leaves in ([], [LEAVES[0], LEAVES[0]], [f"{number:064x}" for number in range(MAX_ENTRIES + 1)]):
        with pytest.raises(BadInput):
            list_root(leaves)
