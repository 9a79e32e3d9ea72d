"""The log in a real database: same tree as the pure one, one transaction with its rows, append-only, no fork, tiles that agree."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlmodel import Session

from governance.ledger.checkpoint import parse_checkpoint
from governance.ledger.database import open_database, reading
from governance.ledger.log import Log
from governance.ledger.note import Signer, open_note
from lfr_engine.errors import BadInput, LfrError, Refused, VerificationFailed
from tests.postgresql import fresh_database
from watchlist.sealing import merkle

LOG = Log("example.police.uk/office")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of each kind, as `open_database` names it."""
    return str(tmp_path / "db.sqlite") if request.param == "sqlite" else fresh_database()


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = open_database(database)
    LOG.create(engine)
    yield engine
    engine.dispose()


def _entry(index: int) -> bytes:
    return f'{{"event":{index}}}'.encode()


def _fill(engine: Engine, count: int) -> list[bytes]:
    with Session(engine) as session:
        for index in range(count):
            assert LOG.append(session, _entry(index)) == index
        session.commit()
    return [merkle.leaf_hash(_entry(index)) for index in range(count)]


def test_stored_tree_and_proofs_equal_those_computed_from_all_leaves(engine: Engine) -> None:
    hashes = _fill(engine, 40)
    with Session(reading(engine)) as session:
        assert LOG.size_and_root(session) == (40, merkle.root(hashes))
        for size in range(41):
            assert LOG.root(session, size) == merkle.root(hashes[:size])
        for size in (1, 7, 8, 31, 40):
            for index in range(size):
                assert LOG.inclusion_proof(session, index, size) == merkle.inclusion_proof(hashes[:size], index)
            for old in range(size + 1):
                assert LOG.consistency_proof(session, old, size) == merkle.consistency_proof(hashes[:size], old)
        assert list(LOG.entries(session, 3, 6)) == [_entry(3), _entry(4), _entry(5)]
        assert LOG.entry(session, 39) == _entry(39)


def test_entries_in_bulk_give_the_same_tree_as_one_by_one(engine: Engine) -> None:
    hashes = _fill(engine, 5)
    more = [_entry(index) for index in range(5, 300)]
    with Session(engine) as session:
        assert LOG.append_many(session, more) == 5
        session.commit()
        assert LOG.size_and_root(session) == (300, merkle.root(hashes + [merkle.leaf_hash(each) for each in more]))


def test_trees_of_several_tiles_and_levels_are_those_of_all_leaves(engine: Engine) -> None:
    entries = [b"%d" % index for index in range(66_000)]
    hashes = [merkle.leaf_hash(each) for each in entries]
    with Session(engine) as session:
        for start in range(0, 66_000, 7_001):  # no multiple of a tile
            LOG.append_many(session, entries[start : start + 7_001])
        session.commit()
        for size in (255, 256, 257, 512, 65_535, 65_536, 65_537, 66_000):
            assert LOG.root(session, size) == merkle.root(hashes[:size])
        for index, old in ((0, 1), (255, 256), (65_535, 65_536), (65_999, 40_000)):
            proof = LOG.inclusion_proof(session, index, 66_000)
            merkle.verify_inclusion(hashes[index], index, 66_000, proof, merkle.root(hashes))
            consistency = LOG.consistency_proof(session, old, 66_000)
            merkle.verify_consistency(old, 66_000, consistency, merkle.root(hashes[:old]), merkle.root(hashes))


def test_two_logs_in_one_database_do_not_mix(engine: Engine) -> None:
    other = Log("example.police.uk/unit/3")
    hashes = _fill(engine, 3)
    with Session(engine) as session:
        other.append(session, b"unit entry")
        session.commit()
        assert LOG.size_and_root(session) == (3, merkle.root(hashes))
        assert other.size_and_root(session) == (1, merkle.leaf_hash(b"unit entry"))


def test_row_and_entry_are_committed_together_or_not_at_all(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE thing (id INTEGER PRIMARY KEY)"))
    with Session(engine) as session:
        session.execute(text("INSERT INTO thing VALUES (1)"))
        LOG.append(session, b"thing 1 made")
        session.rollback()
        assert LOG.size(session) == 0
        assert session.execute(text("SELECT COUNT(*) FROM thing")).scalar() == 0
        session.rollback()
        session.execute(text("INSERT INTO thing VALUES (1)"))
        LOG.append(session, b"thing 1 made")
        session.commit()
        assert (LOG.size(session), session.execute(text("SELECT COUNT(*) FROM thing")).scalar()) == (1, 1)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE ledger_entry SET entry = x'00' WHERE \"index\" = 1",
        "UPDATE OR REPLACE ledger_entry SET \"index\" = 0 WHERE \"index\" = 1",
        "DELETE FROM ledger_entry WHERE \"index\" = 2",
        "DELETE FROM ledger_entry",
        "INSERT OR REPLACE INTO ledger_entry (origin, \"index\", entry, leaf_hash) VALUES ('example.police.uk/office', 1, x'00', x'00')",
        "INSERT OR IGNORE INTO ledger_entry (origin, \"index\", entry, leaf_hash) VALUES ('example.police.uk/office', 1, x'00', x'00')",
        "INSERT INTO ledger_entry (origin, \"index\", entry, leaf_hash) VALUES ('example.police.uk/office', 1, x'00', x'00')"
        " ON CONFLICT DO UPDATE SET entry = x'00'",
        "INSERT INTO ledger_entry (origin, \"index\", entry, leaf_hash) VALUES ('example.police.uk/office', 7, x'00', x'00')",
        "INSERT INTO ledger_entry (origin, \"index\", entry, leaf_hash) VALUES ('example.police.uk/office', -1, x'00', x'00')",
        "UPDATE ledger_node SET hash = x'00'",
        "DELETE FROM ledger_node WHERE level = 8",
        "REPLACE INTO ledger_node (origin, level, \"index\", hash) VALUES ('example.police.uk/office', 8, 0, x'00')",
        "INSERT INTO ledger_node (origin, level, \"index\", hash) VALUES ('example.police.uk/office', 8, 9, x'00')",
    ],
)  # fmt: skip
def test_triggers_refuse_every_change_of_the_past(tmp_path: Path, attack: str) -> None:
    engine = open_database(tmp_path / "db.sqlite")
    LOG.create(engine)
    hashes = _fill(engine, 257)
    bare = sqlite3.connect(tmp_path / "db.sqlite")  # another program, without our pragmas
    try:
        with pytest.raises(sqlite3.IntegrityError, match="the ledger"):
            bare.execute(attack)
    finally:
        bare.close()
    with Session(engine) as session, pytest.raises(IntegrityError, match="the ledger"):
        session.execute(text(attack))
    with Session(engine) as session:
        assert LOG.size_and_root(session) == (257, merkle.root(hashes))


_LEAF = "(origin, \"index\", entry, leaf_hash) VALUES ('example.police.uk/office', {index}, '\\x00', '\\x00')"


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE ledger_entry SET entry = '\\x00' WHERE \"index\" = 1",
        "UPDATE ledger_entry SET entry = '\\x00' WHERE false",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "TRUNCATE ledger_entry, ledger_node CASCADE",
        f"INSERT INTO ledger_entry {_LEAF.format(index=1)}",
        f"INSERT INTO ledger_entry {_LEAF.format(index=1)} ON CONFLICT DO NOTHING",
        f"INSERT INTO ledger_entry {_LEAF.format(index=1)} ON CONFLICT (origin, \"index\") DO UPDATE SET entry = '\\x00'",
        f"INSERT INTO ledger_entry {_LEAF.format(index=258)}",
        f"INSERT INTO ledger_entry {_LEAF.format(index=-1)}",
        "MERGE INTO ledger_entry AS old USING (SELECT 1 AS one) AS new ON old.\"index\" = new.one WHEN MATCHED THEN DELETE",
        "UPDATE ledger_node SET hash = '\\x00'",
        "DELETE FROM ledger_node WHERE level = 8",
        "INSERT INTO ledger_node (origin, level, \"index\", hash) VALUES ('example.police.uk/office', 8, 9, '\\x00')",
    ],
)  # fmt: skip
def test_on_postgresql_triggers_refuse_every_change_of_the_past(attack: str) -> None:
    engine = open_database(fresh_database())
    LOG.create(engine)
    hashes = _fill(engine, 257)
    with Session(engine) as session, pytest.raises(ProgrammingError, match="the ledger"):
        session.connection().exec_driver_sql(attack)
    with Session(engine) as session:
        assert LOG.size_and_root(session) == (257, merkle.root(hashes))
    engine.dispose()


def test_a_postgresql_server_that_may_forget_what_it_acknowledged_is_refused() -> None:
    url = fresh_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET synchronous_commit = off")
    with pytest.raises(LfrError, match="synchronous_commit"):
        open_database(url)


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(LfrError, match="does not answer") as refused:
        open_database(f"postgresql://office:sesame@/office?host={tmp_path}")
    assert "sesame" not in str(refused.value.as_json())


@pytest.mark.parametrize("url", ["mysql://root@localhost/lfr", "postgresql+pg8000://x/y", "postgresql://[", "://", "oracle://x"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(LfrError):
        open_database(url)


def test_a_ledger_that_lost_a_trigger_is_not_opened(engine: Engine) -> None:
    table = "" if engine.dialect.name == "sqlite" else " ON ledger_entry"
    with engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER ledger_entry_no_delete{table}"))
    with pytest.raises(LfrError, match="ledger_entry_no_delete"):
        LOG.create(engine)


def test_creating_again_keeps_what_is_there(engine: Engine) -> None:
    hashes = _fill(engine, 2)
    LOG.create(engine)
    with Session(engine) as session:
        assert LOG.size_and_root(session) == (2, merkle.root(hashes))


@pytest.mark.parametrize("entry", [b"", bytes(16 * 1024 + 1)])
def test_an_empty_or_oversized_entry_is_refused(engine: Engine, entry: bytes) -> None:
    with Session(engine) as session, pytest.raises(BadInput):
        LOG.append(session, entry)


def test_the_largest_entry_is_kept_to_the_byte(engine: Engine) -> None:
    with Session(engine) as session:
        LOG.append(session, bytes(16 * 1024))
        session.commit()
        assert LOG.entry(session, 0) == bytes(16 * 1024)


def test_a_checkpoint_says_origin_size_and_root_and_only_its_own_log_signs_it(engine: Engine) -> None:
    hashes = _fill(engine, 11)
    signer = Signer(LOG.origin, Ed25519PrivateKey.generate())
    with Session(engine) as session:
        stated = parse_checkpoint(open_note(LOG.checkpoint(session, signer), [signer.verifier]).text)
        assert (stated.origin, stated.size, stated.root_hash) == (LOG.origin, 11, merkle.root(hashes))
        with pytest.raises(BadInput, match="cannot sign for"):
            LOG.checkpoint(session, Signer("another/log", Ed25519PrivateKey.generate()))


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
def test_tiles_hold_the_tree_and_its_entries(engine: Engine, tmp_path: Path, size: int) -> None:
    with Session(engine) as session:
        LOG.append_many(session, [_entry(index) for index in range(600)])
        session.commit()
        LOG.write_tiles(session, tmp_path / "out", size)
        LOG.write_tiles(session, tmp_path / "out", size)  # a second time changes nothing
        root = LOG.root(session, size)
    tile = tmp_path / "out" / "tile"
    leaves = b"".join(_tile_bytes(tile / "0", size))
    hashes = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
    bundles, entries = b"".join(_tile_bytes(tile / "entries", size)), []
    while bundles:
        length = int.from_bytes(bundles[:2], "big")
        entries.append(bundles[2 : 2 + length])
        bundles = bundles[2 + length :]
    assert entries == [_entry(index) for index in range(size)]
    assert hashes == [merkle.leaf_hash(each) for each in entries]
    assert merkle.root(hashes) == root
    assert sorted(p.name for p in tile.iterdir()) == (["0", "entries"] if size < 256 else ["0", "1", "entries"])
    if size >= 256:
        above = b"".join(_tile_bytes(tile / "1", size >> 8))
        assert above == b"".join(merkle.root(hashes[at : at + 256]) for at in range(0, size - size % 256, 256))


def _tile_bytes(folder: Path, count: int) -> Iterator[bytes]:
    for index in range(count // 256):
        yield (folder / f"{index:03d}").read_bytes()
    if count % 256:
        yield (folder / f"{count // 256:03d}.p" / str(count % 256)).read_bytes()


_APPENDER = """
import sys
from sqlmodel import Session
from governance.ledger.database import open_database
from governance.ledger.log import Log
engine = open_database(sys.argv[1])
log = Log("example.police.uk/office")
for number in range(40):
    with Session(engine) as session:
        log.append(session, f"{sys.argv[2]} {number}".encode())
        session.commit()
engine.dispose()
"""


def test_two_processes_appending_at_once_queue_up_and_do_not_fork(engine: Engine, database: str) -> None:
    children = [subprocess.Popen([sys.executable, "-c", _APPENDER, database, who]) for who in ("one", "two")]
    assert [child.wait(60) for child in children] == [0, 0]
    with Session(engine) as session:
        entries = list(LOG.entries(session, 0, 80))
        assert len(entries) == 80
        assert LOG.size_and_root(session) == (80, merkle.root([merkle.leaf_hash(each) for each in entries]))
    for who in (b"one", b"two"):
        assert [each for each in entries if each.startswith(who)] == [b"%s %d" % (who, number) for number in range(40)]


def test_a_reading_transaction_cannot_append(engine: Engine) -> None:
    with Session(reading(engine)) as session, pytest.raises(DBAPIError, match=r"readonly|read-only"):
        LOG.append(session, b"no")
    _fill(engine, 1)  # the same pooled connection writes again afterwards


def test_a_missing_tree_node_is_reported_and_not_papered_over(engine: Engine) -> None:
    _fill(engine, 257)
    with engine.begin() as connection:
        table = "" if engine.dialect.name == "sqlite" else " ON ledger_node"
        connection.execute(text(f"DROP TRIGGER ledger_node_no_delete{table}"))
        connection.execute(text("DELETE FROM ledger_node WHERE level = 8"))
    with Session(engine) as session, pytest.raises(VerificationFailed, match="missing"):
        LOG.size_and_root(session)


def test_a_database_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    engine = open_database(path)
    LOG.create(engine)
    engine.dispose()
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(Refused, match="0644") as refusal:
        open_database(path)
    assert refusal.value.rule_ids == ("R34",)


def test_a_database_that_vanished_is_not_begun_anew(tmp_path: Path) -> None:
    with pytest.raises(LfrError, match=r"db\.sqlite"):
        open_database(tmp_path / "db.sqlite", create=False)
