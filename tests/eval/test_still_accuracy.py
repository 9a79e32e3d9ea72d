"""The labelled pairs and faces, where they lie beside the project: what each pack must reach, through the evaluation itself."""

from pathlib import Path

import pytest

from lfr_engine.evaluation.identification import identify
from lfr_engine.evaluation.pairs import read_pairs
from lfr_engine.evaluation.protocol import read_protocol
from lfr_engine.evaluation.stills import Use, templates_of
from lfr_engine.evaluation.template_store import TemplateStore
from lfr_engine.evaluation.verification import verify
from lfr_engine.packs.store import open_pack

EVAL = Path(__file__).resolve().parents[3] / "shared" / "eval"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.evaluation,
    pytest.mark.skipif(not (EVAL / "pairs.csv").is_file(), reason="the labelled pairs ../shared/eval/pairs.csv are absent"),
]

PACKS = ["open-default", str(EVAL / "packs" / "insightface-sc"), str(EVAL / "packs" / "yunet-omz0095")]
NAMES = ["open-default", "insightface-sc", "yunet-omz0095"]


@pytest.mark.parametrize(("pack", "at_least"), list(zip(PACKS, (0.988, 0.993, 0.992), strict=True)), ids=NAMES)
def test_pairs_are_judged_as_rightly_as_the_networks_were_published_to(pack: str, at_least: float, packs_dir: Path, tmp_path: Path) -> None:
    opened = open_pack(pack, packs_dir)
    material = read_pairs(EVAL / "pairs.csv")
    with TemplateStore(tmp_path / "work", opened) as store:
        found = verify(material, templates_of(material.photos, Use.PROBE, opened, store, print), seed=1)
    assert found.accuracy.value is not None
    assert found.accuracy.value >= at_least


@pytest.mark.parametrize(("pack", "at_most"), list(zip(PACKS, (0.30, 0.06, 0.10), strict=True)), ids=NAMES)
def test_R100_few_listed_people_are_missed_at_one_false_return_in_a_hundred(
    pack: str, at_most: float, packs_dir: Path, tmp_path: Path
) -> None:
    opened = open_pack(pack, packs_dir)
    protocol = read_protocol(EVAL / "faces", seed=1)
    assert (len(protocol.mated), len(protocol.nonmated)) == (400, 1_200)
    with TemplateStore(tmp_path / "work", opened) as store:
        references = templates_of(protocol.enrolled, Use.REFERENCE, opened, store, print)
        probes = templates_of((*protocol.mated, *protocol.nonmated), Use.PROBE, opened, store, print)
    found = identify(protocol, references, probes, threshold=opened.default_threshold, seed=1)
    [point] = [point for point in found.points if point.target == 0.01]
    assert 1 - point.accepted.k / point.accepted.n <= at_most
