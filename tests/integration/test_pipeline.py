"""The pipeline of one camera on real faces: alerts once, counts everybody, keeps nothing."""

import numpy as np
import pytest

from lfr_engine.errors import BadInput
from lfr_engine.gallery import Gallery
from lfr_engine.image import decode_photo, resize
from lfr_engine.look import LookSettings, look_closely
from lfr_engine.packs.build import packaged_file
from lfr_engine.packs.store import OpenPack
from lfr_engine.pipeline import Pipeline, step_many
from lfr_engine.quality import Rejection
from lfr_engine.values import Frame, Image, Looked
from lfr_engine.video.ahead import ahead


@pytest.fixture(scope="module")
def group() -> Image:
    """Six people, at half size."""
    photo = decode_photo(packaged_file("insightface", "data/images/t1.jpg").read_bytes())
    return resize(photo, photo.shape[1] // 2, photo.shape[0] // 2)


@pytest.fixture(scope="module")
def third_person(group: Image, open_default_pack: OpenPack) -> Gallery:
    faces = sorted(open_default_pack.detector.detect(group), key=lambda face: float(face.bbox_xyxy_px[0]))
    return Gallery(["third"], open_default_pack.embedder.embed(group, [faces[2]]))


def pipeline(pack: OpenPack, gallery: Gallery) -> Pipeline:
    return Pipeline(pack=pack, gallery=gallery, threshold=0.97)


def test_one_alert_for_the_listed_and_a_count_for_everybody(group: Image, open_default_pack: OpenPack, third_person: Gallery) -> None:
    running = pipeline(open_default_pack, third_person)
    steps = [running.step(Frame(index, index * 0.25, group)) for index in range(12)]
    alerts = [alert for step in steps for alert in step.alerts]
    assert [alert.candidates[0].entry_id for alert in alerts] == ["third"]
    assert 1 <= len(alerts[0].probes) <= 3
    assert alerts[0].first_frame == 0
    last = steps[-1]
    assert len(last.regions) == 6
    assert sum(region.alerted for region in last.regions) == 1
    counters = running.finish().counters
    assert (counters.frames, counters.passages, counters.alerts) == (12, 6, 1)


def test_the_figure_of_an_alert_shows_nobody_else(group: Image, open_default_pack: OpenPack, third_person: Gallery) -> None:
    running = pipeline(open_default_pack, third_person)
    steps = [running.step(Frame(index, index * 0.25, group)) for index in range(12)]
    alert = next(alert for step in steps for alert in step.alerts)
    assert len(open_default_pack.detector.detect(group)) == 6
    shown = [face for face in open_default_pack.detector.detect(alert.figure) if face.score > 0.6]
    assert len(shown) == 1
    x0, _, x1, _ = alert.bbox_xyxy_px
    assert x0 < float(shown[0].bbox_xyxy_px[[0, 2]].mean()) < x1


def test_between_detections_nothing_is_looked_for(group: Image, open_default_pack: OpenPack, third_person: Gallery) -> None:
    running = pipeline(open_default_pack, third_person)
    detected = [running.step(Frame(index, index * 0.05, group)).detected for index in range(9)]
    assert open_default_pack.manifest.detector.interval_s == 0.24
    assert detected == [True, False, False, False, False, True, False, False, False]


def test_a_passage_of_one_view_is_decided_when_the_stream_ends(group: Image, open_default_pack: OpenPack, third_person: Gallery) -> None:
    running = pipeline(open_default_pack, third_person)
    assert running.step(Frame(0, 0.0, group)).alerts == ()
    last = running.finish()
    assert [alert.candidates[0].entry_id for alert in last.alerts] == ["third"]
    assert last.alerts[0].figure.any()


def test_nothing_is_kept_when_a_passage_is_over(group: Image, open_default_pack: OpenPack, third_person: Gallery) -> None:
    running = pipeline(open_default_pack, third_person)
    for index in range(4):
        running.step(Frame(index, index * 0.25, group))
    passages = list(running._passages.values())
    crops = [view.crop for passage in passages for view in passage.views]
    assert any(crop.any() for crop in crops)
    running.step(Frame(4, 10.0, np.zeros_like(group)))
    assert not running._passages
    assert not any(crop.any() for crop in crops)
    assert all(not passage.views and not passage.verdicts.reached for passage in passages)


def test_a_removed_entry_raises_no_alert(group: Image, open_default_pack: OpenPack, third_person: Gallery) -> None:
    gallery = Gallery(["third"], third_person._rows[:1])
    gallery.remove("third")
    running = pipeline(open_default_pack, gallery)
    assert not any(running.step(Frame(index, index * 0.25, group)).alerts for index in range(12))
    assert running.finish().counters.alerts == 0


def test_cameras_stepped_together_or_searched_ahead_find_what_one_finds(
    group: Image, open_default_pack: OpenPack, third_person: Gallery
) -> None:
    alone, together, searched_ahead, mirrored = (pipeline(open_default_pack, third_person) for _ in range(4))
    frames = [Frame(index, index * 0.25, group) for index in range(5)]
    other = [Frame(index, index * 0.25, np.ascontiguousarray(group[:, ::-1])) for index in range(5)]
    expected = [alone.step(frame) for frame in frames]
    pairs = [step_many([(mirrored, turned), (together, frame)])[1] for turned, frame in zip(other, frames, strict=True)]
    later = [searched_ahead.step(one) for one in ahead(searched_ahead.search(frame) for frame in frames)]
    for steps in (pairs, later):
        assert [step.counters for step in steps] == [step.counters for step in expected]
        assert [step.regions for step in steps] == [step.regions for step in expected]
        assert [alert.explanation for step in steps for alert in step.alerts] == [
            alert.explanation for step in expected for alert in step.alerts
        ]


def test_cameras_with_different_lists_are_not_stepped_together(group: Image, open_default_pack: OpenPack, third_person: Gallery) -> None:
    other = Gallery(["third"], third_person_rows(group, open_default_pack))
    with pytest.raises(BadInput, match="one list"):
        step_many([(pipeline(open_default_pack, gallery), Frame(0, 0.0, group)) for gallery in (third_person, other)])


def test_a_close_look_finds_the_same_faces_again_and_nobody_where_nobody_is(group: Image, open_default_pack: OpenPack) -> None:
    faces = open_default_pack.detector.detect(group, 320)
    again = look_closely(group, faces, open_default_pack.detector, LookSettings())
    assert len(again) == len(faces)
    for face, closer in zip(faces, again, strict=True):
        assert closer is not None
        assert np.abs(closer.landmarks_xy_px - face.landmarks_xy_px).max() < 0.15 * face.size_px
    nobody = look_closely(np.zeros_like(group), faces, open_default_pack.detector, LookSettings())
    assert nobody == [None] * len(faces)


def test_an_evaluation_is_told_of_every_judged_view(group: Image, open_default_pack: OpenPack, third_person: Gallery) -> None:
    told: list[Looked] = []
    running = Pipeline(pack=open_default_pack, gallery=third_person, threshold=0.97, watch=told.append)
    running.step(Frame(0, 0.0, group))
    assert len(told) == 6
    assert sum(one.row is not None for one in told) == 5
    assert [one.rejection for one in told if one.row is None] == [Rejection.TURNED]
    assert all(abs(float(np.linalg.norm(one.row)) - 1) < 1e-4 for one in told if one.row is not None)


def test_a_passage_that_breaks_in_two_raises_one_alert_unless_it_is_a_drill(
    group: Image, open_default_pack: OpenPack, third_person: Gallery
) -> None:
    """R43. The camera goes black for longer than a lost track is remembered."""
    black = np.zeros_like(group)
    shots = (
        [(0.25 * at, group) for at in range(6)]
        + [(1.5 + 0.25 * at, black) for at in range(9)]
        + [(4.0 + 0.25 * at, group) for at in range(6)]
    )
    for unthrottled, raised in ((frozenset[str](), 1), (frozenset({"third"}), 2)):
        running = Pipeline(pack=open_default_pack, gallery=third_person, threshold=0.97, unthrottled=unthrottled)
        steps = [running.step(Frame(index, at_s, picture.copy())) for index, (at_s, picture) in enumerate(shots)]
        assert sum(len(step.alerts) for step in steps) == raised
        assert steps[-1].counters.throttled == 2 - raised
        assert not steps[-1].flooded


def third_person_rows(group: Image, pack: OpenPack) -> np.ndarray:
    return pack.embedder.embed(group, pack.detector.detect(group)[:1])


def test_templates_of_another_pack_are_refused(open_default_pack: OpenPack) -> None:
    row = np.zeros((1, 512), np.float32)
    row[0, 0] = 1
    with pytest.raises(BadInput, match="512"):
        Pipeline(pack=open_default_pack, gallery=Gallery(["a"], row), threshold=0.5)
    with pytest.raises(BadInput, match="threshold"):
        Pipeline(pack=open_default_pack, gallery=Gallery(["a"], row[:, :128]), threshold=1.5)
