"""The ledger: an append-only Merkle tree in the rows' own database, signed checkpoints, cosignatures, proofs that work offline.

What follows which specification (c2sp.org): `note` signed-note, `checkpoint` tlog-checkpoint, `tiles` tlog-tiles,
`cosign` tlog-witness (the client's half), `tlog_proof` tlog-proof; `docs/adr/0001-ledger-formats.md` says why these.
"""
