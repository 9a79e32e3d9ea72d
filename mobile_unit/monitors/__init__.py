"""The unit's own monitors while it matches. Pure: what was counted and decided goes in, a verdict comes out."""
