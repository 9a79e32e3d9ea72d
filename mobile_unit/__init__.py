"""What runs in the van: the gate, the supervised processes, the journal, purge and sync."""
