"""On Ray: the same result as one by one, whoever is killed, and the same answers as one gallery."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from lfr_engine.bulk_enrol import Photo, enrol_many
from lfr_engine.cluster.bulk import PROGRESS, Job, enrol_source
from lfr_engine.cluster.listfile import ENTRIES, FORMAT, REFUSED, TEMPLATES, ListFile, ListManifest, read_list
from lfr_engine.cluster.lookalikes import lookalikes
from lfr_engine.cluster.session import Cluster, cluster
from lfr_engine.cluster.sharded import ShardedGallery
from lfr_engine.gallery import Gallery
from lfr_engine.image import decode_photo, encode_jpeg, resize
from lfr_engine.packs.build import packaged_file
from lfr_engine.packs.store import OpenPack
from lfr_engine.values import Floats

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra cluster is not installed"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with cluster(None, None) as made:
        yield made


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One face in 90 sizes and shades under 30 names, of which a few show nobody or are torn: three groups."""
    folder = tmp_path_factory.mktemp("photos")
    image = decode_photo(packaged_file("insightface", "data/images/Tom_Hanks_54745.png").read_bytes())
    for number in range(90):
        side = 150 + 2 * number
        path = folder / f"person-{number % 30:02d}" / f"{number:03d}.jpg"
        path.parent.mkdir(exist_ok=True)
        small = resize(image, side, side)
        data = encode_jpeg(np.full_like(small, 90) if number % 20 == 7 else small)
        path.write_bytes(data[: len(data) // 2] if number % 20 == 11 else data)
    return folder


@pytest.fixture(scope="module")
def one_by_one(photos: Path, open_default_pack: OpenPack) -> tuple[list[str], Floats, list[str]]:
    files = sorted(photos.rglob("*.jpg"), key=lambda file: file.relative_to(photos).as_posix())
    made = list(enrol_many([Photo(file.parent.name, file.name, file.read_bytes) for file in files], open_default_pack))
    enrolled = [outcome for outcome in made if outcome.enrolled is not None]
    rows = np.stack([outcome.enrolled.template.vector for outcome in enrolled if outcome.enrolled])
    return [outcome.photo.subject_ref for outcome in enrolled], rows, [outcome.why for outcome in made if outcome.why]


def same(found: ListFile, expected: tuple[list[str], Floats, list[str]]) -> bool:
    return (
        list(found.subject_refs) == expected[0] and np.array_equal(found.rows, expected[1]) and found.manifest.refused == len(expected[2])
    )


def test_an_archive_enrolled_on_a_cluster_equals_one_by_one(
    own: Cluster, photos: Path, one_by_one: tuple[list[str], Floats, list[str]], tmp_path: Path, open_default_pack: OpenPack
) -> None:
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for file in photos.rglob("*.jpg"):
            made.write(file, file.relative_to(photos).as_posix())
    enrol_source(Job(archive, open_default_pack, tmp_path / "out"), own, resume=False, say=print)
    found = read_list(tmp_path / "out", open_default_pack.pack_digest)
    assert same(found, one_by_one)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted((ENTRIES, "manifest.json", REFUSED, TEMPLATES))


def test_a_killed_worker_loses_nothing(
    own: Cluster, photos: Path, one_by_one: tuple[list[str], Floats, list[str]], tmp_path: Path, open_default_pack: OpenPack
) -> None:
    killed: list[int] = []
    ended = threading.Event()

    def kill_one() -> None:
        progress = tmp_path / "out" / PROGRESS
        while not killed and not ended.wait(0.01):
            if progress.exists() and progress.read_bytes().count(b"qualities"):
                killed.extend(workers()[:1])
                for worker in killed:
                    os.kill(worker, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    try:
        enrol_source(Job(photos, open_default_pack, tmp_path / "out"), own, resume=False, say=print)
    finally:
        ended.set()
        killer.join()
    assert killed
    assert same(read_list(tmp_path / "out"), one_by_one)


def workers() -> list[int]:
    """Processes of this test's own cluster that enrol or search."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                title = (entry / "cmdline").read_bytes()
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                raylet = Path("/proc", parent, "cmdline").read_bytes()
            except OSError:
                continue
            if title.startswith((b"ray::Enroller", b"ray::Shard")) and str(folder_of_own()).encode() in raylet:
                found.append(int(entry.name))
    return found


def folder_of_own() -> Path:
    import ray

    return Path(ray._private.worker._global_node.get_session_dir_path()).parent


def test_our_cluster_has_no_dashboard_no_usage_report_no_spilling_and_a_token(own: Cluster) -> None:
    import ray

    assert not ray._private.worker._global_node.webui_url
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert folder_of_own().parent.stat().st_mode & 0o777 == 0o700
    assert folder_of_own().parent.parent == Path(tempfile.gettempdir())
    log = (folder_of_own() / "session_latest" / "logs" / "raylet.out").read_text()
    assert "Object spilling is disabled" in log


@pytest.fixture(scope="module")
def long_list(tmp_path_factory: pytest.TempPathFactory) -> ListFile:
    """15,000 rows of 5,000 people, three each, in a folder as bulk enrolment leaves it; read as such a folder is, but for its digests."""
    rng = np.random.default_rng(11)
    people = rng.normal(size=(5_000, 64))
    rows = np.concatenate([people + 0.3 * rng.normal(size=people.shape) for _ in range(3)])
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("<f4")
    folder = tmp_path_factory.mktemp("list")
    (folder / TEMPLATES).write_bytes(rows.tobytes())
    none = "0" * 64
    manifest = ListManifest(
        format=FORMAT, pack="p", pack_digest="sha256:p", dimension=64, rows=15_000, refused=0,
        templates_sha256=none, entries_sha256=none, refused_sha256=none,
    )  # fmt: skip
    return ListFile(folder, manifest, tuple(f"p{number % 5_000:04d}" for number in range(15_000)), rows)


def test_a_list_in_parts_answers_like_one_gallery_also_after_removal_and_after_a_part_was_killed(own: Cluster, long_list: ListFile) -> None:
    single = Gallery(long_list.subject_refs, np.array(long_list.rows))
    parts = ShardedGallery(long_list, own, shards=3)
    asked = np.array(long_list.rows[::150])
    assert parts.top(asked, 5) == single.top(asked, 5)
    assert parts.at_or_above(asked, 0.5) == single.at_or_above(asked, 0.5)
    assert parts.remove("p0000") == single.remove("p0000") == 3
    assert parts.remove("nobody") == 0
    assert parts.top(asked, 5) == single.top(asked, 5)
    os.kill(workers()[0], signal.SIGKILL)
    assert parts.top(asked, 5) == single.top(asked, 5)
    assert parts.at_or_above(asked, 0.5) == single.at_or_above(asked, 0.5)
    parts.close()


def test_lookalikes_are_the_pairs_of_different_people(own: Cluster, long_list: ListFile) -> None:
    short = ListFile(long_list.folder, long_list.manifest.model_copy(update={"rows": 40}), ("a", "b", "a", "c") * 10, long_list.rows[:40])
    parts = ShardedGallery(short, own, shards=2)
    found = lookalikes(short, parts, 0.2, print)
    parts.close()
    products = np.array(short.rows, np.float64) @ np.array(short.rows, np.float64).T
    expected = {
        (a, b): max(products[i, j] for i in range(40) for j in range(40) if (short.subject_refs[i], short.subject_refs[j]) == (a, b))
        for a, b in (("a", "b"), ("a", "c"), ("b", "c"))
    }
    assert {(pair.first, pair.second): round(pair.similarity, 9) for pair in found} == {
        pair: round(similarity, 9) for pair, similarity in expected.items() if similarity >= 0.2
    }


@pytest.mark.slow
def test_a_killed_head_loses_nothing(
    photos: Path, one_by_one: tuple[list[str], Floats, list[str]], tmp_path: Path, packs_dir: Path, open_default_pack: OpenPack
) -> None:
    out, home = tmp_path / "out", tmp_path / "home"
    shutil.copytree(packs_dir / "open-default", home / "packs" / "open-default")
    command = [sys.executable, "-m", "webui.cli.main", "cluster", "enrol", str(photos), "--pack", "open-default", "--out", str(out)]
    environment = {**os.environ, "LFR_HOME": str(home)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as head:
        until = time.monotonic() + 120
        while not ((out / PROGRESS).exists() and (out / PROGRESS).read_bytes().count(b"qualities")):
            assert time.monotonic() < until
            assert head.poll() is None
            time.sleep(0.02)
        head.kill()
    again = subprocess.run([*command, "--resume"], env=environment, capture_output=True, text=True, timeout=180)
    assert again.returncode == 0, again.stderr
    assert "going on: " in again.stderr
    assert same(read_list(out, open_default_pack.pack_digest), one_by_one)
