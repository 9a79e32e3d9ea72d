"""One office and one witness process for all tests of the office."""

from collections.abc import Iterator

import pytest

from lfr_engine.packs.store import OpenPack
from tests.office_world import OfficeWorld, new_office_world


@pytest.fixture(scope="session")
def office_world(tmp_path_factory: pytest.TempPathFactory, open_default_pack: OpenPack) -> Iterator[OfficeWorld]:
    """A demonstration office with real people, a registered certificate and a witness; its clock stands still."""
    with new_office_world(tmp_path_factory.mktemp("office") / "home", pack=open_default_pack) as world:
        yield world
