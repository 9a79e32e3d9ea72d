"""The service files of docs/systemd: systemd reads them without a complaint, and finds little that they leave open."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed here: the service files are not checked")

# systemd's own exposure, 0 (nothing) to 10; a service without any limit has 9.6.
LEAST_EXPOSED = 2.5


def _installed(service: Path, folder: Path) -> Path:
    """A copy whose program exists on this machine, and whose template has an instance."""
    copy = folder / service.name.replace("@", "@dep-1")
    copy.write_text(re.sub(r"^(ExecStart=)\S+", r"\1/bin/true", service.read_text(), flags=re.MULTILINE))
    return copy


@needs_systemd
@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_systemd_reads_the_service_without_a_complaint(service: Path, tmp_path: Path) -> None:
    command = [str(ANALYZE), "verify", "--man=no", str(_installed(service, tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if service.name.split("@")[0] in line]
    assert done.returncode == 0, done.stderr
    assert not complaints


@needs_systemd
@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_systemd_finds_little_left_open(service: Path, tmp_path: Path) -> None:
    command = [str(ANALYZE), "security", "--offline=yes", "--no-pager", str(_installed(service, tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if "offline" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge a file")
    exposure = re.search(r"Overall exposure level[^:]*: ([0-9.]+)", done.stdout)
    assert exposure is not None, done.stdout + done.stderr
    assert float(exposure[1]) <= LEAST_EXPOSED


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_no_service_leaves_a_core_file_or_an_open_folder(service: Path) -> None:
    text = service.read_text()
    for line in (
        "LimitCORE=1",
        "UMask=0077",
        "StateDirectoryMode=0700",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "IPAddressDeny=any",
    ):
        assert f"\n{line}\n" in text, f"{service.name} lacks {line}"
    assert ("unit" in service.name) == ("mlockall" in text)
