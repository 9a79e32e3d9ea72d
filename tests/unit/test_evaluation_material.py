"""Material that would make every figure wrong is refused, naming what to do; nothing a table says leads out of its folder."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.data_digest import digest_of_data
from lfr_engine.evaluation.groups import read_groups
from lfr_engine.evaluation.material import read_faces
from lfr_engine.evaluation.pairs import read_pairs
from lfr_engine.evaluation.protocol import draw_protocol, read_protocol
from lfr_engine.evaluation.tables import read_lines
from lfr_engine.evaluation.template_store import Kept, TemplateStore, forget, store_path
from lfr_engine.packs.store import OpenPack
from tests.evaluation_world import faces_folder, tile


def _refused(what: str, *, next_step: str = "") -> "pytest.RaisesExc[BadInput]":
    return pytest.raises(BadInput, match=what, check=lambda error: bool(error.next_step) and next_step in error.next_step)


def _table(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


# Folders of faces


def test_one_picture_under_two_names_is_refused(tmp_path: Path) -> None:
    faces = faces_folder(tmp_path)
    (faces / "Person_020" / "0.jpg").write_bytes(tile(0))
    with _refused("the same picture under two names", next_step="labels"):
        read_faces(faces)


def test_two_names_that_a_reader_takes_for_one_are_refused(tmp_path: Path) -> None:
    faces = faces_folder(tmp_path)
    (faces / "person 003").mkdir()
    (faces / "person 003" / "9.jpg").write_bytes(tile(999))
    with _refused("look like one person"):
        read_faces(faces)


def test_photos_without_a_person_are_refused(tmp_path: Path) -> None:
    faces = faces_folder(tmp_path)
    (faces / "astray.jpg").write_bytes(tile(999))
    with _refused("belong to nobody"):
        read_faces(faces)


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_a_folder_that_is_no_data_set_is_refused(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "faces"
    if kind == "empty":
        folder.mkdir()
    elif kind == "file":
        folder.write_text("x")
    with _refused("folder"):
        read_faces(folder)


def test_a_photo_too_large_to_be_one_is_refused_before_it_is_read(tmp_path: Path) -> None:
    faces = faces_folder(tmp_path)
    with (faces / "Person_000" / "bomb.jpg").open("wb") as file:
        file.truncate(2**31)
    with _refused("larger than"):
        read_faces(faces)


# Who is searched for


def test_mated_and_non_mated_people_never_meet_and_no_photo_is_searched_against_itself(tmp_path: Path) -> None:
    people = read_faces(faces_folder(tmp_path, several=15, alone=20))
    found = draw_protocol(people, seed=3, fillers=5)
    listed = {photo.person for photo in found.enrolled}
    assert (len(found.enrolled), len(found.mated), len(found.nonmated)) == (20, 15, 15)
    assert {photo.person for photo in found.mated} < listed
    assert not {photo.person for photo in found.nonmated} & listed
    assert not {photo.sha256 for photo in found.enrolled} & {photo.sha256 for photo in found.mated}
    assert draw_protocol(people, seed=3, fillers=5) == found
    assert draw_protocol(people, seed=4, fillers=5) != found
    with _refused("fillers"):
        draw_protocol(people, seed=3, fillers=21)


def test_too_few_people_of_either_kind_are_refused(tmp_path: Path) -> None:
    with _refused("strangers"):
        read_protocol(faces_folder(tmp_path, several=12, alone=3), seed=1)


def _protocol_table(folder: Path, *more: str) -> Path:
    faces = faces_folder(folder, several=12, alone=12)
    rows = ["person,image,role"]
    for person in range(24):
        name = f"Person_{person:03d}"
        roles = ("enrolled", "mated") if person < 12 else ("nonmated",)
        rows += [f"{name},{name}/{photo}.jpg,{role}" for photo, role in enumerate(roles)]
    _table(faces, "\n".join([*rows, *more]) + "\n", "protocol.csv")
    return faces


def test_a_protocol_of_ones_own_is_taken_as_it_stands(tmp_path: Path) -> None:
    found = read_protocol(_protocol_table(tmp_path), seed=1)
    assert found.from_table
    assert (len(found.enrolled), len(found.mated), len(found.nonmated)) == (12, 12, 12)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("Person_003,Person_003/1.jpg,nonmated", "both listed and non-mated"),
        ("Person_015,Person_015/0.jpg,mated", "both listed and non-mated"),
        ("Nobody,Person_003/1.jpg,mated", "mated but not enrolled"),
        ("Person_003,Person_003/1.jpg,mated", "mated twice"),
        (",Person_003/1.jpg,mated", "without a person"),
        ("Person_003,Person_003/1.jpg,friend", "role 'friend'"),
        ("Other,../secret.jpg,enrolled", "no path below"),
        ("Other,/etc/passwd,enrolled", "no path below"),
        ("Other,Person_003/7.jpg,enrolled", "does not exist"),
    ],
)
def test_a_protocol_that_contradicts_itself_is_refused(tmp_path: Path, row: str, what: str) -> None:
    with _refused(what):
        read_protocol(_protocol_table(tmp_path, row), seed=1)


def test_nobody_is_searched_with_the_photo_they_are_enrolled_from(tmp_path: Path) -> None:
    faces = _protocol_table(tmp_path)
    (faces / "Person_004" / "1.jpg").write_bytes((faces / "Person_004" / "0.jpg").read_bytes())
    with _refused("the very photo"):
        read_protocol(faces, seed=1)


# Pairs


def _pairs(folder: Path, *more: str, header: str = "image_a,image_b,same") -> Path:
    faces_folder(folder / "faces", several=12, alone=12)
    rows = [header]
    rows += [f"faces/Person_{n:03d}/0.jpg,faces/Person_{n:03d}/1.jpg,1" for n in range(12)]
    rows += [f"faces/Person_{n:03d}/0.jpg,faces/Person_{n + 12:03d}/0.jpg,0" for n in range(12)]
    return _table(folder, "\n".join([*rows, *more]) + "\n", "pairs.csv")


def test_people_of_pairs_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    found = read_pairs(_pairs(tmp_path))
    assert (len(found.pairs), len(found.photos), found.people_from) == (24, 36, "the photos' folders")
    assert len({photo.person for photo in found.photos}) == 24


def test_where_folders_say_nothing_pairs_of_one_person_join_people(tmp_path: Path) -> None:
    rows = ["image_a,image_b,same"]
    for number in range(40):
        (tmp_path / f"{number}.jpg").write_bytes(tile(number))
    rows += [f"{n}.jpg,{n + 1}.jpg,1" for n in range(0, 20, 2)]
    rows += [f"{n}.jpg,{n + 20}.jpg,0" for n in range(20)]
    found = read_pairs(_table(tmp_path, "\n".join(rows)))
    assert "strangers" in found.people_from
    assert len({photo.person for photo in found.photos}) == 30
    with _refused("called different"):
        read_pairs(_table(tmp_path, "\n".join([*rows, "0.jpg,2.jpg,1", "1.jpg,2.jpg,0"])))


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("faces/../../x.jpg,faces/Person_000/0.jpg,1", "no path below"),
        ("/etc/passwd,faces/Person_000/0.jpg,1", "no path below"),
        ("faces\\..\\x.jpg,faces/Person_000/0.jpg,1", "no path below"),
        ("faces/Person_000/9.jpg,faces/Person_000/0.jpg,1", "does not exist"),
        (",faces/Person_000/0.jpg,1", "no path below"),
        ("faces/Person_000/0.jpg,faces/Person_000/0.jpg,1", "compared with itself"),
        ("faces/Person_000/1.jpg,faces/Person_000/0.jpg,1", "stands there before"),
        ("faces/Person_001/0.jpg,faces/Person_002/0.jpg,maybe", "same is 'maybe'"),
        ("faces/Person_001/0.jpg,faces/Person_002/0.jpg", "2 fields"),
        ("faces/Person_001/0.jpg," + "x" * 2_000 + ",0", "longer than"),
        ('"faces/Person_001/0.jpg,0', "no CSV|fields"),
    ],
)
def test_a_pair_that_cannot_be_judged_is_refused_with_its_line(tmp_path: Path, row: str, what: str) -> None:
    with _refused(what) as caught:
        read_pairs(_pairs(tmp_path, row))
    assert "line" in caught.value.message


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(tile(1))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.jpg").symlink_to(outside)
    with _refused("leads out"):
        read_pairs(_pairs(tmp_path / "in", "link.jpg,faces/Person_000/0.jpg,0"))


def test_too_few_pairs_for_ten_folds_are_refused(tmp_path: Path) -> None:
    table = _pairs(tmp_path)
    table.write_text("\n".join(table.read_text().splitlines()[:14]))
    with _refused("fewer than 10 pairs of different people"):
        read_pairs(table)


def test_a_label_that_contradicts_the_people_named_is_refused(tmp_path: Path) -> None:
    faces_folder(tmp_path / "faces")
    rows = ["image_a,image_b,same,person_a,person_b"]
    rows += [f"faces/Person_{n:03d}/0.jpg,faces/Person_{n:03d}/1.jpg,1,P{n},P{n + (n == 5)}" for n in range(12)]
    with _refused("contradict"):
        read_pairs(_table(tmp_path, "\n".join(rows)))


# Tables as weapons


def test_a_table_larger_than_its_ceiling_is_refused_unread(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.csv"
    with bomb.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with _refused("larger than"):
        read_lines(bomb, ("a",))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"a,b\n\xff\xfe,1\n", "UTF-8"),
        (b"a,b\n\0,1\n", "null"),
        (b"a,a\n1,2\n", "twice"),
        (b"b\n1\n", "missing"),
        (b"", "missing"),
        (b"a\n", "no rows"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with _refused(what):
        read_lines(path, ("a",))


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ("Ghost,sex,woman", "not in the material"),
        ("Ann,sex,woman\nAnn,sex,man", "two groups"),
        ("Ann,,woman", "attribute and group"),
        ("Ann,sex," + "w" * 61, "attribute and group"),
    ],
)
def test_groups_that_cannot_be_read_are_refused(tmp_path: Path, rows: str, what: str) -> None:
    with _refused(what):
        read_groups(_table(tmp_path, "person,attribute,group\n" + rows), ["Ann", "Bea"])


def test_people_whom_the_groups_leave_out_are_known_as_such(tmp_path: Path) -> None:
    found = read_groups(_table(tmp_path, "person,attribute,group\nAnn,sex,woman\n"), ["Ann", "Bea"])
    assert found.people == {"sex": {"woman": frozenset({"Ann"})}}
    assert found.unstated == {"sex": frozenset({"Bea"})}
    part = read_groups(_table(tmp_path, "person,attribute,group\nAnn,sex,woman\nZoe,sex,woman\n"), ["Ann"], others_too=True)
    assert part.people == {"sex": {"woman": frozenset({"Ann"})}}


# Kept templates


def _vector(pack: OpenPack, seed: int) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    row = np.random.default_rng(seed).normal(size=pack.dimension)
    return np.asarray(row / np.linalg.norm(row), np.float32)


def test_a_run_killed_while_writing_goes_on_with_what_was_whole(tmp_path: Path, open_default_pack: OpenPack) -> None:
    work = tmp_path / "work"
    with TemplateStore(work, open_default_pack) as store:
        for number in range(5):
            store.add(f"k{number}", Kept(_vector(open_default_pack, number), "", {"score": 0.25}))
        store.add("none", Kept(None, "no face was found", {}))
    path = store_path(work, open_default_pack)
    whole = path.read_bytes()
    assert (path.stat().st_mode & 0o777, work.stat().st_mode & 0o777) == (0o600, 0o700)
    for cut in (1, 40, 200, 700, len(whole) - 20):
        path.write_bytes(whole[:-cut])
        with TemplateStore(work, open_default_pack) as store:
            for number in range(len(store)):
                found = store.get(f"k{number}") if number < 5 else store.get("none")
                assert found is not None
            if (last := store.get("k0")) is not None and last.vector is not None:
                assert (last.vector == _vector(open_default_pack, 0)).all()
            store.add("after", Kept(None, "why", {}))
        with TemplateStore(work, open_default_pack) as store:
            assert store.get("after") is not None


def test_an_altered_record_and_all_after_it_are_made_again(tmp_path: Path, open_default_pack: OpenPack) -> None:
    with TemplateStore(tmp_path / "w", open_default_pack) as store:
        for number in range(3):
            store.add(f"k{number}", Kept(_vector(open_default_pack, number), "", {}))
    path = store_path(tmp_path / "w", open_default_pack)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with TemplateStore(tmp_path / "w", open_default_pack) as store:
        assert store.get("k0") is not None
        assert store.get("k2") is None


def test_templates_of_another_pack_are_never_mixed_in(tmp_path: Path, open_default_pack: OpenPack) -> None:
    other = replace(open_default_pack, pack_digest="sha256:" + "0" * 64)
    with TemplateStore(tmp_path / "w", open_default_pack) as store:
        store.add("k", Kept(_vector(open_default_pack, 1), "", {}))
    with TemplateStore(tmp_path / "w", other) as store:
        assert store.get("k") is None
    os.replace(store_path(tmp_path / "w", open_default_pack), store_path(tmp_path / "w", other))
    with _refused("another pack", next_step="--fresh"):
        TemplateStore(tmp_path / "w", other)
    forget(tmp_path / "w", other)
    with TemplateStore(tmp_path / "w", other) as store:
        assert len(store) == 0


def test_a_work_folder_open_to_others_or_in_use_is_refused(tmp_path: Path, open_default_pack: OpenPack) -> None:
    with TemplateStore(tmp_path / "w", open_default_pack), _refused("another run"):
        TemplateStore(tmp_path / "w", open_default_pack)
    (tmp_path / "w").chmod(0o755)
    with _refused("open to other users", next_step="chmod"):
        TemplateStore(tmp_path / "w", open_default_pack)


def test_the_data_digest_follows_every_photo_that_a_table_of_pairs_names(tmp_path: Path) -> None:
    table = _pairs(tmp_path)
    before = digest_of_data(table)
    assert digest_of_data(table) == before
    (tmp_path / "faces" / "Person_003" / "0.jpg").write_bytes(tile(4711))
    assert digest_of_data(table) != before


@pytest.mark.parametrize("name", ["/etc/hostname", "../secret.jpg", "missing.jpg", "x" * 200_000])
def test_the_data_digest_reads_nothing_outside_the_folder_of_its_table(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.jpg").write_bytes(tile(1))
    (tmp_path / "in").mkdir()
    table = tmp_path / "in" / "pairs.csv"
    table.write_text(f"image_a,image_b,same\n{name},{name},1\n")
    with pytest.raises(BadInput):
        digest_of_data(table)
