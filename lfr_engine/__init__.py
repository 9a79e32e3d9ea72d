"""The recognition engine: frames in, candidates out. It knows no people, no law and no web."""
