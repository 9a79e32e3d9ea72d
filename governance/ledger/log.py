"""An append-only log in the database of the rows it is about.

`append` joins the caller's transaction: the row that changes state and the entry that says so are committed together or not
at all. Kept are leaf hashes and one hash per full tile of 256; a root or a proof of any size reads at most two tiles a
level, O(log n) with 256 as the base. A database may hold several logs (an office keeps copies of its units'), by origin.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.orm import Session

from governance.ledger import tiles
from governance.ledger.checkpoint import Checkpoint
from governance.ledger.note import Signer
from governance.ledger.tables import ENTRIES, ENTRY_BYTES_MAX, NODES, create_tables
from governance.ledger.tiles import TILE_WIDTH
from lfr_engine.errors import BadInput, VerificationFailed
from watchlist.sealing import merkle


class Log:
    """The log named `origin` (`<force>/office`, `<force>/unit/<id>`). Holds no state: the database does."""

    def __init__(self, origin: str) -> None:
        self.origin = Checkpoint(origin, 0, merkle.EMPTY_ROOT).origin

    def create(self, engine: Engine) -> None:
        """Tables and triggers, where they are missing."""
        create_tables(engine)

    def append(self, session: Session, entry: bytes) -> int:
        """The index of the new entry. Nothing is durable until the caller commits. Raises BadInput above 16 KiB or when empty."""
        return self.append_many(session, [entry])

    def append_many(self, session: Session, entries: Iterable[bytes]) -> int:
        """The index of the first of them; one round of reads and writes for all, for journals that are taken over in bulk."""
        first = self.size(session)
        rows = [self._new_row(index, entry) for index, entry in enumerate(entries, first)]
        if rows:
            session.connection().execute(insert(ENTRIES), rows)
            self._complete_tiles(session, first, first + len(rows))
        return first

    def size(self, session: Session) -> int:
        newest: int | None = session.connection().scalar(select(func.max(ENTRIES.c.index)).where(ENTRIES.c.origin == self.origin))
        return 0 if newest is None else newest + 1

    def root(self, session: Session, size: int) -> bytes:
        """The root of the tree of the first `size` entries."""
        self._check_size(session, size)
        return merkle.range_hash(self._nodes(session), 0, size)

    def size_and_root(self, session: Session) -> tuple[int, bytes]:
        size = self.size(session)
        return size, self.root(session, size)

    def entry(self, session: Session, index: int) -> bytes:
        """Raises BadInput where there is none."""
        found: bytes | None = session.connection().scalar(
            select(ENTRIES.c.entry).where(ENTRIES.c.origin == self.origin, ENTRIES.c.index == index)
        )
        if found is None:
            raise BadInput(f"{self.origin} has no entry {index}")
        return found

    def entries(self, session: Session, start: int, stop: int) -> Iterator[bytes]:
        """Entries `[start, stop)` in order, streamed."""
        chosen = (ENTRIES.c.origin == self.origin) & (ENTRIES.c.index >= start) & (ENTRIES.c.index < stop)
        yield from session.connection().scalars(select(ENTRIES.c.entry).where(chosen).order_by(ENTRIES.c.index))

    def inclusion_proof(self, session: Session, index: int, size: int) -> list[bytes]:
        self._check_size(session, size)
        return merkle.inclusion_path(self._nodes(session), index, size)

    def consistency_proof(self, session: Session, old: int, new: int) -> list[bytes]:
        self._check_size(session, new)
        return merkle.consistency_path(self._nodes(session), old, new)

    def checkpoint(self, session: Session, signer: Signer) -> str:
        """The signed note over the tree as this transaction sees it. Sign only what is committed: a log may never take it back."""
        if signer.verifier.name != self.origin:
            raise BadInput(f"{signer.verifier.name} cannot sign for {self.origin}")
        size, root_hash = self.size_and_root(session)
        return signer.sign(Checkpoint(self.origin, size, root_hash).text)

    def write_tiles(self, session: Session, directory: Path, size: int) -> None:
        """The tree of `size` entries as files under `directory/tile`; files that are already there are left as they are."""
        self._check_size(session, size)
        for level, index, width in tiles.hash_tiles(size):
            path = directory / tiles.tile_path(str(level), index, width)
            if not path.exists():
                tiles.write_once(path, b"".join(self._tile(session, level, index)[:width]))
        for _, index, width in tiles.hash_tiles(size, levels=1):
            path = directory / tiles.tile_path("entries", index, width)
            if not path.exists():
                start = index * TILE_WIDTH
                tiles.write_once(path, tiles.entry_bundle(self.entries(session, start, start + width)))

    def _new_row(self, index: int, entry: bytes) -> dict[str, object]:
        if not 0 < len(entry) <= ENTRY_BYTES_MAX:
            raise BadInput(f"a ledger entry has 1 to {ENTRY_BYTES_MAX} bytes, not {len(entry)}")
        return {"origin": self.origin, "index": index, "entry": entry, "leaf_hash": merkle.leaf_hash(entry)}

    def _complete_tiles(self, session: Session, old: int, new: int) -> None:
        """One node for each tile that became full between the sizes `old` and `new`, level by level."""
        level = 0
        while old // TILE_WIDTH < new // TILE_WIDTH:
            old, new = old // TILE_WIDTH, new // TILE_WIDTH
            roots = [merkle.root(self._tile(session, level, index)) for index in range(old, new)]
            level += 1
            session.connection().execute(
                insert(NODES),
                [{"origin": self.origin, "level": 8 * level, "index": old + at, "hash": each} for at, each in enumerate(roots)],
            )

    def _nodes(self, session: Session) -> merkle.NodeAt:
        """Every node of the tree, from tiles that are read once per call of this function."""
        read: dict[tuple[int, int], merkle.NodeAt] = {}

        def node_at(level: int, index: int) -> bytes:
            tile, inside = divmod(index << level % 8, TILE_WIDTH)
            place = level // 8, tile
            if place not in read:
                read[place] = merkle.nodes_of(self._tile(session, *place))
            try:
                return read[place](level % 8, inside >> level % 8)
            except IndexError as error:
                raise VerificationFailed(f"{self.origin}: tree node {index} of level {level} is missing from the database") from error

        return node_at

    def _tile(self, session: Session, level: int, index: int) -> list[bytes]:
        """The hashes of that tile that exist, up to 256."""
        start = index * TILE_WIDTH
        table, column = (ENTRIES, ENTRIES.c.leaf_hash) if level == 0 else (NODES, NODES.c.hash)
        chosen = (table.c.origin == self.origin) & (table.c.index >= start) & (table.c.index < start + TILE_WIDTH)
        if level:
            chosen &= table.c.level == 8 * level
        return list(session.connection().scalars(select(column).where(chosen).order_by(table.c.index)))

    def _check_size(self, session: Session, size: int) -> None:
        if not 0 <= size <= (newest := self.size(session)):
            raise BadInput(f"{self.origin} has {newest} entries, so it has no tree of {size}")
