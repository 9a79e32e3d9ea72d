"""The measurement itself, on a crowd small enough to count by hand."""

from pathlib import Path

from click.testing import CliRunner

from lfr_engine.evaluation.crowd import Crowd
from lfr_engine.evaluation.rehearsal_rates import rehearsal_rates
from lfr_engine.video.rehearsal.spec import read_spec
from tests.rehearsal_world import default_pack, people, write_spec
from webui.cli.benchmark import benchmark


def test_a_right_name_is_recognised_and_a_wrong_one_is_false(tmp_path: Path) -> None:
    spec = read_spec(write_spec(tmp_path, ["P-08", "P-06"], fps=5))
    photos = {ref: tmp_path / f"enrol-{ref}.jpg" for ref in ("P-08", "P-06")}
    for ref, path in photos.items():
        path.write_bytes(people()[ref].enrol_jpeg)
    # P-06 is enrolled under the name of somebody who never comes: whoever is recognised as that is a false name.
    crowd = Crowd({"P-08": photos["P-08"], "somebody else": photos["P-06"]}, spec)
    said: list[str] = []
    rates = rehearsal_rates([crowd], default_pack(), threshold=default_pack().default_threshold, say=said.append)
    [clip] = rates.clips
    assert (clip.recognised, clip.listed_passages, clip.false_names) == (1, 1, 1)
    assert (clip.passages_counted, clip.passages_true, clip.refused, clip.missed) == (2, 2, 0, ())
    assert rates.as_json()["recognised"] == {"k": 1, "n": 1, "low": 0.025, "high": 1.0}
    assert len(said) == 1


def test_the_command_says_when_there_are_too_few_faces(tmp_path: Path) -> None:
    (tmp_path / "Somebody").mkdir()
    (tmp_path / "Somebody" / "1.jpg").touch()
    for half in ("unseen", "choosing"):
        done = CliRunner().invoke(benchmark, ["rehearsal", "--faces", str(tmp_path), "--half", half])
        assert done.exit_code == 1
        assert "too few" in str(done.exception) or "no folder" in str(done.exception)
