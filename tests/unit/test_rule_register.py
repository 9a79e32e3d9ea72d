"""R106: every rule has a row; "done" is claimed only where code and a test name the rule; the code names no rule that is none."""

from pathlib import Path

import pytest

from governance.rules.register import COUNT, TREE, Rule, register, rules_in, traced

WORDS_OF_STATUS = {"done", "partly", "not"}


def test_every_rule_from_the_first_to_the_last_has_exactly_one_row() -> None:
    assert [rule.id for rule in register()] == [f"R{number}" for number in range(1, COUNT + 1)]


@pytest.mark.parametrize("rule", traced(), ids=lambda rule: rule.id)
def test_a_rule_is_called_done_only_where_code_and_a_test_name_it(rule: Rule) -> None:
    assert rule.status in WORDS_OF_STATUS
    assert rule.sentence.endswith(".")
    assert rule.source
    if rule.status == "done":
        assert rule.code, f"{rule.id} is called done but no code names it"
        assert rule.tests, f"{rule.id} is called done but no test names it"
    if rule.status == "partly":
        assert rule.lacks, f"{rule.id} is called partly done but nothing says what is missing"
        assert rule.code, f"{rule.id} is called partly done but no code names it"


def test_no_code_names_a_rule_that_does_not_exist() -> None:
    known = {rule.id for rule in register()}
    sources = [
        path for folder in ("lfr_engine", "watchlist", "governance", "mobile_unit", "webui") for path in (TREE / folder).rglob("*.py")
    ]
    unknown = {path.name: rules_in(path.read_text("utf-8")) - known for path in sources}
    assert {name: ids for name, ids in unknown.items() if ids} == {}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("(R8, R20)", {"R8", "R20"}),
        ("R35-R37 hold", {"R35", "R36", "R37"}),
        ("R98 to R100", {"R98", "R99", "R100"}),
        ("VAR2 R007 R2D2 RS256 xR5", set()),
    ],
)
def test_ids_are_read_as_people_write_them(text: str, named: set[str]) -> None:
    assert rules_in(text) == named


def test_a_tree_that_names_no_rule_gives_empty_lists(tmp_path: Path) -> None:
    assert all(rule.code == rule.tests == () for rule in traced(tmp_path))
