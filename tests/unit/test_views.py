"""Which views of a passage are worth embedding, and what an alert says about them (R41, R43)."""

import numpy as np

from lfr_engine.decide import Agreement
from lfr_engine.explain import explanation
from lfr_engine.quality import Quality
from lfr_engine.values import Candidate
from lfr_engine.views import MOST_VIEWS, PROBES, Passage, View, ViewSettings

RULE = ViewSettings()
THRESHOLD = 0.5


def quality(score: float) -> Quality:
    return Quality(40.0, 0.1, 200.0, 120.0, 1.0, score)


def view(at_s: float, score: float = 0.5, *alike: Candidate) -> View:
    box = (100, 100, 150, 160)
    return View(round(at_s * 25), at_s, box, quality(score), np.full((8, 8, 3), 200, np.uint8), alike)


def passage(*seen: View) -> Passage:
    made = Passage(RULE, Agreement(2))
    for one in seen:
        made.add(one, THRESHOLD)
    return made


def test_the_first_view_is_wanted_and_a_like_one_has_to_wait() -> None:
    assert passage().wants(quality(0.1), 0.0)
    once = passage(view(0.0))
    assert not once.wants(quality(0.5), RULE.wait_s / 2)
    assert once.wants(quality(0.5), 3.0)


def test_a_clearly_better_view_is_wanted_at_once() -> None:
    once = passage(view(0.0, 0.3))
    assert once.wants(quality(0.3 * RULE.better), 0.2)
    assert not once.wants(quality(0.3 * RULE.better - 0.01), 0.2)


def test_the_wait_grows_and_has_an_end() -> None:
    waits = []
    followed = passage()
    for number in range(12):
        followed.add(view(10.0 * number), THRESHOLD)
        waits.append(followed.wait_s)
    assert waits == sorted(waits)
    assert waits[-1] == RULE.longest_s


def test_one_view_over_the_threshold_asks_for_another_soon_but_not_for_ever() -> None:
    candidate = Candidate("a", 0.6)
    followed = passage(view(0.0, 0.5, candidate))
    assert followed.wants(quality(0.5), RULE.pending_s)
    for number in range(1, 1 + RULE.pending_views):
        followed.add(view(0.24 * number), THRESHOLD)
    assert not followed.wants(quality(0.5), 0.24 * RULE.pending_views + RULE.pending_s)


def test_somebody_who_comes_out_from_behind_another_is_looked_at_anew() -> None:
    followed = passage(view(0.0))
    followed.found(0.0)
    followed.found(0.24)
    assert not followed.wants(quality(0.5), 0.24)
    followed.found(0.24 + RULE.hidden_s + 0.1)
    assert followed.wants(quality(0.5), 0.24 + RULE.hidden_s + 0.1)


def test_a_face_no_larger_than_before_rests() -> None:
    followed = passage(view(0.0))
    assert followed.rests(55.0, 0.5)
    assert not followed.rests(70.0, 0.5)
    assert not followed.rests(55.0, 5.0)


def test_only_the_best_views_keep_a_crop_and_nothing_is_left_at_the_end() -> None:
    seen = [view(float(at), score) for at, score in enumerate((0.3, 0.5, 0.2, 0.6, 0.4))]
    followed = passage(*seen)
    assert [one.quality.score for one in followed.best] == [0.6, 0.5, 0.4]
    assert [bool(one.crop.any()) for one in seen] == [False, True, False, True, True]
    assert len(followed.best) == PROBES
    followed.wipe()
    assert not any(one.crop.any() for one in seen)
    assert not followed.views
    assert not followed.verdicts.reached


def test_an_explanation_names_agreeing_views_their_quality_and_the_runner_up() -> None:
    followed = passage(
        view(0.0, 0.5, Candidate("a", 0.61), Candidate("b", 0.44)),
        view(0.4, 0.6, Candidate("b", 0.45), Candidate("a", 0.42)),
        view(0.8, 0.7, Candidate("a", 0.66)),
    )
    told = explanation(followed, Candidate("a", 0.66), threshold=THRESHOLD)
    assert (told["views_needed"], told["views"], told["agreeing"]) == (2, 3, 2)
    assert told["runner_up"] == {"entry_id": "b", "similarity": 0.45}
    assert [(one["frame"], one["similarity"], one["counts"]) for one in told["seen"]] == [
        (0, 0.61, True),
        (10, 0.42, False),
        (20, 0.66, True),
    ]
    assert told["seen"][0]["quality"]["score"] == 0.5
    assert told["seen"][2]["runner_up"] is None


def test_near_misses_are_told_and_count_for_nothing() -> None:
    followed = passage(view(0.0, 0.5, Candidate("a", 0.49)), view(1.0, 0.5, Candidate("a", 0.49)))
    assert not followed.verdicts.reached
    assert RULE.floor(0.5) == 0.4


def test_somebody_who_never_leaves_costs_no_more_memory_and_keeps_what_explains_an_alert() -> None:
    alike = view(0.0, 0.01, Candidate("a", 0.6))
    lasting = passage(alike, *(view(3.0 * turn, 0.2 + 0.001 * turn) for turn in range(1, 3 * MOST_VIEWS)))
    assert len(lasting.views) == MOST_VIEWS
    assert lasting.embedded == 3 * MOST_VIEWS
    assert any(kept.alike for kept in lasting.views)
    assert [kept.crop.size > 0 for kept in lasting.views] == [True] * PROBES + [False] * (MOST_VIEWS - PROBES)
    newest = view(1000.0, 0.001, Candidate("a", 0.7))
    assert [one.entry_id for one in lasting.add(newest, THRESHOLD)] == ["a"]
    told = explanation(lasting, Candidate("a", 0.7), threshold=THRESHOLD)
    assert (told["views"], told["agreeing"], len(told["seen"])) == (3 * MOST_VIEWS + 1, 2, MOST_VIEWS)


def test_an_alert_held_back_is_asked_for_again_once_the_passage_is_more_alike() -> None:
    once = passage(view(0.0, 0.5, Candidate("a", 0.6)), view(1.0, 0.5, Candidate("a", 0.6)))
    assert once.risen(view(2.0, 0.5, Candidate("a", 0.9)), THRESHOLD) == ()
    once.held["a"] = 0.6
    assert once.risen(view(2.0, 0.5, Candidate("a", 0.6)), THRESHOLD) == ()
    assert once.risen(view(2.0, 0.5, Candidate("a", 0.9)), THRESHOLD) == (Candidate("a", 0.9),)
