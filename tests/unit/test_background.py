"""Entries that others easily reach are found against a background, and told apart from chance (R24, R26)."""

from pathlib import Path

import numpy as np
import pytest

from governance.rules.finding import Level
from governance.rules.list_risk import ListRisk
from lfr_engine.errors import BadInput
from watchlist.background import LEAST_PEOPLE, Background, Nearness, made_of, nearness, read_background, write_background

PACK = "sha256:" + "ab" * 32
STATEMENT = "Vectors drawn at random for a test: nobody at all."


def rows(people: int, seed: int = 1, dimension: int = 64) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    drawn = np.random.default_rng(seed).normal(size=(people, dimension))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def background() -> Background:
    return made_of(rows(600), PACK, STATEMENT)


def test_of_ordinary_entries_about_one_in_fifty_is_flagged(background: Background) -> None:
    found = [nearness(background, row) for row in rows(500, seed=2)]
    assert 2 <= sum(one.lamb for one in found) <= 25
    assert 200 < np.mean([one.passed for one in found]) < 400


def test_an_entry_near_everybodys_mean_is_a_lamb() -> None:
    alike = rows(600) + 0.6 * rows(1, seed=3)  # faces share much, and a poor photo shows little else
    background = made_of((alike / np.linalg.norm(alike, axis=1, keepdims=True)).astype(np.float32), PACK, STATEMENT)
    mean = background.rows.mean(axis=0)
    lamb = nearness(background, (mean / np.linalg.norm(mean)).astype(np.float32))
    assert lamb.lamb
    assert lamb.words == "this photo lies closer to strangers than 600 of 600 ordinary photos do"


def test_the_rank_is_among_people_compared_with_others_than_themselves(background: Background) -> None:
    ranks = [nearness(Background(background.rows, PACK, STATEMENT, background.ordinary), row).passed for row in background.rows[:50]]
    assert min(ranks) >= 0
    assert background.ordinary.max() < 0.99  # one's own similarity of 1 is not in it


def test_the_officer_reads_how_many_and_what_to_do() -> None:
    (warned,) = ListRisk(entries=200, lambs=3).findings()
    assert (warned.level, warned.rule_id) == (Level.WARNS, "R24")
    assert warned.text.startswith("3 of 200 entries are easily mistaken for other people")
    assert "better photos" in warned.text.lower()
    (met,) = ListRisk(entries=200, lambs=0).findings()
    assert met.level is Level.MET


def test_a_background_too_small_or_of_nobody_in_particular_is_refused() -> None:
    with pytest.raises(BadInput, match="too small"):
        made_of(rows(LEAST_PEOPLE - 1), PACK, STATEMENT)
    with pytest.raises(BadInput, match="who the people"):
        made_of(rows(LEAST_PEOPLE), PACK, "faces")
    with pytest.raises(BadInput, match="unit length"):
        made_of(rows(LEAST_PEOPLE) * 2, PACK, STATEMENT)


def test_the_file_says_who_they_are_keeps_its_digest_and_is_its_owners_alone(background: Background, tmp_path: Path) -> None:
    path = tmp_path / "b.background"
    digest = write_background(path, background)
    read = read_background(path)
    assert (read.digest, read.statement, read.pack_digest) == (digest, STATEMENT, PACK)
    assert (read.rows == background.rows).all()
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(BadInput, match="exists already"):
        write_background(path, background)


@pytest.mark.parametrize("content", [b"", b"no such thing\n", b"lawful-lfr/background/v1\n{}\n", b"lawful-lfr/background/v1\n[1]\nxx"])
def test_what_is_no_background_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(BadInput):
        read_background(path)


def test_the_flag_begins_at_ninety_eight_of_a_hundred() -> None:
    assert not Nearness(979, 1000).lamb
    assert Nearness(980, 1000).lamb
