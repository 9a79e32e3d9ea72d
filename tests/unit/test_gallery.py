"""The gallery finds everyone at or above the threshold, exactly, and forgets at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_engine.errors import BadInput
from lfr_engine.gallery import Gallery
from lfr_engine.values import Candidate, Floats


def unit_rows(seed: int, count: int, dimension: int, spread: float) -> Floats:
    """Rows around one direction, so that many similarities crowd together as real ones do."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, dimension)) * spread + rng.normal(size=dimension)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def by_definition(ids: list[str], rows: Floats, query: Floats, threshold: float) -> list[tuple[str, float]]:
    """float64 products of the stored rows, one after another, best per entry, ties by lower id."""
    best: dict[str, float] = {}
    for entry, row in zip(ids, rows, strict=True):
        similarity = float((row.astype(np.float64) * query.astype(np.float64)).sum())
        if similarity >= threshold:
            best[entry] = max(best.get(entry, -2.0), similarity)
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))


def pairs(candidates: tuple[Candidate, ...]) -> list[tuple[str, float]]:
    return [(candidate.entry_id, candidate.similarity) for candidate in candidates]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 300),
    dimension=st.sampled_from([16, 128, 512]),
    spread=st.sampled_from([0.01, 0.3, 2.0]),
    place=st.floats(0, 1),
)
def test_search_equals_its_definition_even_on_the_threshold(seed: int, count: int, dimension: int, spread: float, place: float) -> None:
    rows = unit_rows(seed, count, dimension, spread)
    ids = [f"e{number % max(1, count - 3):04d}" for number in range(count)]
    query = unit_rows(seed + 1, 1, dimension, spread)[0]
    everybody = by_definition(ids, rows, query, -2.0)
    threshold = everybody[int(place * (len(everybody) - 1))][1]  # somebody lies exactly on it
    gallery = Gallery(ids, rows)
    assert pairs(gallery.at_or_above(query[None], threshold)[0]) == by_definition(ids, rows, query, threshold)


def test_equal_similarities_are_ordered_by_lower_id() -> None:
    row = unit_rows(1, 1, 32, 1.0)
    gallery = Gallery(["c", "a", "b"], np.repeat(row, 3, axis=0))
    assert [candidate.entry_id for candidate in gallery.at_or_above(row, 0.5)[0]] == ["a", "b", "c"]


def test_more_people_than_the_first_screen_asks_for_are_all_found() -> None:
    row = unit_rows(2, 1, 64, 1.0)
    gallery = Gallery([f"{number:03d}" for number in range(200)], np.repeat(row, 200, axis=0))
    assert len(gallery.at_or_above(row, 0.99)[0]) == 200


def test_a_removed_entry_is_found_no_more_and_its_rows_are_zeroed() -> None:
    rows = unit_rows(3, 6, 32, 1.0)
    gallery = Gallery(["a", "b", "a", "c", "d", "a"], rows)
    assert gallery.remove("a") == 3
    assert gallery.remove("a") == 0
    assert (len(gallery), gallery.entries) == (3, 3)
    found = {candidate.entry_id for candidate in gallery.at_or_above(rows[:1], -1.0)[0]}
    assert found == {"b", "c", "d"}
    assert not gallery._rows[3:].any()
    assert np.array_equal(np.sort(gallery._rows[:3], axis=0), np.sort(rows[[1, 3, 4]], axis=0))
    assert [gallery.top(rows[place : place + 1], 1)[0][0].entry_id for place in (1, 3, 4)] == ["b", "c", "d"]


def test_wiping_leaves_zeros_and_nobody() -> None:
    gallery = Gallery(["a"], unit_rows(4, 1, 32, 1.0))
    gallery.wipe()
    assert not gallery._rows.any()
    assert gallery.at_or_above(unit_rows(5, 1, 32, 1.0), 0.1) == [()]


def test_rows_that_are_no_unit_vectors_are_refused() -> None:
    with pytest.raises(BadInput, match="unit vector"):
        Gallery(["a"], np.full((1, 32), 0.5, np.float32))
    with pytest.raises(BadInput, match="fit"):
        Gallery(["a", "b"], unit_rows(6, 1, 32, 1.0))
    with pytest.raises(BadInput, match="unit vector"):
        Gallery(["a"], np.full((1, 32), np.nan, np.float32))
    with pytest.raises(BadInput, match="limit is 1"):
        Gallery(["a", "b"], unit_rows(6, 2, 32, 1.0), most_rows=1)


@pytest.mark.parametrize("query", [np.full((1, 32), np.nan), np.full((1, 32), np.inf), np.zeros((1, 32)), np.ones((1, 32))])
def test_a_query_that_is_no_unit_vector_is_refused(query: Floats) -> None:
    gallery = Gallery(["a"], unit_rows(1, 1, 32, 1.0))
    for ask in (lambda rows: gallery.at_or_above(rows, 0.5), lambda rows: gallery.top(rows, 1)):
        with pytest.raises(BadInput, match="query"):
            ask(query.astype(np.float32))


def test_a_query_of_another_pack_and_a_threshold_that_is_no_number_are_refused() -> None:
    gallery = Gallery(["a"], unit_rows(1, 1, 32, 1.0))
    with pytest.raises(BadInput, match="does not fit"):
        gallery.at_or_above(unit_rows(1, 1, 64, 1.0), 0.5)
    with pytest.raises(BadInput, match="not a number"):
        gallery.at_or_above(unit_rows(1, 1, 32, 1.0), float("nan"))
    with pytest.raises(BadInput, match="best 0"):
        gallery.top(unit_rows(1, 1, 32, 1.0), 0)


def test_an_empty_list_and_a_list_of_one_answer() -> None:
    query = unit_rows(9, 2, 32, 1.0)
    nobody = Gallery([], np.empty((0, 32), np.float32))
    assert nobody.at_or_above(query, -1.0) == nobody.top(query, 3) == [(), ()]
    assert nobody.remove("a") == nobody.entries == len(nobody) == 0
    one = Gallery(["a"], query[:1])
    assert [len(found) for found in one.at_or_above(query, -1.0)] == [len(found) for found in one.top(query, 3)] == [1, 1]
    assert one.at_or_above(query[:0], 0.5) == []
