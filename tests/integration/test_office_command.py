"""`lfr` as a process: exit codes 0, 2, 3, 4, 5, 6 and the one JSON shape of errors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from governance.home import Home
from governance.ledger.note import Signer
from governance.messages.payload import Mode
from governance.office.ceremony import WitnessSpec, init_office
from lfr_engine.clock import Clock
from lfr_engine.errors import BadInput, LfrError, Refused, VerificationFailed
from tests.office_world import FORCE, PEOPLE, OfficeWorld
from watchlist.sealing.keys import SigningKey
from webui.cli import main as command

WITNESS = Signer("w", SigningKey.generate().private).vkey


def lfr(*arguments: object, home: Path, clock: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "LFR_HOME": str(home), "LFR_CLOCK": clock}
    line = [sys.executable, "-m", "webui.cli.main", *map(str, arguments)]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def operational(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LFR_HOME of an office in operational mode."""
    home = tmp_path_factory.mktemp("operational")
    office = init_office(
        Home(home).office,
        root_folder=home / "roots",
        force=FORCE,
        mode=Mode.OPERATIONAL,
        people=PEOPLE,
        witnesses=[WitnessSpec(WITNESS, "http://127.0.0.1:9")],
        origins=["http://localhost:8080"],
        clock=Clock(),
    )
    office.engine.dispose()
    return home


def here(monkeypatch: pytest.MonkeyPatch, *arguments: object, home: Path, clock: str = "") -> int:
    """The same in this process, where the start of Python itself is not the point."""
    monkeypatch.setenv("LFR_HOME", str(home))
    monkeypatch.setenv("LFR_CLOCK", clock)
    return command.main([str(argument) for argument in arguments])


def test_help_is_0_and_names_every_subject(tmp_path: Path) -> None:
    done = lfr("--help", home=tmp_path)
    assert done.returncode == 0
    assert all(subject in done.stdout for subject in command._COMMANDS)


def test_usage_is_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lfr("nonsense", home=tmp_path).returncode == 2
    for arguments in (["office", "nonsense"], ["office", "seal"], ["--nonsense"], []):
        assert here(monkeypatch, *arguments, home=tmp_path) == 2


def test_bad_input_is_3_and_json_where_json_was_asked_for(tmp_path: Path) -> None:
    done = lfr("match", tmp_path / "absent.mp4", "--watchlist", tmp_path / "absent.csv", "--json", tmp_path / "m.json", home=tmp_path)
    assert done.returncode == 3
    fields = json.loads(done.stderr)
    assert (list(fields), fields["code"]) == (["code", "rule_ids", "message", "next"], "bad_input")
    assert done.stdout == ""
    assert not (tmp_path / "m.json").exists()


def test_bad_input_in_words_says_what_to_do_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert here(monkeypatch, "office", "witness", home=tmp_path) == 3
    said = capsys.readouterr().err
    assert said.startswith("bad input: there is no office in")
    assert "next: run: lfr office init" in said


def test_a_malformed_clock_is_3_and_never_ignored(operational: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(monkeypatch, "office", "witness", home=operational, clock="tomorrow") == 3


def test_a_refusal_is_4_and_prints_its_rule(operational: Path) -> None:
    done = lfr("office", "witness", home=operational, clock="sim:2026-12-05T10:00:00Z:1")
    assert done.returncode == 4
    assert done.stderr.startswith("refused [R36]:")


def test_a_loose_key_is_4_with_R34(operational: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    key = operational / "office" / "keys" / "office.key"
    key.chmod(0o640)
    try:
        assert here(monkeypatch, "office", "witness", home=operational) == 4
    finally:
        key.chmod(0o600)
    assert "[R34]" in capsys.readouterr().err


def test_an_altered_roster_is_5(operational: Path) -> None:
    roster = operational / "office" / "roster.dsse.json"
    whole = roster.read_bytes()
    fields = json.loads(whole)
    fields["signatures"] = fields["signatures"][:1]
    roster.write_text(json.dumps(fields))
    try:
        done = lfr("office", "export", operational / "export", "--who", "au-01", "--why", "audit", home=operational)
    finally:
        roster.write_bytes(whole)
    assert done.returncode == 5
    assert done.stderr.startswith("verification failed")


def test_a_witness_that_is_down_is_6(operational: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert here(monkeypatch, "office", "witness", home=operational) == 6
    assert "does not answer" in capsys.readouterr().err


def test_a_ceremony_on_the_command_line_makes_an_office_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [{"person_id": f"p-{number}", "name": "N", "rank": "constable", "roles": ["operator"]} for number in range(3)]
    (tmp_path / "people.json").write_text(json.dumps(people))
    line = ["office", "init", "--force", FORCE, "--people", tmp_path / "people.json", "--witness", f"{WITNESS}@http://127.0.0.1:9"]
    done = lfr(*line, "--root-keys", tmp_path / "roots", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert "roster version 1" in done.stdout
    assert here(monkeypatch, *line, "--root-keys", tmp_path / "other", home=tmp_path / "home") == 3


# -- the edge itself, in this process ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (BadInput("m", next_step="n", rule_ids=("R1",)), "bad_input", 3),
        (Refused("m", next_step="n", rule_ids=("R1",)), "refused", 4),
        (VerificationFailed("m", next_step="n", rule_ids=("R1",)), "verification_failed", 5),
        (LfrError("m", next_step="n", rule_ids=("R1",)), "fault", 6),
        (OSError(28, "No space left on device"), "fault", 6),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
@pytest.mark.parametrize("flag", ["--json", "--json=FILE", "--json-errors"])
def test_every_family_has_its_code_and_its_json(
    error: Exception, code: str, status: int, flag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _stand_in(monkeypatch, error)
    assert command.main(["x", flag]) == status
    captured = capsys.readouterr()
    fields = json.loads(captured.err)
    assert list(fields) == ["code", "rule_ids", "message", "next"]
    assert fields["code"] == code
    if isinstance(error, LfrError):
        assert (fields["rule_ids"], fields["message"], fields["next"]) == (["R1"], "m", "n")
    assert captured.out == ""


def _stand_in(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """A subcommand that fails in this way, in place of the real ones."""

    @click.command(context_settings={"ignore_unknown_options": True})
    @click.argument("rest", nargs=-1)
    def failing(rest: tuple[str, ...]) -> None:
        raise error

    monkeypatch.setattr(command._Lazy, "get_command", lambda *_: failing)


def test_a_status_a_command_asks_for_is_the_status_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    _stand_in(monkeypatch, click.exceptions.Exit(5))
    assert command.main(["x"]) == 5


def test_stopping_by_keyboard_is_a_fault_and_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _stand_in(monkeypatch, KeyboardInterrupt())
    assert command.main(["x"]) == 6
    assert "stopped" in capsys.readouterr().err


def test_a_refusal_always_names_a_rule() -> None:
    with pytest.raises(TypeError):
        Refused("m")  # type: ignore[call-arg]


def test_the_running_office_has_its_checkpoint_cosigned(
    office_world: OfficeWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert here(monkeypatch, "office", "witness", home=office_world.home.root, clock="sim:2026-12-05T08:00:00Z:1") == 0
    note = capsys.readouterr().out
    assert note.startswith(f"{FORCE}/office\n")
    assert "ethics.example.org/w1" in note
