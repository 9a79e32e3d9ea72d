"""Every proof of every small tree holds, and nothing near it does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfr_engine.errors import BadInput, VerificationFailed
from watchlist.sealing import merkle

LARGEST = 40
HASHES = [merkle.leaf_hash(f"entry {i}".encode()) for i in range(LARGEST)]
ROOTS = [merkle.root(HASHES[:size]) for size in range(LARGEST + 1)]


def test_every_inclusion_proof_up_to_forty_entries_holds() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            proof = merkle.inclusion_proof(HASHES[:size], index)
            assert len(proof) <= (size - 1).bit_length()
            merkle.verify_inclusion(HASHES[index], index, size, proof, ROOTS[size])


def test_every_consistency_proof_up_to_forty_entries_holds() -> None:
    for new in range(LARGEST + 1):
        for old in range(new + 1):
            merkle.verify_consistency(old, new, merkle.consistency_proof(HASHES[:new], old), ROOTS[old], ROOTS[new])


def _mutations(proof: list[bytes]) -> list[list[bytes]]:
    flipped = [[*proof[:i], bytes([each[0] ^ 1]) + each[1:], *proof[i + 1 :]] for i, each in enumerate(proof)]
    dropped = [proof[:i] + proof[i + 1 :] for i in range(len(proof))]
    doubled = [[*proof[:i], each, *proof[i:]] for i, each in enumerate(proof)]
    swapped = [[*proof[:i], proof[i + 1], proof[i], *proof[i + 2 :]] for i in range(len(proof) - 1)]
    short = [[*proof[:i], each[:31], *proof[i + 1 :]] for i, each in enumerate(proof)]
    return [each for each in [*flipped, *dropped, *doubled, *swapped, *short, [*proof, bytes(32)], [bytes(32), *proof]] if each != proof]


@given(st.data())
def test_an_altered_inclusion_proof_fails(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(HASHES[:size], index)
    altered = data.draw(st.sampled_from(_mutations(proof)))
    with pytest.raises(VerificationFailed):
        merkle.verify_inclusion(HASHES[index], index, size, altered, ROOTS[size])


@given(st.data())
def test_an_inclusion_proof_holds_for_no_other_place_leaf_or_root(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, LARGEST - 1).filter(lambda i: i != index))
    proof = merkle.inclusion_proof(HASHES[:size], index)
    for leaf, at, root in [
        (HASHES[other], index, ROOTS[size]),
        (HASHES[index], other, ROOTS[size]),
        (HASHES[index], index, ROOTS[size - 1]),
    ]:
        with pytest.raises(VerificationFailed):
            merkle.verify_inclusion(leaf, at, size, proof, root)


@given(st.data())
def test_an_altered_consistency_proof_or_a_rewritten_history_fails(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, LARGEST))
    old = data.draw(st.integers(1, new - 1))
    proof = merkle.consistency_proof(HASHES[:new], old)
    with pytest.raises(VerificationFailed):
        merkle.verify_consistency(old, new, data.draw(st.sampled_from(_mutations(proof))), ROOTS[old], ROOTS[new])
    changed = data.draw(st.integers(0, old - 1))
    rewritten = [*HASHES[:changed], merkle.leaf_hash(b"another"), *HASHES[changed + 1 : new]]
    with pytest.raises(VerificationFailed):
        merkle.verify_consistency(old, new, merkle.consistency_proof(rewritten, old), ROOTS[old], merkle.root(rewritten))


def test_a_smaller_tree_never_extends_a_larger_one() -> None:
    with pytest.raises(VerificationFailed):
        merkle.verify_consistency(5, 4, [], ROOTS[5], ROOTS[4])
    with pytest.raises(BadInput):
        merkle.consistency_proof(HASHES[:4], 5)


def test_equal_sizes_need_equal_roots_and_no_proof() -> None:
    with pytest.raises(VerificationFailed):
        merkle.verify_consistency(4, 4, [], ROOTS[4], ROOTS[5])
    with pytest.raises(VerificationFailed):
        merkle.verify_consistency(4, 4, [ROOTS[4]], ROOTS[4], ROOTS[4])
    with pytest.raises(VerificationFailed):
        merkle.verify_consistency(0, 4, [ROOTS[4]], ROOTS[0], ROOTS[4])


def test_an_entry_that_is_not_there_has_no_proof() -> None:
    with pytest.raises(BadInput):
        merkle.inclusion_proof(HASHES[:4], 4)
