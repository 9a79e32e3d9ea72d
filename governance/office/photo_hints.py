"""What could be better about a reference photo, kept beside the proposal for whoever reviews it (R18, R24)."""

from sqlmodel import Field, Session, SQLModel


class PhotoHints(SQLModel, table=True):
    """One line per hint; a photo with nothing to say about has no row."""

    __tablename__ = "photo_hints"

    entry_id: str = Field(primary_key=True)
    hints: str


def keep(session: Session, entry_id: str, hints: tuple[str, ...]) -> None:
    """Within the caller's transaction."""
    if hints:
        session.merge(PhotoHints(entry_id=entry_id, hints="\n".join(hints)))


def hints_for(session: Session, entry_id: str) -> tuple[str, ...]:
    row = session.get(PhotoHints, entry_id)
    return tuple(row.hints.splitlines()) if row else ()
