"""The README's commands are real: its scripts are there and run in sh, its options and folders are the program's own."""

import re
import subprocess
from pathlib import Path

import pytest

from webui.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

SCRIPTS = [".ci/run", *sorted(f"scripts/{path.name}" for path in (ROOT / "scripts").iterdir() if path.suffix in ("", ".sh"))]
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL) for line in block.splitlines() if line]
FOLDERS = re.findall(r"^\| `([a-z_]+/)`", README, flags=re.MULTILINE)


def options_of(command: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    assert main([command, "--help"]) == 0
    return set(re.findall(r"--[a-z-]+", capsys.readouterr().out))


def test_the_readme_gives_the_two_commands() -> None:
    assert {command.split()[0] for command in COMMANDS} >= {"scripts/demo", "scripts/test"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_one_that_a_plain_sh_can_read(script: str) -> None:
    subprocess.run(["/bin/sh", "-n", str(ROOT / script)], check=True)


@pytest.mark.parametrize("script", ["scripts/demo", "scripts/test", "scripts/lock", ".ci/run"])
def test_every_command_may_be_run_as_it_is_written(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111


def test_every_folder_of_the_map_exists() -> None:
    assert FOLDERS
    assert [folder for folder in FOLDERS if not (ROOT / folder).is_dir()] == []


def test_every_top_level_package_is_on_the_map() -> None:
    packages = {f"{found.parent.name}/" for found in ROOT.glob("*/__init__.py")}
    assert packages <= set(FOLDERS)


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert [link for link in links if not (ROOT / link).is_file()] == []


@pytest.mark.parametrize("command", ["demo", "match"])
def test_every_option_in_the_readme_is_one_that_the_command_has(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = {option for line in COMMANDS if re.search(rf"(scripts/|lfr ){command}\b", line) for option in re.findall(r"--[a-z-]+", line)}
    assert shown - options_of(command, capsys) == set()


def test_the_options_that_the_readme_tells_of_in_words_exist_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(re.findall(r"`(--[a-z-]+)", README)) - options_of("demo", capsys) == set()
