"""Watchlist entries: intake and checks, the list root, the sealed bundle, and the manifest that survives the purge."""
