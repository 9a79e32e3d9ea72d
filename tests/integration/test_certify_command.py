"""`lfr evaluate plan`, a logged run, `lfr models certify` and the register, as commands in a real office (R37, R98, R100)."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.office import certificates, plans
from lfr_engine.errors import Refused
from lfr_engine.packs.store import OpenPack
from tests.office_world import PHOTOS, OfficeWorld, new_office_world
from watchlist.sealing.keys import SigningKey
from webui.cli import main as command
from webui.cli.demo_people import demo_people
from webui.cli.evaluate_plan import registered_run

CLOCK = "sim:2026-12-05T08:00:00Z:1"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, open_default_pack: OpenPack) -> Iterator[OfficeWorld]:
    with new_office_world(tmp_path_factory.mktemp("certify") / "home") as made:
        made.pack = open_default_pack
        yield made


@pytest.fixture
def lfr(world: OfficeWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Lfr":
    monkeypatch.setenv("LFR_HOME", str(world.home.root))
    monkeypatch.setenv("LFR_CLOCK", CLOCK)
    return Lfr(capsys)


class Lfr:
    """`lfr` in this process; the answer's exit code and what was printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        code = command.main([str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        return code, said.out, said.err


def faces(folder: Path) -> Path:
    for person in demo_people(PHOTOS)[:2]:
        (folder / person.ref).mkdir(parents=True)
        (folder / person.ref / "a.jpg").write_bytes(person.enrol_jpeg)
    return folder


def result_for(pack: OpenPack, facts: dict[str, object] | None, recognised: float) -> bytes:
    bands = [{"max_entries": 100, "threshold": "0.944", "false_alerts": None, "misses": None}]
    told = {"pack_digest": pack.pack_digest, "pipeline_digest": pack.pipeline_digest, "bands": bands}
    return json.dumps({**told, "recognised": {"value": recognised}, "registered": facts}).encode()


def test_R100_from_a_plan_to_a_certificate_that_tells_of_the_failed_and_the_aborted_run(
    world: OfficeWorld, lfr: Lfr, tmp_path: Path
) -> None:
    assert world.pack is not None
    pack, material, key = world.pack, faces(tmp_path / "faces"), world.roots / "test-body.key"
    plan, out = tmp_path / "plan.dsse.json", tmp_path / "certificate.dsse.json"
    common = ["--title", "T", "--purpose", "P", "--data-statement", "D", "--key", key, "--out", plan]
    code, _, said = lfr(
        *("evaluate", "plan", pack.folder, "--test", "crowd", "--data", f"faces={material}", "--require", "recognised.value>=0.8"),
        *("--threshold", "0.944", *common),
    )
    assert code == 0, said
    for threshold, test in (("0.90", "crowd"), ("0.944", "verification")):
        with (
            pytest.raises(Refused) as caught,
            registered_run(plan, test=test, pack=pack, data={"faces": material}, threshold=threshold),
        ):
            pass
        assert caught.value.rule_ids == ("R100",)
    with registered_run(plan, test="crowd", pack=pack, data={"faces": material}, threshold="0.944") as failed:
        failed.finished(result_for(pack, failed.facts, 0.7))
    with pytest.raises(KeyboardInterrupt), registered_run(plan, test="crowd", pack=pack, data={"faces": material}):
        raise KeyboardInterrupt
    with registered_run(plan, test="crowd", pack=pack, data={"faces": material}) as passed:
        result = tmp_path / "result.json"
        result.write_bytes(result_for(pack, passed.facts, 0.9))
        passed.finished(result.read_bytes())
    code, told, said = lfr(
        "models", "certify", pack.folder, "--plan", plan, "--result", result, "--key", key, "--limit", "few faces", "--out", out
    )
    assert code == 0, said
    assert "run 3 of 3 of its plan; run 1 failed, run 2 aborted" in told
    digest, certificate = certificates.newest(world.office)
    assert told.splitlines()[0] == digest
    assert certificate.licence.use == "demonstration"
    assert certificate.known_limits == ("few faces",)
    assert [run.outcome for run in plans.runs(world.office, certificate.evidence[0].plan)] == ["failed", "aborted", "passed"]

    code, told, _ = lfr("models", "register", "--json")
    line = json.loads(told)[0]
    assert (code, line["state"], line["certificates"]) == (0, "certified", [digest])
    pipeline = line["pipeline_digest"][7:20]
    assert lfr("models", "move", pipeline, "suspend", "--who", "ap-01")[0] == 4  # an applicant may not
    assert lfr("models", "move", pipeline, "suspend", "--who", "si-01")[0] == 0
    assert lfr("models", "move", pipeline, "adopt", "--who", "ao-01")[0] == 4  # R98: not from there
    assert lfr("models", "move", pipeline, "reopen", "--who", "ao-01")[0] == 0
    assert lfr("models", "clear", pipeline, "ethics_referral", "--who", "au-01", "--evidence", result)[0] == 3
    code, told, _ = lfr("models", "clear", pipeline, "human_review", "--who", "ao-01", "--evidence", result)
    assert (code, "is certified" in told) == (0, True)


def test_R37_a_key_of_nobody_in_the_roster_plans_nothing(world: OfficeWorld, lfr: Lfr, tmp_path: Path) -> None:
    assert world.pack is not None
    stranger = tmp_path / "stranger.key"
    SigningKey.generate().save(stranger)
    code, _, said = lfr(
        *("evaluate", "plan", world.pack.folder, "--test", "crowd", "--data", f"faces={faces(tmp_path / 'faces')}"),
        *("--require", "n>=1", "--title", "T", "--purpose", "P", "--data-statement", "D", "--key", stranger, "--out", tmp_path / "p"),
    )
    assert code == 4
    assert "R37" in said


@pytest.mark.parametrize(
    "wrong",
    [
        ["--require", "accuracy"],
        ["--require", "accuracy>=high"],
        ["--require", "accuracy>=nan"],
        ["--require", "accuracy>=1e400"],
        ["--require", "a" * 400 + ">=1"],
        ["--threshold", "nan"],
        ["--data", "faces"],
        ["--data", "faces=/nowhere"],
        ["--data", "r" * 400 + "=/etc/hostname"],
    ],
)
def test_a_plan_that_cannot_be_read_is_bad_input(world: OfficeWorld, lfr: Lfr, tmp_path: Path, wrong: list[str]) -> None:
    assert world.pack is not None
    given = ["--data", f"faces={faces(tmp_path / 'faces')}", "--require", "n>=1"]
    given = {"--data": given[2:], "--require": given[:2]}.get(wrong[0], given)
    rest = ["--title", "T", "--purpose", "P", "--data-statement", "D", "--key", world.roots / "test-body.key", "--out", tmp_path / "p"]
    assert lfr("evaluate", "plan", world.pack.folder, "--test", "crowd", *given, *wrong, *rest)[0] == 3
