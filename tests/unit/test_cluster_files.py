"""Bulk enrolment before any cluster: where photos come from, what survives a death, and a list that nobody can alter unseen."""

import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lfr_engine.cluster import session
from lfr_engine.cluster.bulk import DIED, Job, enrol_source
from lfr_engine.cluster.listfile import ENTRIES, FORMAT, MANIFEST, REFUSED, TEMPLATES, ListFile, ListManifest, private_folder, read_list
from lfr_engine.cluster.progress import GroupDone, Plan, Progress
from lfr_engine.cluster.session import Machine, WorkerDied, cluster
from lfr_engine.cluster.sharded import Shard, ShardedGallery
from lfr_engine.cluster.source import digest, listing, read
from lfr_engine.cluster.worker import Made
from lfr_engine.errors import BadInput, LfrError, VerificationFailed
from lfr_engine.image import MAX_PHOTO_BYTES
from lfr_engine.packs.store import OpenPack

PLAN = Plan("sha256:aa", 5, "sha256:bb", 4, 2)


def group(number: int) -> GroupDone:
    return GroupDone(number, (0.5, None), ("", "no face was found"), np.full((1, 4), number, np.float32))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name in ("b/2.JPG", "a/1.jpg", "a/note.txt", "alone.png", ".hidden.jpg", "a/deep/er.webp"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    (folder / "a" / "link.jpg").symlink_to("/etc/passwd")
    return folder


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                archive.write(file, file.relative_to(folder).as_posix())
    return path


def test_a_folder_and_its_archive_list_the_same_photos_and_people(photos: Path, tmp_path: Path) -> None:
    archive = zipped(photos, tmp_path / "photos.zip")
    found = listing(photos)
    assert [(listed.image, listed.subject_ref) for listed in found] == [
        ("a/1.jpg", "a"), ("a/deep/er.webp", "a"), ("alone.png", "alone"), ("b/2.JPG", "b"),
    ]  # fmt: skip
    assert listing(archive) == found
    assert [read(archive, listed.image) for listed in found] == [read(photos, listed.image) for listed in found]
    (photos / "a" / "1.jpg").write_bytes(b"longer than before")
    assert digest(listing(photos)) != digest(found)


def test_a_link_out_of_the_folder_is_neither_listed_nor_read(photos: Path) -> None:
    assert "a/link.jpg" not in {listed.image for listed in listing(photos)}
    with pytest.raises(BadInput, match="cannot be read"):
        read(photos, "a/link.jpg")


def test_an_archive_that_unpacks_beyond_measure_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/1.jpg", bytes(4 * MAX_PHOTO_BYTES))
    assert len(read(path, "a/1.jpg")) == MAX_PHOTO_BYTES + 1


def test_sources_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no archive")
    for name, words in (("empty", "no photo"), ("text.zip", "neither"), ("gone", "neither")):
        with pytest.raises(BadInput, match=words):
            listing(tmp_path / name)
    archive = tmp_path / "torn.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("a/1.jpg", b"x" * 1000)
    data = bytearray(archive.read_bytes())
    data[200] ^= 1
    archive.write_bytes(data)
    with pytest.raises(BadInput, match="cannot be read"):
        read(archive, "a/1.jpg")


def test_progress_survives_a_death_in_the_middle_of_a_record(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    with Progress(path, PLAN) as progress:
        progress.add(group(1))
        whole = path.stat().st_size
        progress.add(group(0))
    assert path.stat().st_mode & 0o777 == 0o600
    data = path.read_bytes()
    for length in range(len(data) - 1, whole - 1, -7):
        path.write_bytes(data[:length])
        with Progress(path, PLAN) as progress:
            assert progress.done == {1}
            (kept,) = progress.groups()
            assert np.array_equal(kept.rows, group(1).rows)
        assert path.stat().st_size == whole
    with Progress(path, PLAN) as progress:
        progress.add(group(0))
    assert path.read_bytes() == data
    path.write_bytes(data[:10])  # killed before its first line was written
    with Progress(path, PLAN) as progress:
        assert progress.done == set()


def test_progress_of_other_work_or_in_use_or_altered_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    with Progress(path, PLAN) as progress:
        progress.add(group(0))
        with pytest.raises(BadInput, match="another run"):
            Progress(path, PLAN)
    with pytest.raises(BadInput, match="other photos"):
        Progress(path, Plan("sha256:aa", 5, "sha256:another pack", 4, 2))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(VerificationFailed, match="altered"):
        Progress(path, PLAN)


class Dying:
    """A cluster of one machine in this process, on which every process that meets one of the bad photos dies."""

    def __init__(self, dimension: int, bad: Sequence[str]) -> None:
        self._dimension, self._bad = dimension, bad

    def machines(self) -> list[Machine]:
        return [Machine("here", 2)]

    def worker(self, kind: type, *arguments: object, machine: Machine) -> str:
        return "worker"

    def asked(self, worker: str, method: str, images: list[str]) -> tuple[str, ...]:
        return tuple(images)

    def first_done(self, promises: Sequence[Any]) -> Any:
        return promises[-1]

    def result(self, images: tuple[str, ...]) -> Made:
        if set(images) & set(self._bad):
            raise WorkerDied("died")
        rows = np.stack([np.full(self._dimension, len(image), np.float32) for image in images])
        return Made([0.5] * len(images), [""] * len(images), rows)

    def end(self, worker: str) -> None:
        return


def test_a_photo_on_which_processes_die_is_refused_and_its_neighbours_are_not(
    photos: Path, tmp_path: Path, open_default_pack: OpenPack
) -> None:
    dying = Dying(open_default_pack.dimension, ["a/deep/er.webp"])
    manifest = enrol_source(Job(photos, open_default_pack, tmp_path / "out"), dying, resume=False, say=print)  # type: ignore[arg-type]
    assert (manifest.rows, manifest.refused) == (3, 1)
    (refused,) = (tmp_path / "out" / REFUSED).read_text().splitlines()
    assert json.loads(refused) == {"subject_ref": "a", "image": "a/deep/er.webp", "why": DIED}
    listed = read_list(tmp_path / "out", open_default_pack.pack_digest)
    assert listed.subject_refs == ("a", "alone", "b")
    assert [int(row[0]) for row in listed.rows] == [7, 9, 7]


def test_a_list_that_was_altered_or_made_by_another_pack_is_not_read(photos: Path, tmp_path: Path, open_default_pack: OpenPack) -> None:
    out = tmp_path / "out"
    enrol_source(Job(photos, open_default_pack, out), Dying(open_default_pack.dimension, []), resume=False, say=print)  # type: ignore[arg-type]
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}
    assert out.stat().st_mode & 0o777 == 0o700
    with pytest.raises(BadInput, match="enrolled with the pack"):
        read_list(out, "sha256:another")
    for name in (TEMPLATES, ENTRIES, REFUSED):
        data = (out / name).read_bytes()
        (out / name).write_bytes(data[:-1] + b"?")
        with pytest.raises(VerificationFailed, match=name):
            read_list(out)
        (out / name).write_bytes(data)
    (out / MANIFEST).unlink()
    with pytest.raises(BadInput, match="no enrolled list"):
        read_list(out)


def test_a_folder_that_is_open_to_others_or_holds_other_work_is_refused(photos: Path, tmp_path: Path, open_default_pack: OpenPack) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    os.chmod(tmp_path / "open", 0o755)
    with pytest.raises(BadInput, match="open to others"):
        private_folder(tmp_path / "open")
    job, dying = Job(photos, open_default_pack, tmp_path / "out"), Dying(open_default_pack.dimension, [])
    private_folder(job.out)
    (job.out / "progress").touch()
    with pytest.raises(BadInput, match="begun"):
        enrol_source(job, dying, resume=False, say=print)  # type: ignore[arg-type]
    enrol_source(job, dying, resume=True, say=print)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="finished"):
        enrol_source(job, dying, resume=True, say=print)  # type: ignore[arg-type]


def test_another_machines_cluster_is_not_joined_without_a_token(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="without a token"), cluster("192.0.2.7:6379", None):
        pass
    token = tmp_path / "token"
    token.write_text("a" * 64)
    token.chmod(0o644)
    with pytest.raises(BadInput, match="read by others"), cluster("192.0.2.7:6379", token):
        pass
    token.chmod(0o600)
    token.write_text("short")
    with pytest.raises(BadInput, match="32 characters"), cluster("192.0.2.7:6379", token):
        pass


def test_without_ray_the_reader_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    with pytest.raises(LfrError) as failed, cluster(None, None):
        pass
    assert "lawful-lfr[cluster]" in failed.value.next_step


class Failing:
    """A cluster whose parts live in this process; while `dying`, whoever is told of a removal dies of it."""

    dying = False

    def machines(self) -> list[Machine]:
        return [Machine("a", 1), Machine("b", 1)]

    def worker(self, kind: type[Shard], *arguments: Any, **_: object) -> Shard:
        return kind(*arguments)

    def asked(self, worker: Shard, method: str, *arguments: Any) -> tuple[Shard, str, tuple[Any, ...]]:
        return worker, method, arguments

    def result(self, promise: tuple[Shard, str, tuple[Any, ...]]) -> Any:
        worker, method, arguments = promise
        if self.dying and method == "remove":
            raise WorkerDied("died")
        return getattr(worker, method)(*arguments)


def test_an_entry_whose_removal_met_a_death_is_found_by_no_part_that_is_made_anew(tmp_path: Path) -> None:
    rows = np.eye(4, dtype=np.float32)
    rows.tofile(tmp_path / TEMPLATES)
    nothing = "0" * 64
    manifest = ListManifest(
        format=FORMAT,
        pack="p",
        pack_digest="d",
        dimension=4,
        rows=4,
        refused=0,
        templates_sha256=nothing,
        entries_sha256=nothing,
        refused_sha256=nothing,
    )
    failing = Failing()
    gallery = ShardedGallery(ListFile(tmp_path, manifest, ("a", "b", "c", "d"), rows), failing, 2)  # type: ignore[arg-type]
    assert [found[0].entry_id for found in gallery.at_or_above(rows, 0.9)] == ["a", "b", "c", "d"]
    assert (gallery.remove("d"), gallery.remove("d"), gallery.remove("nobody")) == (1, 0, 0)
    failing.dying = True
    with pytest.raises(WorkerDied):
        gallery.remove("a")
    gallery._parts = [gallery._made(*place) for place in gallery._places]  # each part dies some time
    assert [bool(found) for found in gallery.at_or_above(rows, 0.9)] == [False, True, True, False]
