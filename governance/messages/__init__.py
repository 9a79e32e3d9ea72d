"""Everything that crosses a boundary: typed, versioned, signed objects."""
