"""The Merkle tree of RFC 6962 section 2.1: leaf and node hashes, roots, inclusion and consistency proofs.

Pure. A *node* is a full subtree: `(level, index)` is the subtree over leaves `[index * 2**level, (index + 1) * 2**level)`.
Whoever can answer "what is the hash of this node" (a list of leaves, a table of stored nodes) can have every root and every
proof of every smaller tree in O(log n) answers. Proofs follow RFC 9162 sections 2.1.3.2 and 2.1.4.2, which spell out the
checks that RFC 6962 leaves to the reader.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence

from lfr_engine.errors import BadInput, VerificationFailed

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeAt = Callable[[int, int], bytes]
"""`(level, index)` to the hash of that full subtree."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry): the prefix keeps an entry from passing as a node."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_of(leaf_hashes: Sequence[bytes]) -> NodeAt:
    """Nodes computed from a list of leaf hashes; for lists that fit in memory (a watchlist, a test)."""
    levels: list[list[bytes]] = [list(leaf_hashes)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return lambda level, index: levels[level][index]


def range_hash(node_at: NodeAt, start: int, end: int) -> bytes:
    """Tree hash of leaves `[start, end)`, where `start` is a multiple of the smallest power of two that holds the range."""
    peaks: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        peaks.append(node_at(level, start >> level))
        start += 1 << level
    if not peaks:
        return EMPTY_ROOT
    total = peaks.pop()
    while peaks:
        total = node_hash(peaks.pop(), total)
    return total


def inclusion_path(node_at: NodeAt, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]), from the leaf's sibling up. Raises BadInput when the leaf is not in a tree of that size."""
    if not 0 <= index < size:
        raise BadInput(f"entry {index} is not in a tree of {size} entries")
    start, end, downwards = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            downwards.append(range_hash(node_at, middle, end))
            end = middle
        else:
            downwards.append(range_hash(node_at, start, middle))
            start = middle
    return downwards[::-1]


def consistency_path(node_at: NodeAt, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[new]); empty for old = 0 (every tree extends the empty one) and for old = new. Raises BadInput if old > new."""
    if not 0 <= old <= new:
        raise BadInput(f"a tree of {new} entries cannot be shown to extend one of {old}")
    if old in (0, new):
        return []
    start, end, whole_old, downwards = 0, new, True, list[bytes]()
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            downwards.append(range_hash(node_at, middle, end))
            end = middle
        else:
            downwards.append(range_hash(node_at, start, middle))
            start, whole_old = middle, False
    if not whole_old:
        downwards.append(range_hash(node_at, start, end))
    return downwards[::-1]


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    return range_hash(nodes_of(leaf_hashes), 0, len(leaf_hashes))


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    return inclusion_path(nodes_of(leaf_hashes), index, len(leaf_hashes))


def consistency_proof(leaf_hashes: Sequence[bytes], old: int) -> list[bytes]:
    return consistency_path(nodes_of(leaf_hashes), old, len(leaf_hashes))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> None:
    """Returns nothing, or raises VerificationFailed: `leaf` (a leaf hash) is not entry `index` of the tree with that root."""
    if not 0 <= index < size:
        raise VerificationFailed(f"entry {index} cannot be in a tree of {size} entries")
    _check_hashes([leaf, *proof])
    position, last, total = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise VerificationFailed("the inclusion proof is longer than the tree is high")
        if position & 1 or position == last:
            total = node_hash(sibling, total)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            total = node_hash(total, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or not hmac.compare_digest(total, expected_root):
        raise VerificationFailed(f"entry {index} is not in the tree of {size} entries with this root")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Returns nothing, or raises VerificationFailed: the tree of `new` entries does not begin with the tree of `old` entries."""
    if not 0 <= old <= new:
        raise VerificationFailed(f"a tree of {new} entries does not extend one of {old}")
    if old in (0, new):
        if proof or old_root != (EMPTY_ROOT if old == 0 else new_root):
            raise VerificationFailed(f"the trees of {old} and {new} entries do not agree")
        return
    _check_hashes(proof)
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise VerificationFailed("the consistency proof is empty")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_total = new_total = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise VerificationFailed("the consistency proof is longer than the tree is high")
        if position & 1 or position == last:
            old_total, new_total = node_hash(sibling, old_total), node_hash(sibling, new_total)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new_total = node_hash(new_total, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or old_total != old_root or new_total != new_root:
        raise VerificationFailed(f"the tree of {new} entries does not begin with the tree of {old} entries shown before")


def _split(width: int) -> int:
    """The largest power of two smaller than `width`: where RFC 6962 cuts a range in two."""
    return 1 << ((width - 1).bit_length() - 1)


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(each) != HASH_BYTES for each in hashes):
        raise VerificationFailed(f"a proof holds something that is not a hash of {HASH_BYTES} bytes")
