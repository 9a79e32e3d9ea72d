"""1:1 and 1:N figures counted again the slow way, and their reports read for what they must and must not say."""

from functools import cache

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lfr_engine.evaluation.document import Document
from lfr_engine.evaluation.equality import Trial, compare
from lfr_engine.evaluation.figures import identification_figures, verification_figures
from lfr_engine.evaluation.group_report import group_sections, groups_json
from lfr_engine.evaluation.groups import Groups
from lfr_engine.evaluation.identification import identify
from lfr_engine.evaluation.interval import EXACT
from lfr_engine.evaluation.operating_point import threshold_above, threshold_for
from lfr_engine.evaluation.pairs import Pair, Pairs
from lfr_engine.evaluation.report_files import html_of, pdf_document
from lfr_engine.evaluation.run import RunFacts, result_digest, result_json
from lfr_engine.evaluation.still_reports import identification_sections, run_facts, verification_sections
from lfr_engine.evaluation.template_store import Kept
from lfr_engine.evaluation.verification import best_threshold, ten_folds, verify
from lfr_engine.evaluation.wording import FORBIDDEN
from tests.evaluation_world import drawn, kept

FACTS = RunFacts("identification", "some-pack", "sha256:aa", "sha256:bb", {"faces": "sha256:cc"}, 1, "0.4")


def _pairs(people: int = 40, noise: float = 0.7) -> tuple[Pairs, dict[str, Kept]]:
    protocol, references, probes = drawn(people, 0, noise=noise)
    same = [Pair(a, b, True) for a, b in zip(protocol.enrolled, protocol.mated, strict=True)]
    different = [Pair(a, protocol.mated[(place + 1) % people], False) for place, a in enumerate(protocol.enrolled)]
    return Pairs((*same, *different), (*protocol.enrolled, *protocol.mated), "the table"), references | probes


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5]), st.booleans()), min_size=2, max_size=30))
def test_no_threshold_judges_more_pairs_rightly_than_the_best_one(pairs: list[tuple[float, bool]]) -> None:
    scores, same = np.array([score for score, _ in pairs]), np.array([kind for _, kind in pairs])
    rightly = [int(((scores >= at) == same).sum()) for at in (0.05, 0.15, 0.25, 0.35, 0.45, 0.55)]
    assert int(((scores >= best_threshold(scores, same)) == same).sum()) == max(rightly)


def test_each_pair_is_judged_at_a_threshold_it_had_no_part_in() -> None:
    """The only pair of one person below the others is judged wrongly: seen by its own fold alone, it cannot move that threshold."""
    scores = np.concatenate([np.linspace(0.5, 0.6, 49), [0.2], np.linspace(0.0, 0.1, 49), [0.3]])
    same = np.concatenate([np.ones(50, bool), np.zeros(50, bool)])
    right, thresholds = ten_folds(scores, same)
    assert len(thresholds) == 10
    assert not right[49]
    assert right[:49].all()


def test_accuracy_and_tar_at_far_are_those_counted_by_hand() -> None:
    material, templates = _pairs()
    found = verify(material, templates, seed=1)
    same = np.array([pair.same for pair in material.pairs])
    [at_tenth] = [point for point in found.points if point.target == 0.1]
    threshold = float(at_tenth.threshold)
    assert (found.scores[~same] >= threshold).sum() == at_tenth.false.k <= 4
    assert (found.scores[same] >= threshold).sum() == at_tenth.accepted.k
    assert (found.scores[~same] >= threshold - 0.0001).sum() > 4 or at_tenth.false.k == 4
    assert [point.target for point in found.points] == [0.1]  # 40 pairs of strangers cannot show 1 in 100
    assert found.accuracy.n == 80


def test_a_photo_without_template_makes_its_pairs_wrong_and_is_counted_apart() -> None:
    material, templates = _pairs(noise=0.0)
    assert verify(material, templates, seed=1).accuracy.k == 80
    templates[material.pairs[0].a.name] = kept(None)
    found = verify(material, templates, seed=1)
    assert found.accuracy.k == 78  # one pair of each kind
    assert (found.failures.k, found.failures.n) == (1, 80)


@given(st.floats(-1, 1), st.integers(1, 60))
def test_a_threshold_has_four_places_and_leaves_the_score_just_below_it(score: float, places: int) -> None:
    above = threshold_above(score)
    assert score < above <= score + 0.000100001
    assert above == round(above, 4)


def test_the_lowest_threshold_that_keeps_to_a_target_is_taken() -> None:
    scores = np.array([0.9, 0.5, 0.5, 0.1])
    assert threshold_for(scores, 0.25) == 0.5001  # two equal scores cannot be parted
    assert threshold_for(scores, 0.5) == 0.5001
    assert threshold_for(scores, 0.75) == 0.1001
    assert threshold_for(scores, 1.0) == -1.0


def test_R100_fnir_and_fpir_are_those_counted_by_hand() -> None:
    protocol, references, probes = drawn(60, 200)
    found = identify(protocol, references, probes, threshold=0.5, seed=1)
    rows = np.stack([references[one.name].vector for one in protocol.enrolled]).astype(np.float64)
    missed = first = returned = 0
    for place, one in enumerate(protocol.mated):
        scores = rows @ probes[one.name].vector.astype(np.float64)
        missed += scores[place] < 0.5
        first += int(scores.argmax()) == place
    for one in protocol.nonmated:
        returned += (rows @ probes[one.name].vector.astype(np.float64)).max() >= 0.5
    assert (found.fnir_at_threshold.k, found.fpir_at_threshold.k, found.rank_one.k) == (missed, returned, first)
    assert found.fnir_at_threshold.method == EXACT
    for point in found.points:
        threshold = float(point.threshold)
        assert point.false.k == (found.searches.stranger_best >= threshold).sum() <= point.target * 200
        assert point.accepted.k == (found.searches.mate >= threshold).sum()
        assert point.accepted.high - point.accepted.low >= point.accepted_fixed.high - point.accepted_fixed.low - 0.03


def test_a_refused_reference_and_a_search_photo_without_face_are_misses_counted_apart() -> None:
    protocol, references, probes = drawn(20, 20, noise=0.1)
    references[protocol.enrolled[0].name] = kept(None)
    probes[protocol.mated[1].name] = kept(None)
    probes[protocol.nonmated[0].name] = kept(None)
    found = identify(protocol, references, probes, threshold=0.6, seed=1)
    assert found.fnir_at_threshold.k == 2
    assert (found.not_enrolled.k, found.not_enrolled.n) == (1, 20)
    assert (found.no_template.k, found.no_template.n) == (2, 40)
    assert found.searches.stranger_best[0] == -2.0


def test_where_nothing_gives_a_template_everything_is_a_miss_and_nothing_false() -> None:
    protocol, references, probes = drawn(12, 12)
    nothing = {name: kept(None) for name in references | probes}
    found = identify(protocol, nothing, nothing, threshold=0.5, seed=1)
    assert (found.fnir_at_threshold.k, found.fpir_at_threshold.k, found.rank_one.k) == (12, 0, 0)
    assert found.det == ()


def test_a_longer_list_returns_somebody_for_more_strangers() -> None:
    protocol, references, probes = drawn(300, 300, seed=4)
    found = identify(protocol, references, probes, threshold=0.36, seed=1)
    rates = [size.fpir_at_threshold.k for size in found.sizes] + [found.fpir_at_threshold.k]
    assert [size.list_size for size in found.sizes] == [50, 100, 200]
    assert rates == sorted(rates)
    assert rates[0] < rates[-1]


def test_the_same_run_gives_the_same_digest_and_time_and_plan_do_not_enter_it() -> None:
    protocol, references, probes = drawn(30, 120)

    def result(seed: int, seconds: float, registered: object) -> dict[str, object]:
        found = identify(protocol, references, probes, threshold=0.5, seed=seed)
        return result_json(FACTS, identification_figures(found), registered=registered, seconds=seconds)

    first, again, other = result(1, 3.0, None), result(1, 9.9, {"plan": "sha256:dd", "run": 2}), result(2, 3.0, None)
    assert first["result_digest"] == again["result_digest"] == result_digest(again)
    assert first["result_digest"] != other["result_digest"]
    assert {"fnir_at_fpir", "n", "ci", "rank1", "by_list_size"} <= set(first)


def test_verification_json_holds_what_the_contract_names() -> None:
    material, templates = _pairs()
    figures = verification_figures(verify(material, templates, seed=1))
    assert {"accuracy", "n", "ci", "tar_at_far", "method"} <= set(figures)
    assert "smoke test" in str(figures["label"])
    assert "method" in figures["tar_at_far"]["0.1"]  # type: ignore[index]


@cache
def _documents() -> list[Document]:
    material, templates = _pairs(noise=0.0)  # everything right: where words would be most tempted
    title, summary, sections = verification_sections(verify(material, templates, seed=1))
    protocol, references, probes = drawn(30, 120, noise=0.0)
    found = identify(protocol, references, probes, threshold=0.9, seed=1)
    people = [one.person for one in (*protocol.mated, *protocol.nonmated)]
    groups = Groups({"sex": {"<b>woman</b>": frozenset(people[::2]), "man": frozenset(people[1::2])}}, {"sex": frozenset()})
    figures = compare(groups, [Trial(name, False) for name in people[:30]], [Trial(name, False) for name in people[30:]], seed=1)
    assert groups_json(figures)[0]["recognised_n"] == 15
    more = identification_sections(found)
    facts = run_facts(FACTS, "sha256:ee", "not registered before it ran")
    return [
        Document(title, "Smoke test", summary, sections, facts),
        Document(more[0], "Technology test", more[1], (*more[2], *group_sections(figures, "strangers returned")), facts),
    ]


def test_R76_R77_a_report_without_any_error_claims_no_certainty() -> None:
    for document in _documents():
        words = document.words() + html_of(document)
        assert not FORBIDDEN.search(words)
        assert "could be" in document.text()
        assert "95 %" in document.text()
    assert "does not show that the groups fare alike" in _documents()[1].words()
    assert "Could not detect a ratio below" in _documents()[1].words()


def test_the_smoke_test_says_so_in_its_own_report() -> None:
    document = _documents()[0]
    assert "smoke test" in document.text().lower()
    assert "must not be quoted for a deployment" in html_of(document)


def test_a_name_from_the_material_is_text_in_html_and_pdf() -> None:
    document = _documents()[1]
    assert "&lt;b&gt;woman&lt;/b&gt;" in html_of(document)
    assert "<b>woman" not in html_of(document)
    assert pdf_document(document).startswith(b"%PDF")


def test_a_page_needs_nothing_from_elsewhere() -> None:
    page = html_of(_documents()[1])
    assert "<script" not in page
    assert "src=" not in page
    assert page.count("<svg") == len(_documents()[1].pictures)


def test_strangers_too_few_to_fix_a_threshold_leave_the_interval_open_on_that_side() -> None:
    protocol, references, probes = drawn(60, 120)
    points = {point.target: point for point in identify(protocol, references, probes, threshold=0.5, seed=1).points}
    assert points[0.01].accepted.low == 0.0  # 1.2 returns expected: there may truly be none below any threshold
    assert points[0.1].accepted.low > 0.0  # 12 expected
    assert all(
        point.accepted.low <= point.accepted_fixed.low <= point.accepted_fixed.high <= point.accepted.high for point in points.values()
    )
