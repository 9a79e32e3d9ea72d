"""Each rule on an application finds what it is for, and is content without it (R2-R10, R19-R27, R37, R38, R82)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from governance.messages.application import Content
from governance.messages.certificate import Band, Certificate, GroupRate, Predicted
from governance.messages.model import ModelState
from governance.messages.payload import Mode, digest_of
from governance.messages.roster import Person, Rank, TestBody
from governance.rules import application as rules
from governance.rules.application import REQUIRED_DOCUMENTS, Case, findings
from governance.rules.finding import Finding, Level
from governance.rules.profile import COMPILE_BEFORE_START_CEILING, UK_APP_2022, Profile
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput
from tests.certified import certificate
from tests.unit_world import listed
from watchlist.categories import Category, ImageSource
from watchlist.entry import Entry
from webui.cli.demo_application import application_fields

NOW = datetime(2026, 12, 5, 8, tzinfo=UTC)
START, END = NOW + timedelta(hours=2), NOW + timedelta(hours=8)
ENTRY = listed(1, digest_of(b"pack")).entry.model_copy(
    update={"reviewed_at": format_utc(NOW), "proposer_id": "co-01", "reviewer_id": "co-02"}
)
CERTIFICATE = certificate(valid_to=format_utc(NOW + timedelta(days=1)))


def officer(rank: Rank = Rank.SUPERINTENDENT, person_id: str = "ao-01") -> Person:
    return Person(
        person_id=person_id,
        name="N",
        rank=rank,
        roles=(),
        credentials=(),
        enrolled_by=("a", "b"),
        valid_from=format_utc(NOW),
        valid_to=format_utc(END),
    )


def content(**changes: Any) -> Content:
    fields = application_fields("Op TEST", "unit-1", START, END, NOW)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = fields
        for parent in parents:
            place = place[parent]
        place[last] = value
    return Content.model_validate_json(json.dumps(fields))


CASE = Case(content(), "ap-01", (ENTRY,), officer(), CERTIFICATE, NOW, Mode.DEMONSTRATION, UK_APP_2022, model_state=ModelState.CERTIFIED)


def case(**changes: Any) -> Case:
    """The unobjectionable case with changes: of the case itself, of its entry, or of the application's content."""
    own = {name: value for name, value in changes.items() if name in Case.__slots__}
    of_entry = {name: value for name, value in changes.items() if name in Entry.model_fields}
    of_content = {name: value for name, value in changes.items() if name not in own and name not in of_entry}
    changed = replace(CASE, content=content(**of_content), **own)
    return replace(changed, entries=(ENTRY.model_copy(update=of_entry), ENTRY)) if of_entry else changed


def levels(found: Case, rule_id: str) -> set[Level]:
    return {finding.level for finding in findings(found) if finding.rule_id == rule_id}


def test_nothing_blocks_the_unobjectionable_case_and_a_demonstration_says_what_would() -> None:
    found = findings(CASE)
    assert not [finding for finding in found if finding.level is Level.BLOCKS]
    assert {finding.rule_id for finding in found if finding.level is Level.WOULD_BLOCK} == {"R27", "R37", "R38", "R82"}


@pytest.mark.parametrize("mode", [Mode.OPERATIONAL, Mode.EXERCISE])
def test_what_a_demonstration_only_shows_blocks_in_earnest(mode: Mode) -> None:
    blocked = {finding.rule_id for finding in findings(case(mode=mode)) if finding.level is Level.BLOCKS}
    not_adopted = {"R98"} if mode is Mode.OPERATIONAL else set()  # certified, but nobody adopted it for real use
    assert blocked == {"R27", "R37", "R38", "R82"} | not_adopted


def test_what_blocks_comes_first() -> None:
    order = [list(Level).index(finding.level) for finding in findings(case(officer=officer(Rank.CONSTABLE), necessity="because of it"))]
    assert order == sorted(order)
    assert order[0] == 0


@pytest.mark.parametrize("rank", Rank)
def test_R2_only_a_superintendent_or_above_authorises(rank: Rank) -> None:
    enough = {Rank.SUPERINTENDENT, Rank.CHIEF_SUPERINTENDENT, Rank.CHIEF_OFFICER}
    assert levels(case(officer=officer(rank)), "R2") == {Level.MET if rank in enough else Level.BLOCKS}


def test_the_ranks_stand_in_their_order() -> None:
    assert [rank.level for rank in Rank] == list(range(8))
    assert Rank.STAFF.level < Rank.CONSTABLE.level < Rank.INSPECTOR.level < Rank.SUPERINTENDENT.level


@pytest.mark.parametrize(
    ("who", "apart"),
    [
        ("ao-01", True),
        ("ap-01", False),  # the applicant
        ("p-operator", False),  # the operator of the application
        ("co-01", False),  # proposed an entry
        ("co-02", False),  # reviewed one
        ("p-silver", True),
    ],
)
def test_R4_the_officer_is_nobody_else_in_this_deployment(who: str, apart: bool) -> None:
    assert levels(case(officer=officer(person_id=who)), "R4") == {Level.MET if apart else Level.BLOCKS}


def test_R4_one_entry_among_many_is_enough_to_be_entangled() -> None:
    others = tuple(ENTRY.model_copy(update={"entry_id": f"e-{n}"}) for n in range(20))
    entangled = (*others, ENTRY.model_copy(update={"reviewer_id": "ao-01"}))
    assert levels(case(entries=others), "R4") == {Level.MET}
    assert levels(case(entries=entangled), "R4") == {Level.BLOCKS}


def test_before_an_officer_is_known_rank_and_separation_say_nothing() -> None:
    assert not levels(case(officer=None), "R2") | levels(case(officer=None), "R4")


LONG = "reasons given in enough words to be reasons at all"
EITHER_WAY: dict[str, tuple[str, dict[str, Any], Level, dict[str, Any], Level | None]] = {
    "a use case outside the closed list": ("R5", {"use_case": "general"}, Level.BLOCKS, {"use_case": "hotspot"}, Level.MET),
    "a kind of place outside the list": ("R5", {"place__location_type": "anywhere"}, Level.BLOCKS, {}, Level.MET),
    "a policy that is not published": ("R5", {"policy__url": "file:///policy"}, Level.BLOCKS, {}, Level.MET),
    "a policy not yet in force": ("R5", {"policy__in_force_from": format_utc(NOW + timedelta(days=1))}, Level.BLOCKS, {}, Level.MET),
    "no grounds for the place": ("R6", {"place__justification": "busy"}, Level.BLOCKS, {"place__justification": LONG}, Level.MET),
    "grounds of spaces": ("R6", {"place__justification": " " * 100}, Level.BLOCKS, {}, Level.MET),
    "no intelligence reference": ("R6", {"place__intelligence_ref": " "}, Level.BLOCKS, {}, Level.MET),
    "no necessity": ("R7", {"necessity": "it is needed"}, Level.BLOCKS, {"necessity": LONG}, None),
    "no proportionality": ("R7", {"proportionality": "it is proportionate"}, Level.BLOCKS, {}, None),
    "no alternatives": ("R7", {"alternatives": "none" + " " * 60}, Level.BLOCKS, {}, None),
    "a window that has passed": ("R8", {"now": END}, Level.BLOCKS, {"now": END - timedelta(milliseconds=1)}, Level.MET),
    "a window longer than the profile": (
        "R8",
        {"window__end": format_utc(START + timedelta(hours=12, milliseconds=1))},
        Level.BLOCKS,
        {"window__end": format_utc(START + timedelta(hours=12))},
        Level.MET,
    ),
    "a sensitive place without reasons": (
        "R9",
        {"sensitive_places": ["hospital"]},
        Level.BLOCKS,
        {"sensitive_places": ["hospital"], "sensitive_rationale": LONG},
        Level.WARNS,
    ),
    "no sensitive place": ("R9", {"sensitive_places": ["school"], "sensitive_rationale": "x"}, Level.BLOCKS, {}, None),
    "a review too long before the start": (
        "R19",
        {"reviewed_at": format_utc(START - timedelta(hours=24, milliseconds=1))},
        Level.BLOCKS,
        {"reviewed_at": format_utc(START - timedelta(hours=24))},
        Level.MET,
    ),
    "somebody under 18": ("R21", {"born": date(2010, 1, 1)}, Level.WARNS, {"born": date(2000, 1, 1)}, Level.MET),
    "somebody of unknown age": ("R21", {"born": None}, Level.WARNS, {}, Level.MET),
    "a witness": ("R22", {"category": Category.WITNESS}, Level.WARNS, {"category": Category.SUSPECT}, None),
    "an old photo": (
        "R24",
        {"image_date": START.date() - timedelta(days=5 * 365 + 1)},
        Level.WARNS,
        {"image_date": START.date() - timedelta(days=5 * 365)},
        None,
    ),
    "a photo from a social network": ("R25", {"image_source": ImageSource.SOCIAL_MEDIA}, Level.WARNS, {}, None),
    "no certificate": ("R37", {"certificate": None}, Level.BLOCKS, {}, Level.WOULD_BLOCK),
    "an expired certificate": ("R37", {"now": NOW + timedelta(days=1)}, Level.BLOCKS, {}, Level.WOULD_BLOCK),
    "no public notice": (
        "R82",
        {"notice_published_at": None},
        Level.WOULD_BLOCK,
        {"notice_published_at": format_utc(START - timedelta(hours=24))},
        Level.MET,
    ),
    "a late public notice": (
        "R82",
        {"notice_published_at": format_utc(START - timedelta(hours=24) + timedelta(milliseconds=1))},
        Level.WOULD_BLOCK,
        {"notice_published_at": format_utc(START - timedelta(hours=30))},
        Level.MET,
    ),
}


@pytest.mark.parametrize("what", EITHER_WAY)
def test_the_rule_finds_it_and_is_content_without_it(what: str) -> None:
    rule_id, wrong, found, right, otherwise = EITHER_WAY[what]
    assert found in levels(case(**wrong), rule_id)
    assert levels(case(**right), rule_id) == (set() if otherwise is None else {otherwise})


@pytest.mark.parametrize("kind", REQUIRED_DOCUMENTS)
def test_R10_each_assessment_must_be_there_and_within_its_review(kind: str) -> None:
    have = CASE.content.documents
    without = replace(CASE, content=CASE.content.model_copy(update={"documents": tuple(one for one in have if one.kind != kind)}))
    assert Level.BLOCKS in levels(without, "R10")
    due = tuple(one.model_copy(update={"review_due": format_utc(NOW)}) if one.kind == kind else one for one in have)
    assert Level.BLOCKS in levels(replace(CASE, content=CASE.content.model_copy(update={"documents": due})), "R10")
    assert levels(CASE, "R10") == {Level.MET}


def test_R38_a_certificate_without_rates_by_group_is_shown_to_lack_them() -> None:
    assert levels(CASE, "R38") == {Level.WOULD_BLOCK}
    assert levels(case(certificate=certificate_after(false_n=2, attributes=("sex",))), "R38") == {Level.WOULD_BLOCK}
    assert not levels(case(certificate=certificate_after(false_n=2)), "R38")
    told = certificate_after(false_n=2)
    for changes in ({"group": "not stated"}, {"group": "one"}, {"recognised_k": 0, "recognised_n": 0}, {"false_n": 0}):
        groups = (*told.groups[:-1], told.groups[-1].model_copy(update=changes))
        lacking = case(certificate=told.model_copy(update={"groups": groups}))
        assert levels(lacking, "R38") == {Level.WOULD_BLOCK}  # one group that was measured is no breakdown


def test_R37_a_certificate_that_runs_out_within_the_window_blocks() -> None:
    lasting = certificate_after(false_n=2).model_copy(update={"valid_to": format_utc(END)})
    assert Level.BLOCKS not in levels(case(certificate=lasting), "R37")
    short = lasting.model_copy(update={"valid_to": format_utc(END - timedelta(seconds=1))})
    assert Level.BLOCKS in levels(case(certificate=short), "R37")


def test_R27_a_bound_better_than_its_own_counts_is_not_believed_and_walkers_lengthen_the_list() -> None:
    def predicted(k: int, n: int) -> Predicted:
        return Predicted(k=k, n=n, expected="0.00001", low="0.0", high="0.0001", method="made up", extrapolated=False)

    size = len(CASE.entries)
    bands = (
        Band(max_entries=size, threshold="0.6", false_alerts=predicted(0, 5_000)),
        Band(max_entries=size + 5, threshold="0.6", false_alerts=predicted(9, 5_000)),
    )
    banded = case(certificate=CERTIFICATE.model_copy(update={"bands": bands, "groups": ()}))
    assert not levels(banded, "R27")
    assert levels(replace(banded, walkers=5), "R27") == {Level.WOULD_BLOCK}


def test_R27_and_R37_are_content_with_enough_trials_by_an_independent_body() -> None:
    independent = TestBody(name="npl", spki="", independent=True)
    assert levels(case(certificate=certificate_after(false_n=3_600)), "R27") == {Level.WOULD_BLOCK}
    assert not levels(case(certificate=certificate_after(false_n=3_700)), "R27")
    assert levels(CASE, "R37") == {Level.WOULD_BLOCK}
    assert not levels(replace(CASE, issuer=independent), "R37")


def certificate_after(*, false_n: int, attributes: tuple[str, ...] = ("sex", "ethnicity", "age")) -> Certificate:
    """A certificate without a false alert in `false_n` trials of each attribute's two groups together."""
    groups = tuple(
        GroupRate(attribute=attribute, group=group, recognised_k=1, recognised_n=2, false_k=0, false_n=false_n // 2)
        for attribute in attributes
        for group in ("one", "other")
    )
    return CERTIFICATE.model_copy(update={"groups": groups})


def test_every_rule_function_is_asked() -> None:
    written = {name for name in vars(rules) if name.startswith("r") and name[1].isdigit()}
    assert {rule.__name__ for rule in rules.RULES} == written
    assert all(rule.__doc__ for rule in rules.RULES)


def test_every_finding_names_its_rule_a_text_and_a_source() -> None:
    every: list[Callable[[], tuple[Finding, ...]]] = [lambda: findings(CASE), lambda: findings(case(now=END, certificate=None))]
    for found in every:
        assert all(one.rule_id.startswith("R") and one.text and one.source for one in found())


@pytest.mark.parametrize(
    "numbers", [{"compile_before_start": COMPILE_BEFORE_START_CEILING + timedelta(seconds=1)}, {"alert_retention_h": 745}]
)
def test_R104_no_profile_raises_a_ceiling(numbers: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        Profile(name="too-much", **numbers)
    assert caught.value.rule_ids == ("R104",)
    Profile(name="stricter", compile_before_start=timedelta(hours=1), alert_retention_h=0)


@pytest.mark.parametrize(("what", "wrong"), [("camera_ids", []), ("camera_ids", ["c"] * 9), ("operator_ids", []), ("operating_forces", [])])
def test_an_application_without_cameras_operators_or_forces_is_not_complete(what: str, wrong: list[str]) -> None:
    with pytest.raises(ValueError):
        content(**{what: wrong})


@pytest.mark.parametrize("retention", [{"alert_h": 745}, {"watchlist_after_end_h": 25}, {"cctv_d": 32}, {"alert_h": -1}])
def test_no_retention_goes_above_its_ceiling(retention: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        content(retention={"alert_h": 24, "watchlist_after_end_h": 0, "cctv_d": 0, **retention})
