"""An alert needs agreeing views, and comes once per passage and entry."""

from hypothesis import given
from hypothesis import strategies as st

from lfr_engine.decide import Agreement, Verdicts
from lfr_engine.values import Candidate

ANNA, BERT = Candidate("anna", 0.5), Candidate("bert", 0.45)


def test_one_view_alone_alerts_nobody_while_the_passage_lasts() -> None:
    verdicts = Verdicts(Agreement(2))
    assert verdicts.add([ANNA]) == ()
    assert verdicts.add([]) == ()


def test_two_agreeing_views_alert_once_at_the_best_similarity() -> None:
    verdicts = Verdicts(Agreement(2))
    verdicts.add([ANNA])
    assert verdicts.add([Candidate("anna", 0.7)]) == (Candidate("anna", 0.7),)
    assert verdicts.add([ANNA]) == ()


def test_views_that_name_different_people_do_not_agree() -> None:
    verdicts = Verdicts(Agreement(2))
    verdicts.add([ANNA])
    assert verdicts.add([BERT]) == ()


def test_everyone_who_agrees_is_a_candidate() -> None:
    verdicts = Verdicts(Agreement(2))
    verdicts.add([BERT, ANNA])
    assert verdicts.add([BERT, ANNA]) == (ANNA, BERT)


def test_a_passage_of_a_single_view_is_decided_by_it_at_its_end() -> None:
    verdicts = Verdicts(Agreement(2))
    verdicts.add([ANNA])
    assert verdicts.finish() == (ANNA,)


def test_a_passage_of_many_views_gets_no_second_chance_at_its_end() -> None:
    verdicts = Verdicts(Agreement(2))
    for candidates in ([ANNA], [], []):
        verdicts.add(candidates)
    assert verdicts.finish() == ()


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3), max_size=12), st.integers(1, 4))
def test_nobody_is_alerted_twice_and_nobody_with_too_few_views(rows: list[list[str]], views: int) -> None:
    verdicts = Verdicts(Agreement(views))
    due = [candidate.entry_id for row in rows for candidate in verdicts.add([Candidate(entry, 0.5) for entry in row])]
    late = [candidate.entry_id for candidate in verdicts.finish()]
    assert len(due + late) == len(set(due + late))
    assert all(sum(entry in row for row in rows) >= views for entry in due)
    assert not late or len(rows) < views
