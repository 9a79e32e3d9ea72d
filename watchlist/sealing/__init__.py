"""Signatures, encryption and Merkle commitments, on top of well-kept libraries."""
