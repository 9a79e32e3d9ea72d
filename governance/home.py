"""Where an office or a unit keeps its files: LFR_HOME, folders 0700."""

import os
from dataclasses import dataclass
from pathlib import Path


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
    """The office's folders and files."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "db.sqlite"

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

    @property
    def office(self) -> OfficeHome:
        return OfficeHome(self.root / "office")

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
    """LFR_HOME, else `$XDG_DATA_HOME/lawful-lfr`, else `~/.local/share/lawful-lfr`."""
    settings = os.environ if environ is None else environ
    if settings.get("LFR_HOME"):
        return Home(Path(settings["LFR_HOME"]).absolute())
    data = settings.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Home(Path(data) / "lawful-lfr")


def private_folder(path: Path) -> None:
    """Make `path` and its missing parents, the new ones with mode 0700."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
