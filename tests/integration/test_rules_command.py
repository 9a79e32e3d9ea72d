"""`lfr rules trace` tells every rule with its code, its tests and its status (R106)."""

import json

from click.testing import CliRunner

from webui.cli.rules import rules


def test_R106_the_trace_holds_every_rule_with_the_keys_that_others_read() -> None:
    told = json.loads(CliRunner().invoke(rules, ["trace", "--json"]).output)["rules"]
    assert [one["id"] for one in told] == [f"R{number}" for number in range(1, 107)]
    assert all({"id", "sentence", "source", "code", "tests", "status"} <= set(one) for one in told)
    assert {one["status"] for one in told} == {"done", "partly", "not"}


def test_only_those_of_one_status_are_told_where_one_is_named() -> None:
    told = json.loads(CliRunner().invoke(rules, ["trace", "--json", "--status", "not"]).output)["rules"]
    assert told
    assert {one["status"] for one in told} == {"not"}


def test_in_words_each_unmet_rule_says_what_it_lacks_and_the_last_line_counts() -> None:
    told = CliRunner().invoke(rules, ["trace", "--status", "partly"]).output
    assert told.count("lacks: ") == told.splitlines()[-1].count("partly") * int(told.splitlines()[-1].split("partly")[0].split(",")[1])
