"""`lfr-verify` as its own process on exports that were tampered with on disk, cut short, or read with the wrong keys."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.ledger.note import Cosigner, Signer
from governance.verifier.evidence import Trust
from governance.verifier.notes import WITNESS_KEY, parse_vkey
from governance.verifier.roster import root_keys
from governance.verifier.verification import verify_export
from tests.export_world import ExportWorld


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> ExportWorld:
    world = ExportWorld(tmp_path_factory.mktemp("world"))
    world.build()
    world.key_files()
    return world


@pytest.fixture
def export(world: ExportWorld, tmp_path: Path) -> Path:
    return Path(shutil.copytree(world.export, tmp_path / "export"))


def _run(
    export: Path, world: ExportWorld, *more: str, root: Path | None = None, witness: Path | None = None
) -> subprocess.CompletedProcess[str]:
    keys = ["--root", str(root or world.folder / "root.vkey"), "--witness", str(witness or world.folder / "witness.vkey")]
    return subprocess.run(
        [sys.executable, "-m", "governance.verifier", str(export), *keys, *more], capture_output=True, text=True, timeout=60
    )


def test_an_honest_export_exits_0_and_says_so_in_json(world: ExportWorld) -> None:
    done = _run(world.export, world, "--json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["ok"] is True
    assert report["purge"] is True
    assert {check["name"] for check in report["checks"]} == {
        "ledger", "roster", "unit ledgers", "objects", "certificates", "models", "authority", "bundle", "purge", "figures"
    }  # fmt: skip


def test_it_runs_alone_with_the_standard_library_and_cryptography(world: ExportWorld, tmp_path: Path) -> None:
    """The folder is copied under its distribution's name to a place where none of our packages can be imported."""
    shutil.copytree(Path(__file__).parents[2] / "governance" / "verifier", tmp_path / "lfr_verify")
    script = (
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "from lfr_verify.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    code = done.code\n"
        "known = set(sys.stdlib_module_names) | {'lfr_verify', 'cryptography', '_cffi_backend', '__main__'}\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules if n.partition('.')[0] not in known}), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    arguments = [str(world.export), "--root", str(world.folder / "root.vkey"), "--witness", str(world.folder / "witness.vkey")]
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(tmp_path), *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
    foreign = [name for name in json.loads(done.stderr.replace("'", '"')) if not name.startswith("_") and name != "distutils-precedence"]
    assert foreign == []


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def _append(path: Path, data: bytes) -> None:
    path.write_bytes(path.read_bytes() + data)


TAMPERING: list[tuple[str, Callable[[Path], None], str]] = [
    ("an entry altered on disk", lambda e: _flip(e / "tile/entries/000.p/18", 300), "do not have the root that was signed"),
    ("a bundle of entries cut short", lambda e: (e / "tile/entries/000.p/18").write_bytes(b"\x00\x10abc"), "cut short at its entry 0"),
    ("entries appended", lambda e: _append(e / "tile/entries/000.p/18", b"\x00\x01x"), "holds more than its 18 entries"),
    ("a hash tile altered", lambda e: _flip(e / "tile/0/000.p/18", 40), "entry 1 does not fit its hash tile"),
    ("a hash tile cut short", lambda e: (e / "tile/0/000.p/18").write_bytes(b"x" * 32), "is cut short"),
    ("a tile removed", lambda e: (e / "tile/entries/000.p/18").unlink(), "cannot be read"),
    (
        "a unit's entry altered",
        lambda e: _flip(next((e / "units").glob("*/tile/entries/000.p/*")), 300),
        "do not have the root that was signed",
    ),
    ("the unit's ledger removed", lambda e: shutil.rmtree(e / "units"), "its ledger is not in the export"),
    ("the checkpoint's root altered", lambda e: _flip(e / "checkpoint", 30), "checkpoint"),
    (
        "the checkpoint replaced by an earlier one",
        lambda e: shutil.copy(min((e / "checkpoints").iterdir(), key=lambda p: int(p.name)), e / "checkpoint"),
        "entries were taken away",
    ),
    ("the checkpoint removed", lambda e: (e / "checkpoint").unlink(), "cannot be read"),
    ("an object removed", lambda e: next((e / "objects").iterdir()).unlink(), "is not in the export"),
    ("an object altered", lambda e: _flip(next((e / "objects").iterdir()), 200), "altered"),
    ("the roster removed", lambda e: (e / "roster.dsse.json").unlink(), "cannot be read"),
    ("the roster altered", lambda e: _flip(e / "roster.dsse.json", 200), "roster"),
    ("a published record altered", lambda e: _flip(next((e / "published").iterdir()), 500), "not the one that was asserted"),
    ("a published record removed", lambda e: next((e / "published").iterdir()).unlink(), "cannot be read"),
    (
        "a record published that nobody asserted",
        lambda e: (e / "published" / "01a20149-0000-7000-8000-000000000000.json").write_text("{}"),
        "publishes no such record",
    ),
    (
        "a folder instead of a file",
        lambda e: ((e / "checkpoint").unlink(), (e / "checkpoint").mkdir())[0],
        "not a regular file",
    ),
    (
        "a link instead of a file",
        lambda e: ((e / "checkpoint").unlink(), (e / "checkpoint").symlink_to("/etc/passwd"))[0],
        "cannot be read",
    ),
    (
        "a cosignature line removed",
        lambda e: (e / "checkpoint").write_text((e / "checkpoint").read_text().rpartition("— ")[0]),
        "0 of the witnesses given",
    ),
]


@pytest.mark.parametrize(("tamper", "found"), [(tamper, found) for _, tamper, found in TAMPERING], ids=[name for name, _, _ in TAMPERING])
def test_tampering_exits_5_and_says_what_and_where(world: ExportWorld, export: Path, tamper: Callable[[Path], None], found: str) -> None:
    tamper(export)
    report = verify_export(export, _trust(world))
    assert not report.ok
    assert found in report.as_text()
    assert "FAILED" in report.as_text()


def _trust(world: ExportWorld, **more: Path) -> Trust:
    witness = parse_vkey((world.folder / "witness.vkey").read_text(), kind=WITNESS_KEY)
    return Trust(root_keys((world.folder / "root.vkey").read_text()), [witness], **more)


def test_no_flipped_bit_anywhere_in_an_export_goes_unnoticed(world: ExportWorld, export: Path) -> None:
    """Three places in every file, spread over its length; the only file of an export whose bytes nothing vouches for does not exist."""
    unnoticed, tried = [], 0
    for path in sorted(path for path in export.rglob("*") if path.is_file()):
        length = path.stat().st_size
        for at in {0, length // 3, length * 2 // 3, length - 1}:
            _flip(path, at)
            tried += 1
            if verify_export(export, _trust(world)).ok:
                unnoticed.append(f"{path.relative_to(export)} byte {at}")
            _flip(path, at)
    assert unnoticed == []
    assert tried > 60
    assert verify_export(export, _trust(world)).ok


def test_a_run_on_a_tampered_export_exits_5(world: ExportWorld, export: Path) -> None:
    _flip(export / "tile/entries/000.p/18", 300)
    done = _run(export, world)
    assert done.returncode == 5
    assert "FAILED: the 18 entries do not have the root that was signed" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_wrong_root_or_witness_key_exits_5(world: ExportWorld, tmp_path: Path) -> None:
    stranger = tmp_path / "key"
    stranger.write_text(Signer("another/root", Ed25519PrivateKey.generate()).vkey)
    assert _run(world.export, world, root=stranger).returncode == 5
    stranger.write_text(Cosigner("another/witness", Ed25519PrivateKey.generate()).vkey)
    done = _run(world.export, world, witness=stranger)
    assert done.returncode == 5
    assert "does not name the witness another/witness" in done.stdout


@pytest.mark.parametrize("content", ["", "nonsense\n", "a+b+c\n", "\xff", "x" * 100_000])
def test_a_key_file_that_is_none_exits_3(world: ExportWorld, tmp_path: Path, content: str) -> None:
    broken = tmp_path / "key"
    broken.write_text(content, encoding="latin-1")
    done = _run(world.export, world, root=broken)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_what_is_no_export_exits_3(world: ExportWorld, tmp_path: Path) -> None:
    assert _run(tmp_path, world).returncode == 3
    assert _run(tmp_path / "nothing", world).returncode == 3
    done = _run(tmp_path, world, "--json")
    assert json.loads(done.stdout)["code"] == "bad_input"


def test_an_older_state_than_one_seen_before_is_a_rollback(world: ExportWorld, tmp_path: Path) -> None:
    older = ExportWorld(tmp_path / "older")
    older.build()
    older.key_files()
    seen = tmp_path / "seen"
    seen.write_text((older.export / "checkpoint").read_text())
    assert _run(older.export, older, "--min-checkpoint", str(seen)).returncode == 0
    shorter = tmp_path / "shorter"
    shutil.copytree(older.export, shorter)
    first = min((shorter / "checkpoints").iterdir(), key=lambda path: int(path.name))
    (shorter / "checkpoint").write_text(first.read_text())
    done = _run(shorter, older, "--min-checkpoint", str(seen))
    assert done.returncode == 5
    assert "an old state was restored" in done.stdout


def test_terminal_escapes_in_an_export_are_shown_not_obeyed(world: ExportWorld, export: Path) -> None:
    odd = export / "units" / "\x1b[2Junit"
    odd.mkdir()
    done = _run(export, world)
    assert done.returncode == 5
    assert "\x1b" not in done.stdout
