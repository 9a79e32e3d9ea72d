"""Fixtures that cost too much to make for every test."""

from pathlib import Path

import pytest

from lfr_engine.packs.build import build_open_default
from lfr_engine.packs.store import OpenPack, open_pack
from tests import office_world

CLONE = Path(__file__).resolve().parent.parent
# Kept between runs, whatever LFR_HOME says: a pack that stands there whole is verified and left alone.
PACKS = CLONE / ".cache" / "packs"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --postgresql` keeps every test office in a PostgreSQL database instead of a SQLite file."""
    parser.addoption("--postgresql", action="store_true", help="keep test offices in PostgreSQL")


def pytest_configure(config: pytest.Config) -> None:
    office_world.ON_POSTGRESQL = bool(config.getoption("--postgresql"))


@pytest.fixture(scope="session")
def packs_dir() -> Path:
    """A packs folder that holds `open-default`; tests copy from it and never write to it."""
    build_open_default(PACKS, print)
    return PACKS


@pytest.fixture(scope="session")
def open_default_pack(packs_dir: Path) -> OpenPack:
    """The default pack, built from the installed packages and loaded."""
    return open_pack("open-default", packs_dir)
