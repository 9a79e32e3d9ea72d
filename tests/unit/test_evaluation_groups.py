"""Rates by group: small groups do not show, ratios and tests are those of the published definitions, and words claim no more."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from scipy.stats import fisher_exact

from lfr_engine.evaluation.document import Section
from lfr_engine.evaluation.equality import Trial, compare, rate_of, too_small
from lfr_engine.evaluation.group_report import NO_GROUPS, group_sections, groups_json
from lfr_engine.evaluation.groups import Groups
from lfr_engine.evaluation.interval import BY_PERSON, EXACT, exactly
from lfr_engine.evaluation.wording import FORBIDDEN, between, in_words, outward, percent

ROOT = Path(__file__).resolve().parents[2]


def _world(sizes: dict[str, tuple[int, int]], unstated: int = 0) -> tuple[Groups, list[Trial]]:
    """Groups of so many people of whom so many are missed, and the trials of all."""
    trials = [Trial(f"{group}{person}", person < missed) for group, (people, missed) in sizes.items() for person in range(people)]
    trials += [Trial(f"?{person}", False) for person in range(unstated)]
    members = {group: frozenset(f"{group}{person}" for person in range(people)) for group, (people, _) in sizes.items()}
    return Groups({"skin": members}, {"skin": frozenset(f"?{person}" for person in range(unstated))}), trials


def test_R76_ratios_and_the_exact_test_are_those_of_their_definitions() -> None:
    groups, trials = _world({"a": (100, 2), "b": (100, 8), "c": (200, 8)})
    a, b, c = compare(groups, trials, [], seed=1)
    assert (a.missed.ratio_to_best, b.missed.ratio_to_best, c.missed.ratio_to_best) == pytest.approx((1, 4, 2))
    mean = math.cbrt(0.02 * 0.08 * 0.04)
    assert b.missed.ratio_to_geometric_mean == pytest.approx(0.08 / mean)
    assert b.missed.p_value == pytest.approx(fisher_exact([[8, 92], [10, 290]]).pvalue)
    assert b.missed.p_adjusted >= b.missed.p_value
    assert a.missed.rate == exactly(2, 100)
    assert a.missed.smallest_ratio_noticed is not None


def test_a_group_without_any_event_makes_ratios_meaningless_and_none_is_given() -> None:
    groups, trials = _world({"a": (100, 0), "b": (100, 8)})
    for one in compare(groups, trials, [], seed=1):
        assert one.missed.ratio_to_best is None
        assert one.missed.ratio_to_geometric_mean is None


def test_people_in_no_group_are_a_group_of_their_own() -> None:
    groups, trials = _world({"a": (50, 1)}, unstated=10)
    assert [(one.group, one.people) for one in compare(groups, trials, [], seed=1)] == [("a", 50), ("not stated", 10)]


@pytest.mark.parametrize("small", [0, 1, 2, 3, 4])
def test_a_group_of_fewer_than_five_shows_no_count_and_neither_does_the_next_smallest(small: int) -> None:
    groups, trials = _world({"many": (200, 10), "some": (40, 2), "few": (small, small // 2)})
    figures = compare(groups, trials, [], seed=1)
    assert {one.group: one.hidden for one in figures} == {"many": False, "some": True, "few": True}
    for one in groups_json(figures):
        if one["hidden"]:
            assert one["people"] is None
            assert one["recognised_n"] is None
            missed = one["missed"]
            assert isinstance(missed, dict)
            assert (missed["k"], missed["n"], missed["value"], missed["fisher_p"]) == (None, None, None, None)
            low, high = missed["ci"]
            assert 0 <= low < high <= 1  # the interval is always said
            assert (low * 10, high * 10) == pytest.approx((round(low * 10), round(high * 10)))
    table = _rows(group_sections(figures, "strangers"))
    assert not [row for row in table if row[0] in ("few", "some") and any(re.search(r"\d of \d", cell) for cell in row)]


def _rows(sections: tuple[Section, ...]) -> list[tuple[str, ...]]:
    return [row for section in sections for table in section.tables for row in table.rows]


def test_one_rate_of_too_few_people_hides_the_group_though_it_is_large() -> None:
    groups, trials = _world({"a": (100, 2), "b": (100, 8), "c": (100, 3)})
    falses = [
        Trial("a1", True),
        Trial("a2", False),
        *(Trial(f"b{n}", False) for n in range(50)),
        *(Trial(f"c{n}", False) for n in range(60)),
    ]
    assert {one.group for one in compare(groups, trials, falses, seed=1) if one.hidden} == {"a", "b"}


def test_which_groups_are_hidden() -> None:
    assert too_small([100, 50, 4]) == [False, True, True]
    assert too_small([100, 4, 3]) == [False, True, True]
    assert too_small([100, 5]) == [False, False]
    assert too_small([4]) == [True]
    assert too_small([]) == []


def test_the_widened_interval_holds_the_true_one() -> None:
    for k, n in [(0, 1), (1, 1), (0, 4), (2, 4), (3, 3)]:
        rate = exactly(k, n)
        low, high = outward(rate)
        assert low <= rate.low < rate.high <= high


def test_trials_that_share_people_are_not_taken_as_independent() -> None:
    assert rate_of([Trial("a", True), Trial("b", False)], 1).method == EXACT
    shared = rate_of([Trial("a", True), Trial("a", True), Trial("b", False), Trial("b", False)], 1)
    assert shared.method == BY_PERSON


def test_without_groups_a_report_says_that_nothing_is_known() -> None:
    assert group_sections((), "strangers")[0].paragraphs == (NO_GROUPS,)


def test_R76_equal_rates_are_called_a_test_that_saw_nothing() -> None:
    groups, trials = _world({"a": (500, 10), "b": (500, 10)})
    words = " ".join(
        " ".join((*section.paragraphs, *section.notes)) for section in group_sections(compare(groups, trials, [], seed=1), "x")
    )
    assert "does not show that the groups fare alike" in words
    assert not FORBIDDEN.search(words)
    groups, trials = _world({"a": (500, 2), "b": (500, 60)})
    words = " ".join(group_sections(compare(groups, trials, [], seed=1), "x")[0].paragraphs)
    assert "Rates differ" in words
    assert "skin b (misses)" in words


@pytest.mark.parametrize(
    "claim", ["no bias", "No Bias found", "unbiased", "100% accurate", "100 % accurate", "free of bias", "100 per cent certain"]
)
def test_R76_the_lint_knows_the_claims_it_is_there_for(claim: str) -> None:
    assert FORBIDDEN.search(f"The pipeline shows {claim}.")


def _texts() -> Iterator[tuple[str, int, str]]:
    """Every line that a person may come to read: templates, scripts, documents and the strings of the program."""
    for folder in ("lfr_engine", "watchlist", "governance", "mobile_unit", "webui", "docs", "scripts"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".html", ".md", ".txt", ".js", ".toml", ".j2"} and "node_modules" not in path.parts:
                for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
                    yield str(path.relative_to(ROOT)), number, line
    for number, line in enumerate((ROOT / "README.md").read_text("utf-8").splitlines(), start=1):
        yield "README.md", number, line


def test_R76_no_text_of_ours_claims_the_absence_of_bias_or_certainty() -> None:
    """A text may name the claim to forbid it: then it stands in quotes or belongs to the pattern itself."""
    found = []
    for name, number, line in _texts():
        for match in FORBIDDEN.finditer(line):
            quoted = line[max(0, match.start() - 1) : match.start()] in ('"', "'", "“", "`")
            if not quoted and not name.endswith("evaluation/wording.py"):
                found.append(f"{name}:{number}: {line.strip()}")
    assert found == []


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 9_913), (9_913, 9_913), (3, 7), (1, 383_356)])
def test_R77_a_rate_in_words_has_its_count_and_its_interval(k: int, n: int) -> None:
    words = in_words(exactly(k, n), "False names", "passages")
    assert f"{n:,} passages" in words
    assert "95 %" in words
    assert not FORBIDDEN.search(words)
    if k in (0, n):
        assert "could be" in words


def test_small_shares_keep_their_digits_and_intervals_those_of_their_width() -> None:
    assert [percent(share) for share in (0.5, 0.998, 3.18e-6, 0.0, 1.0)] == ["50.0 %", "99.80 %", "0.00032 %", "0 %", "100 %"]
    assert between(exactly(13, 14)) == "95 %: 66.1 to 99.8 %"
    assert between(exactly(1, 383_356)) == "95 %: 0.00001 to 0.00145 %"
