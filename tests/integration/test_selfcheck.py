"""Lower precision opens only after a self-check that passed, for this pack, this runtime and this processor."""

import json
import shutil
import stat
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from lfr_engine.errors import Refused
from lfr_engine.inference import Backend, Precision, Runtime
from lfr_engine.packs import verdict as verdicts
from lfr_engine.packs.comparison import LIMITS, Comparison
from lfr_engine.packs.reference_faces import reference_photos
from lfr_engine.packs.selfcheck import REFERENCE, check, compare
from lfr_engine.packs.store import OpenPack, open_pack
from lfr_engine.packs.verdict import FOLDER, Verdict, judge, store
from webui.cli.main import cli

pytestmark = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is not installed here")

FP32, BF16 = Runtime(Backend.OPENVINO), Runtime(Backend.OPENVINO, Precision.BF16)
MADE_AT = "2026-11-22T05:00:00.000Z"
ALIKE = Comparison(
    faces=32, pairs=496, faces_missed=0, least_cosine=0.9998, largest_shift=0.01, largest_drift=0.001, gap=0.12, decisions_changed=0
)


@pytest.fixture
def packs(packs_dir: Path, tmp_path: Path) -> Path:
    shutil.copytree(packs_dir / "open-default", tmp_path / "packs" / "open-default")
    return tmp_path / "packs"


def _verdict(pack: OpenPack, comparison: Comparison = ALIKE, runtime: Runtime = BF16) -> Verdict:
    return judge(pack.manifest, runtime, REFERENCE, comparison, MADE_AT)


def test_openvino_at_fp32_passes_on_the_reference_faces_and_the_command_keeps_it(packs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LFR_HOME", str(packs.parent))
    packs.parent.chmod(0o700)
    ran = CliRunner().invoke(cli, ["models", "selfcheck", "open-default", "--backend", "openvino", "--json"])
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert said["passed"]
    assert said["comparison"]["faces"] == 32, "eight people, each in four ways"
    assert said["comparison"]["decisions_changed"] == 0
    [kept] = (packs / FOLDER).iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert Verdict.model_validate_json(kept.read_bytes()).pack_digest == said["pack_digest"]


def test_what_describes_faces_otherwise_fails_and_says_how(packs: Path) -> None:
    source = Path(verdicts.__file__).parent / "known" / "open-default.toml"
    other = packs / "other"
    shutil.copytree(packs / "open-default", other)
    (other / "manifest.toml").write_text(source.read_text().replace('channels = "rgb"', 'channels = "bgr"'))
    reference, candidate = open_pack(packs / "open-default", runtime=REFERENCE), open_pack(other, runtime=FP32)
    failings = compare(reference, candidate, reference_photos()[:4]).failings(LIMITS[Precision.FP32])
    assert any("templates differ: cosine" in why for why in failings)
    assert any("a score moved by" in why for why in failings)


def test_without_a_verdict_a_lower_precision_is_refused_with_what_to_do(packs: Path, open_default_pack: OpenPack) -> None:
    for folder in (packs, None):
        with pytest.raises(Refused) as refused:
            open_pack(packs / "open-default", folder, BF16)
        assert refused.value.rule_ids == ("R37", "R98")
        assert refused.value.next_step == "lfr models selfcheck open-default --backend openvino --precision bf16"


def test_a_passing_verdict_opens_it_under_another_pipeline_digest(packs: Path, open_default_pack: OpenPack) -> None:
    store(packs, _verdict(open_default_pack), BF16)
    pack = open_pack("open-default", packs, BF16)
    assert pack.runtime == BF16
    assert pack.pipeline_digest != open_default_pack.pipeline_digest
    assert pack.pack_digest == open_default_pack.pack_digest


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"pack_digest": "sha256:" + "0" * 64}, "was made with"),
        ({"runtime": "openvino 1.0 bf16"}, "was made with openvino 1.0"),
        ({"processor": "another processor"}, "on another processor"),
        ({"failings": ("a score moved",)}, "failed its self-check"),
        ({"comparison": {**verdicts.asdict(ALIKE), "largest_drift": 0.1}}, "a score moved by 0.1"),
        ({"comparison": {**verdicts.asdict(ALIKE), "faces_missed": 1}}, "found by one of the two only"),
        ({"comparison": {**verdicts.asdict(ALIKE), "least_cosine": 0.9}}, "templates differ"),
        ({"comparison": {**verdicts.asdict(ALIKE), "decisions_changed": 1}}, "decisions at the default threshold changed"),
        ({"v": 2}, "was never compared"),
        ({"passed": True}, "was never compared"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_verdict_on_something_else_or_one_that_failed_opens_nothing(
    changed: dict[str, object], why: str, packs: Path, open_default_pack: OpenPack
) -> None:
    path = store(packs, _verdict(open_default_pack), BF16)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    with pytest.raises(Refused, match=why):
        open_pack("open-default", packs, BF16)


def test_a_verdict_that_is_cut_off_or_endless_counts_as_none(packs: Path, open_default_pack: OpenPack) -> None:
    path = store(packs, _verdict(open_default_pack), BF16)
    for content in (path.read_bytes()[:40], b" " * 1_000_000 + path.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(Refused, match="was never compared"):
            open_pack("open-default", packs, BF16)


@pytest.mark.slow
def test_bf16_is_compared_for_what_it_is(packs: Path) -> None:
    """It passes or fails on this machine; either way scores moved more than in fp32, and the verdict says by how much."""
    seen = check(packs / "open-default", BF16, reference_photos(), MADE_AT).comparison
    assert seen.faces_missed == 0
    assert 1e-4 < seen.largest_drift < 0.5 * seen.gap
