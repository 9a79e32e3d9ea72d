"""Monitors over time, pure: counts in, a verdict out. The unit and the office use the same ones (R54, R55, R79)."""
