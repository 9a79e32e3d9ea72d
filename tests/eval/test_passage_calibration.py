"""Calibration on whole passages: every walker searched against everybody but themselves, through the real pipeline (R27, R37)."""

from pathlib import Path

import numpy as np
import pytest

from lfr_engine.enrol import enrol_photo
from lfr_engine.errors import BadInput
from lfr_engine.evaluation.bands import calibrated_bands
from lfr_engine.evaluation.calibration_scores import passage_scores
from lfr_engine.evaluation.crowd import CrowdPlan, draw_crowds
from lfr_engine.evaluation.operating_point import NEVER
from lfr_engine.evaluation.split import people_of
from lfr_engine.evaluation.template_store import Kept
from lfr_engine.packs.store import open_pack

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "eval"
FACES, PACK = SHARED / "faces", SHARED / "packs" / "yunet-omz0095"


@pytest.mark.slow
@pytest.mark.skipif(not FACES.is_dir() or not PACK.is_dir(), reason="the evaluation material ../shared/eval is not here")
def test_passages_of_a_small_crowd_are_calibrated() -> None:
    everybody = people_of(FACES)
    people = {name: photos for name, photos in list(everybody.items())[:60] if len(photos) > 1}
    people |= {name: photos for name, photos in list(everybody.items())[:40] if len(photos) == 1}
    plan = CrowdPlan(passers=8, listed_passers=4, list_size=10, at_once=3.0)
    crowds = draw_crowds(people, plan, listed_passages=4, seed=2)
    pack = open_pack(PACK)
    kept = {}
    for name, path in ({name: photos[0] for name, photos in people.items()} | crowds[0].listed).items():
        try:
            kept[name] = Kept(enrol_photo(path.read_bytes(), pack).template.vector, "", {})
        except BadInput as error:
            kept[name] = Kept(None, error.message, {})
    scores = passage_scores(crowds, kept, pack, pack.default_threshold, lambda _line: None)
    assert len(scores.non_mated.people) == 8
    assert len(scores.mated) == 4
    for row, person in zip(scores.non_mated.scores, scores.non_mated.people, strict=True):
        if person in scores.entry_people:
            assert row[scores.entry_people.index(person)] == NEVER  # nobody is a stranger to themselves
    assert np.median([score for score in scores.mated if score > NEVER]) > np.median(scores.non_mated.scores.max(axis=1))
    (band,) = calibrated_bands(scores.non_mated, scores.mated, scores.mated_people, [10], target=0.001)
    assert not band.kept  # eight passages show nothing of one in a thousand
    assert band.needed_searches == 3688
