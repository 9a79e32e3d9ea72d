"""Entries that would cause a large share of the false alerts, found before anybody is asked to authorise them (R24, R26)."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sqlmodel import Field, Session, SQLModel

from governance.office.store import Office
from governance.rules.list_risk import ListRisk
from watchlist.background import Background, Nearness, nearness, read_background


class EntryNear(SQLModel, table=True):
    """How one entry ranks among the people of which background, found when its photo was taken in."""

    __tablename__ = "entry_near"

    entry_id: str = Field(primary_key=True)
    background: str
    passed: int
    people: int


def background_path(office_root: Path, pack_digest: str) -> Path:
    """Where the office keeps the background of a pack."""
    return office_root / "backgrounds" / f"{pack_digest.removeprefix('sha256:')[:32]}.background"


def background_of(office: Office, pack_digest: str) -> Background | None:
    """The background of this pack, or None where the force has made none."""
    path = background_path(office.home.root, pack_digest)
    if not path.exists():
        return None
    found = read_background(path)
    return found if found.pack_digest == pack_digest else None


def note(office: Office, session: Session, entry_id: str, template: npt.NDArray[np.float32], pack_digest: str) -> None:
    """Rank and keep, within the caller's transaction; nothing where there is no background."""
    background = background_of(office, pack_digest)
    if background is not None:
        found = nearness(background, template)
        session.merge(EntryNear(entry_id=entry_id, background=background.digest, passed=found.passed, people=found.people))


def nearness_of(session: Session, entry_id: str) -> Nearness | None:
    """How an entry ranks, or None where there was no background when it was taken in."""
    row = session.get(EntryNear, entry_id)
    return Nearness(row.passed, row.people) if row else None


def list_risk(session: Session, entry_ids: Iterable[str]) -> ListRisk | None:
    """Of a whole list: None unless every entry was ranked."""
    found = [nearness_of(session, entry_id) for entry_id in entry_ids]
    ranked = [one for one in found if one is not None]
    if not ranked or len(ranked) != len(found):
        return None
    return ListRisk(entries=len(ranked), lambs=sum(one.lamb for one in ranked))
