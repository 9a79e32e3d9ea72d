"""A result file that cannot be written is refused before the work, and one that is written is whole."""

from pathlib import Path

import pytest

from lfr_engine.errors import BadInput
from webui.cli.results import require_place_for, write_whole


def test_no_file_and_a_new_or_older_file_are_fine_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("old")
    for path in (None, tmp_path / "new.json", tmp_path / "old.json"):
        require_place_for(path)
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("nowhere/out.json", "does not exist"),
        ("folder", "no ordinary file"),
        ("/dev/null", "no ordinary file"),
        ("/proc/out.json", "cannot be written"),
    ],
)
def test_a_place_that_takes_no_file_is_refused(tmp_path: Path, place: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput, match=why):
        require_place_for(tmp_path / place)


def test_a_write_replaces_the_file_or_leaves_it(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    write_whole(path, "first")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "second \ud800")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]
