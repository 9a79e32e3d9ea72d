"""A list from a CSV is taken as it stands or not at all, and the fault is named with its line."""

from pathlib import Path

import pytest

from lfr_engine.errors import BadInput
from watchlist.intake import table
from watchlist.intake.table import read_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "list" / "photos").mkdir(parents=True)
    (tmp_path / "list" / "photos" / "a.jpg").write_bytes(b"photo")
    (tmp_path / "secret.jpg").write_bytes(b"photo")
    return tmp_path / "list"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "list.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_rows_carry_person_photo_line_and_other_columns(folder: Path) -> None:
    rows = read_table(written(folder, "\ufeffimage,subject_ref,category\nphotos/a.jpg,Anna,wanted\n\nphotos/a.jpg,Anna,wanted\n"))
    assert [(row.subject_ref, row.image, row.line, dict(row.others)) for row in rows] == [
        ("Anna", "photos/a.jpg", 2, {"category": "wanted"}),
        ("Anna", "photos/a.jpg", 4, {"category": "wanted"}),
    ]
    assert rows[0].path.read_bytes() == b"photo"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("subject_ref,photo\nAnna,photos/a.jpg\n", "column image is missing"),
        ("name\nAnna\n", "subject_ref and image"),
        ("", "subject_ref and image"),
        ("subject_ref,image\n", "lists nobody"),
        ("subject_ref,image\nAnna,../secret.jpg\n", r"line 2.*below the list's folder"),
        ("subject_ref,image\nAnna,photos/../../secret.jpg\n", "below the list's folder"),
        ("subject_ref,image\nAnna,/etc/passwd\n", "below the list's folder"),
        ("subject_ref,image\nAnna,C:\\a.jpg\n", "below the list's folder"),
        ("subject_ref,image\nAnna,\n", "below the list's folder"),
        ("subject_ref,image\nAnna,photos/none.jpg\n", "line 2: the image 'photos/none.jpg' does not exist"),
        ("subject_ref,image\nAnna," + "x" * 400 + ".jpg\n", "line 2.*leads nowhere"),
        ("subject_ref,image\nAnna,photos/a.jpg,extra\n", "3 fields"),
        ("subject_ref,image\n,photos/a.jpg\n", "subject_ref"),
        ("subject_ref,image,image\nAnna,a,b\n", "twice"),
        ("subject_ref,image\n" + "A" * 201 + ",photos/a.jpg\n", "subject_ref"),
        ('subject_ref,image\n"Anna,photos/a.jpg\n', "no CSV"),
        (b"subject_ref,image\n\xff\xfe,photos/a.jpg\n", "UTF-8"),
        (b"\0\0\0", "null"),
    ],
)
def test_a_faulty_list_is_refused_and_the_fault_named(folder: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read_table(written(folder, text))


def test_a_link_out_of_the_folder_is_refused(folder: Path) -> None:
    (folder / "photos" / "link.jpg").symlink_to(folder.parent / "secret.jpg")
    with pytest.raises(BadInput, match="leads out"):
        read_table(written(folder, "subject_ref,image\nAnna,photos/link.jpg\n"))


def test_limits_on_size_and_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(folder, "subject_ref,image\n" + "Anna,photos/a.jpg\n" * 5)
    monkeypatch.setattr(table, "MAX_ROWS", 4)
    with pytest.raises(BadInput, match="more than 4 rows"):
        read_table(path)
    monkeypatch.setattr(table, "MAX_TABLE_BYTES", 10)
    with pytest.raises(BadInput, match="larger"):
        read_table(path)
    with pytest.raises(BadInput, match="no list"):
        read_table(folder / "none.csv")
