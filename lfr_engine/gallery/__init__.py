"""The templates of a list in memory, searched exactly."""

from lfr_engine.gallery.gallery import MAX_ROWS, Gallery

__all__ = ["MAX_ROWS", "Gallery"]
