"""The `lfr` command."""
