"""The labelled crowd clip, where it lies beside the project: 50 passers, 14 of them on a list of 200."""

import json
from pathlib import Path

import pytest

from lfr_engine.match import ListedPhoto, MatchResult, match_video
from lfr_engine.packs.store import open_pack
from watchlist.intake.table import read_table

EVAL = Path(__file__).resolve().parents[3] / "shared" / "eval"
CROWD = EVAL / "crowd"

pytestmark = [
    pytest.mark.evaluation,
    pytest.mark.skipif(not CROWD.is_dir(), reason="the labelled clip ../shared/eval/crowd is absent"),
]


def matched(pack: str, packs_dir: Path) -> MatchResult:
    opened = open_pack(pack, packs_dir)
    photos = [ListedPhoto(row.subject_ref, row.image, row.path) for row in read_table(CROWD / "watchlist.csv")]
    return match_video(CROWD / "crowd.mp4", photos, opened, threshold=opened.default_threshold, say=print)


def named(result: MatchResult) -> tuple[set[str], list[str]]:
    """Listed passers recognised, and names given to anybody else."""
    passers = json.loads((CROWD / "truth.json").read_text())["passers"]
    right, wrong = set(), []
    for alert in result.alerts:
        name = alert.candidates[0].entry_id
        theirs = [one for one in passers if one["listed"] and one["name"] == name]
        if any(one["start_frame"] <= alert.frame and alert.first_frame <= one["end_frame"] for one in theirs):
            right.add(name)
        else:
            wrong.append(name)
    return right, wrong


@pytest.mark.parametrize(
    ("pack", "at_least"),
    [("open-default", 9), (str(EVAL / "packs" / "insightface-sc"), 13), (str(EVAL / "packs" / "yunet-omz0095"), 12)],
    ids=["open-default", "insightface-sc", "yunet-omz0095"],
)
def test_listed_passers_are_recognised_and_at_most_one_name_is_false(pack: str, at_least: int, packs_dir: Path) -> None:
    result = matched(pack, packs_dir)
    right, wrong = named(result)
    assert len(right) >= at_least, f"recognised {sorted(right)}"
    assert len(wrong) <= 1, f"false names {wrong}"
    assert result.complete
    assert result.counters.frames == 500
    assert 45 <= result.counters.passages <= 55, "R44: within a tenth of the 50 who pass"
