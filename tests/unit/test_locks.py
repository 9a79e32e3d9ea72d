"""The locks hold exact versions with hashes and no addresses, and nothing that the project asks for is missing from them."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("lfr_engine", "watchlist", "governance", "mobile_unit", "webui")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ]+)( ; [^\\]+)? \\$")


def pins(lock: Path) -> dict[str, str]:
    """Plain name -> version of every line that pins something."""
    found = (PIN.match(line) for line in lock.read_text(encoding="utf-8").splitlines())
    return {plain(pin["name"]): pin["version"] for pin in found if pin}


def plain(name: str) -> str:
    """A distribution's name as registries compare it: lower case, one hyphen between words."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_pins_every_line_with_hashes_and_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    requirements = [block.splitlines() for block in re.split(r"\n(?=\S)", text.strip())]
    assert [lines[0] for lines in requirements if not PIN.match(lines[0])] == []
    assert [lines[0] for lines in requirements if not any("--hash=sha256:" in line for line in lines[1:])] == []


def test_the_page_assets_lock_names_no_address() -> None:
    assert "://" not in (ROOT / "package-lock.json").read_text(encoding="utf-8")


def test_both_builds_of_opencv_are_the_same_opencv() -> None:
    plain_build = pins(ROOT / "requirements/opencv.txt")
    headless = pins(ROOT / "requirements/opencv-headless.txt")
    assert plain_build["opencv-python"] == headless["opencv-python-headless"]


def asked(*, extras: bool = False) -> set[str]:
    """Plain names of what the project asks for, with those of its extras where they count."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    more = [name for extra in project["optional-dependencies"].values() for name in extra] if extras else []
    return {plain(re.split(r"[\s<>=!~;\[]", name)[0]) for name in [*project["dependencies"], *more]}


def imported() -> set[str]:
    """Top-level names that the product imports and that are neither ours nor Python's."""
    names = set()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {one.name.partition(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(PACKAGES) - sys.stdlib_module_names


def test_everything_that_the_product_imports_is_asked_for_by_name() -> None:
    brought_by = importlib.metadata.packages_distributions()
    found = imported()
    assert {"cv2", "faiss", "flask", "insightface", "onnxruntime", "sqlmodel"} <= found
    # Either build of OpenCV gives the same module; the project asks for the one that its dependants name.
    brought_by["cv2"] = ["opencv-python"]
    assert {name for name in found if not {plain(one) for one in brought_by[name]} & asked(extras=True)} == set()


def test_everything_that_the_project_asks_for_is_locked() -> None:
    assert asked() - pins(ROOT / "requirements/runtime.txt").keys() - pins(ROOT / "requirements/opencv.txt").keys() == set()


def test_the_product_and_the_checks_lock_the_same_versions() -> None:
    runtime, checks = pins(ROOT / "requirements/runtime.txt"), pins(ROOT / "requirements/dev.txt")
    assert {name for name in runtime.keys() & checks.keys() if runtime[name] != checks[name]} == set()
