"""The pipeline of one camera on real faces: alerts once, counts everybody, keeps nothing."""

import numpy as np
import pytest

from lfr_engine.errors import BadInput
from lfr_engine.gallery import Gallery
from lfr_engine.image import decode_photo, resize
from lfr_engine.packs.build import packaged_file
from lfr_engine.packs.store import OpenPack
from lfr_engine.pipeline import Pipeline
from lfr_engine.values import Frame, Image


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
    assert detected == [True, False, False, False, True, False, False, False, True]


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
    crops = [view.crop for passage in passages for view in passage.best]
    assert any(crop.any() for crop in crops)
    running.step(Frame(4, 10.0, np.zeros_like(group)))
    assert not running._passages
    assert not any(crop.any() for crop in crops)
    assert all(not passage.best and not passage.verdicts.reached for passage in passages)


def test_a_removed_entry_raises_no_alert(group: Image, open_default_pack: OpenPack, third_person: Gallery) -> None:
    gallery = Gallery(["third"], third_person._rows[:1])
    gallery.remove("third")
    running = pipeline(open_default_pack, gallery)
    assert not any(running.step(Frame(index, index * 0.25, group)).alerts for index in range(12))
    assert running.finish().counters.alerts == 0


def test_templates_of_another_pack_are_refused(open_default_pack: OpenPack) -> None:
    row = np.zeros((1, 512), np.float32)
    row[0, 0] = 1
    with pytest.raises(BadInput, match="512"):
        Pipeline(pack=open_default_pack, gallery=Gallery(["a"], row), threshold=0.5)
    with pytest.raises(BadInput, match="threshold"):
        Pipeline(pack=open_default_pack, gallery=Gallery(["a"], row[:, :128]), threshold=1.5)
