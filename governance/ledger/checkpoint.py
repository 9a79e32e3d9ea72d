"""What a log says of itself, as the note text of c2sp.org/tlog-checkpoint@v1.0.0: origin, tree size, root hash, one a line."""

import base64
import re
from dataclasses import dataclass

from governance.ledger.note import decode_base64
from lfr_engine.errors import BadInput
from watchlist.sealing.merkle import HASH_BYTES

SIZE_MAX = (1 << 63) - 1
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`size` entries, root `root_hash` (32 bytes). Our logs write no extension lines; other logs' are kept, they are signed too."""

    origin: str
    size: int
    root_hash: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin or not 0 <= self.size <= SIZE_MAX or len(self.root_hash) != HASH_BYTES:
            raise BadInput("a checkpoint names an origin, a size and a root hash of 32 bytes")
        if any(not line or "\n" in line for line in self.extensions):
            raise BadInput("an extension line of a checkpoint is one line and not empty")

    @property
    def text(self) -> str:
        return "\n".join([self.origin, str(self.size), base64.b64encode(self.root_hash).decode(), *self.extensions]) + "\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Raises BadInput. The text must come from an opened note: on its own it proves nothing."""
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(lines) < 3:
        raise BadInput("a checkpoint has at least three lines: origin, size, root hash")
    return Checkpoint(lines[0], parse_size(lines[1]), decode_base64(lines[2]), tuple(lines[3:]))


def parse_size(text: str) -> int:
    """A decimal without leading zeroes. Raises BadInput."""
    if not _SIZE.fullmatch(text) or int(text) > SIZE_MAX:
        raise BadInput(f"{text[:40]!r} is not a tree size")
    return int(text)
