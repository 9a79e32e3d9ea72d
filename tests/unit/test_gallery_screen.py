"""The screen of eight bits leaves nobody out: bound, threshold search and the k best, on rows made to break them."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_engine.gallery import Gallery, screen
from lfr_engine.gallery.quantise import quantise, quantise_queries
from lfr_engine.gallery.screen import BLOCK, Int8Screen, prepared
from lfr_engine.inference.integer_product import integer_product
from lfr_engine.values import Candidate, Floats

DIMENSIONS = (3, 16, 128, 512)


def to_unit(rows: Floats) -> Floats:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def awkward_rows(rng: np.random.Generator, count: int, dimension: int) -> Floats:
    """Rows that eight bits fit badly or not at all, and rows that lie on top of each other."""
    rows = rng.normal(size=(count, dimension))
    kind = rng.integers(0, 8, count)
    rows[kind == 0] = 1.0  # constant
    rows[kind == 1] = np.eye(dimension)[rng.integers(0, dimension)] + 1e-30  # one direction; the rest is lost in float32's tail
    rows[kind == 2] = np.sign(rows[kind == 2])
    rows[kind == 3] *= 10.0 ** rng.uniform(-40, 0, (int((kind == 3).sum()), dimension))  # denormal next to ordinary numbers
    rows[kind == 4] = rows[0] + rng.normal(size=(int((kind == 4).sum()), dimension)) * 1e-7  # neighbours by a rounding error
    rows[kind == 5] = rows[-1]  # doubles
    rows[kind == 6, 0] += 127.0  # one number swallows the step
    return to_unit(rows)


def by_definition(ids: list[str], rows: Floats, query: Floats) -> list[tuple[str, float]]:
    """float64 products of the stored rows, one after another, best per entry, ties by lower id."""
    best: dict[str, float] = {}
    for entry, row in zip(ids, rows, strict=True):
        similarity = float((row.astype(np.float64) * query.astype(np.float64)).sum())
        best[entry] = max(best.get(entry, -2.0), similarity)
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))


def pairs(candidates: tuple[Candidate, ...]) -> list[tuple[str, float]]:
    return [(candidate.entry_id, candidate.similarity) for candidate in candidates]


cases = given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 400),
    dimension=st.sampled_from(DIMENSIONS),
    photos_each=st.sampled_from([1, 3, 40]),
    queries=st.sampled_from([1, 2, 9]),
)


@settings(deadline=None, max_examples=80)
@cases
def test_screened_search_equals_its_definition(seed: int, count: int, dimension: int, photos_each: int, queries: int) -> None:
    rng = np.random.default_rng(seed)
    rows = awkward_rows(rng, count, dimension)
    asked = np.concatenate([rows[rng.integers(0, count, 1)], awkward_rows(rng, queries, dimension)])[:queries]
    ids = [f"e{number:03d}" for number in rng.permutation(count) // photos_each]
    gallery = Gallery(ids, rows, screened_from=0)
    everybody = [by_definition(ids, rows, query) for query in asked]
    threshold = everybody[0][int(rng.integers(0, len(everybody[0])))][1]  # somebody lies exactly on it
    for limit in (threshold, float(np.nextafter(threshold, 2.0)), -1.5):
        found = gallery.at_or_above(asked, limit)
        assert [pairs(part) for part in found] == [[pair for pair in expected if pair[1] >= limit] for expected in everybody]
    for k in (1, 2, 16):
        assert [pairs(part) for part in gallery.top(asked, k)] == [expected[:k] for expected in everybody]


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), dimension=st.sampled_from(DIMENSIONS), largest=st.sampled_from([255, 127]))
def test_the_written_bound_holds_for_every_pair(seed: int, dimension: int, largest: int) -> None:
    rng = np.random.default_rng(seed)
    rows, asked = awkward_rows(rng, 60, dimension), awkward_rows(rng, 7, dimension)
    small, left = quantise(rows), quantise_queries(asked, largest)
    assert int(left.factors.max()) <= largest
    codes = left.factors.astype(np.int64) - left.zero
    screened = (codes @ small.codes.T.astype(np.int64)) * left.step * small.step
    true = asked.astype(np.longdouble) @ rows.T.astype(np.longdouble)
    bound = left.missed[:, None] * small.length + left.length[:, None] * small.missed
    assert (np.abs(screened - true) <= bound + 1e-15).all()


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), dimension=st.sampled_from(DIMENSIONS), level=st.floats(-1.0, 1.0))
def test_every_pair_at_a_level_passes_the_screen_and_lies_within_its_bounds(seed: int, dimension: int, level: float) -> None:
    rng = np.random.default_rng(seed)
    rows, asked = awkward_rows(rng, 300, dimension), awkward_rows(rng, 5, dimension)
    near = Int8Screen(rows).passing(0, prepared(asked), level)
    true = asked.astype(np.float64) @ rows.T.astype(np.float64)
    assert set(zip(*np.nonzero(true >= level), strict=True)) <= set(zip(near.of_query, near.of_row, strict=True))
    met = true[near.of_query, near.of_row]
    assert (near.low <= met).all()
    assert (met <= near.high).all()


def test_the_product_is_exact_at_the_largest_factors_it_allows() -> None:
    product = integer_product()
    for count in (1, 2, 64):
        left = np.full((count, 512), product.largest_left, np.uint8)
        for factor in (127, -127, -128):
            right = np.full((512, BLOCK), factor, np.int8)
            out = np.empty((count, BLOCK), np.int32)
            product(left, right, out)
            assert (out == product.largest_left * factor * 512).all()


@pytest.fixture(scope="module")
def long_list() -> tuple[list[str], Floats]:
    rows = to_unit(np.random.default_rng(5).normal(size=(3 * BLOCK + 17, 64)))
    return [f"e{number:05d}" for number in range(len(rows))], rows


def test_a_list_of_several_blocks_is_searched_like_its_definition(long_list: tuple[list[str], Floats]) -> None:
    ids, rows = long_list
    gallery = Gallery(ids, rows)
    asked = to_unit(rows[[0, BLOCK, 3 * BLOCK + 16]] + np.random.default_rng(6).normal(size=(3, 64)) * 0.05)
    for query, top, above in zip(asked, gallery.top(asked, 20), gallery.at_or_above(asked, 0.4), strict=True):
        expected = by_definition(ids, rows, query)
        assert pairs(top) == expected[:20]
        assert pairs(above) == [pair for pair in expected if pair[1] >= 0.4]


def test_more_queries_than_one_batch_are_all_answered(long_list: tuple[list[str], Floats]) -> None:
    ids, rows = long_list
    assert [found[0].entry_id for found in Gallery(ids, rows).top(rows[:150], 1)] == ids[:150]


def test_removal_zeroes_the_eight_bits_too_and_holds_from_the_next_search_on(long_list: tuple[list[str], Floats]) -> None:
    ids, rows = long_list
    gallery = Gallery(ids, rows)
    gone = [ids[0], ids[BLOCK + 3], ids[-1]]
    for entry in gone:
        assert gallery.remove(entry) == 1
    assert gallery._screen is not None
    kept = [place for place in range(len(ids)) if ids[place] not in gone]
    left = [found[0].entry_id for found in gallery.top(rows[kept[:200]], 1)]
    assert left == [ids[place] for place in kept[:200]]
    assert not {candidate.entry_id for found in gallery.at_or_above(rows[[0, BLOCK + 3, -1]], 0.9) for candidate in found} & set(gone)
    assert not gallery._rows[len(gallery) :].any()
    codes = gallery._screen._codes.transpose(0, 2, 1).reshape(-1, gallery.dimension)
    assert not codes[len(gallery) :].any()
    assert codes[: len(gallery)].any(axis=1).all()
    gallery.wipe()
    assert not gallery._screen._codes.any()
    assert gallery.top(rows[:1], 3) == gallery.at_or_above(rows[:1], -1.0) == [()]


def test_an_entry_removed_while_others_search_is_found_by_no_search_that_begins_later(long_list: tuple[list[str], Floats]) -> None:
    ids, rows = long_list
    gallery = Gallery(ids, rows)
    removed, wrong, stop = [0], [], threading.Event()

    def search() -> None:
        while not stop.is_set():
            gone = removed[0]
            found = gallery.at_or_above(rows[:60], 0.99)
            wrong.extend(place for place in range(60) if (place < gone) and found[place])
            wrong.extend(candidate for part in found for candidate in part if not 0.99 <= candidate.similarity <= 1.001)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for place in range(60):
        gallery.remove(ids[place])
        removed[0] = place + 1
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(gallery) == len(ids) - 60


def test_a_list_of_equal_rows_gives_the_lowest_ids() -> None:
    rows = np.repeat(to_unit(np.ones((1, 32))), 5000, axis=0)
    gallery = Gallery([f"{4999 - number:04d}" for number in range(5000)], rows)
    assert [candidate.entry_id for candidate in gallery.top(rows[:1], 3)[0]] == ["0000", "0001", "0002"]


def test_no_product_of_a_query_with_the_rows_is_left_behind() -> None:
    """As many products as a template has numbers, with rows that are known, are the template."""
    rows = np.random.default_rng(5).standard_normal((300, 64), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    gallery = Gallery([f"{number:03d}" for number in range(300)], rows, screened_from=1)
    for found in (gallery.at_or_above(rows[:2], 0.9), gallery.at_or_above(rows[:2], 3.0), gallery.top(rows[:2], 1)):
        assert len(found) == 2
        assert not screen._of_thread.sums.any()
