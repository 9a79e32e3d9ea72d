"""The office's services: each changes rows and writes the ledger event in the same transaction."""
