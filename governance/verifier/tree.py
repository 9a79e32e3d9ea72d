"""RFC 6962 roots from a stream of leaves, in memory that grows with the logarithm of their number.

This is not the algorithm of the writer: no stored nodes, no proofs. Every root of every size is computed from all leaves.
"""

import hashlib
from collections.abc import Iterable

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The perfect subtrees along the right edge, widest first; enough to append and to know the root."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        filled = self.size
        while filled & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            filled >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        total = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            total = node_hash(peak, total)
        return total


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()
