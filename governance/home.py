"""Where an office or a unit keeps its files: LFR_HOME, folders 0700."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from lfr_engine.errors import Refused


@dataclass(frozen=True, slots=True)
class UnitHome:
    """One mobile unit's folders and files."""

    root: Path

    @property
    def journal(self) -> Path:
        return self.root / "journal.sqlite"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def bundles(self) -> Path:
        return self.root / "bundles"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    def create(self) -> None:
        for folder in (self.root, self.keys, self.bundles, self.ledger, self.outbox, self.inbox):
            private_folder(folder)


@dataclass(frozen=True, slots=True)
class OfficeHome:
    """The office's folders and files. `database_url` names a PostgreSQL database instead of the SQLite file."""

    root: Path
    database_url: str = field(default="", repr=False)  # it may hold a password

    @property
    def database(self) -> str:
        return self.database_url or str(self.root / "db.sqlite")

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    def create(self) -> None:
        for folder in (self.root, self.keys, self.ledger, self.blobs):
            private_folder(folder)


@dataclass(frozen=True, slots=True)
class Home:
    """LFR_HOME as a whole. An office and its units share one only in a demonstration."""

    root: Path
    database_url: str = field(default="", repr=False)

    @property
    def office(self) -> OfficeHome:
        return OfficeHome(self.root / "office", self.database_url)

    def unit(self, unit_id: str) -> UnitHome:
        return UnitHome(self.root / "units" / unit_id)

    @property
    def packs(self) -> Path:
        return self.root / "packs"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def test_ledger(self) -> Path:
        """Where `lfr match` counts its uses."""
        return self.root / "test-ledger.sqlite"


def home_from_environment(environ: dict[str, str] | None = None) -> Home:
    """LFR_HOME, else `$XDG_DATA_HOME/lawful-lfr`, else `~/.local/share/lawful-lfr`; the office's database from LFR_DATABASE_URL."""
    settings = os.environ if environ is None else environ
    database_url = settings.get("LFR_DATABASE_URL", "")
    if settings.get("LFR_HOME"):
        return Home(Path(settings["LFR_HOME"]).absolute(), database_url)
    data = settings.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Home(Path(data) / "lawful-lfr", database_url)


def private_home(environ: dict[str, str] | None = None) -> Home:
    """The same, for whoever keeps data in it. Raises Refused (R34) where the folder is there and open to others."""
    home = home_from_environment(environ)
    if is_open_to_others(home.root):
        raise Refused(
            f"{home.root} is open to others (mode {stat.S_IMODE(home.root.stat().st_mode):04o})",
            rule_ids=("R34",),
            next_step=f"chmod 700 {home.root}",
        )
    return home


def is_open_to_others(folder: Path) -> bool:
    """Whether group or others may enter or read it; a folder that is not there yet is made as it must be."""
    return folder.exists() and bool(stat.S_IMODE(folder.stat().st_mode) & 0o077)


def private_folder(path: Path) -> None:
    """Make `path` and its missing parents, the new ones with mode 0700."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
