"""A polygon as people write it: one corner a line, latitude then longitude; or a GeoJSON Polygon pasted from a mapping tool."""

import json
from collections.abc import Sequence

Point = tuple[float, float]  # longitude, latitude in degrees (WGS 84), the order of GeoJSON
MAX_CORNERS = 499


def parse_polygon(typed: str) -> list[Point]:
    """The closed ring, or an empty list where nothing was typed. Raises ValueError naming the line that is wrong."""
    if not typed.strip():
        return []
    corners = _from_geojson(typed) if typed.lstrip().startswith("{") else [_corner(n, line) for n, line in _lines(typed)]
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if not 3 <= len(corners) <= MAX_CORNERS:
        raise ValueError(f"Give 3 to {MAX_CORNERS} corners, one a line; {len(corners)} were found")
    if len(set(corners)) != len(corners):
        raise ValueError("The same corner stands there twice")
    for lon, lat in corners:
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise ValueError(f"{lat}, {lon} lies outside the world: write latitude, then longitude")
    return [*corners, corners[0]]


def write_polygon(ring: Sequence[Sequence[float]]) -> str:
    """What `parse_polygon` reads, without the corner that closes the ring."""
    return "\n".join(f"{lat}, {lon}" for lon, lat in ring[:-1])


def _lines(typed: str) -> list[tuple[int, str]]:
    return [(number, line) for number, line in enumerate(typed.splitlines(), 1) if line.strip()]


def _corner(number: int, line: str) -> Point:
    parts = line.replace(";", ",").split(",")
    try:
        lat, lon = (float(part) for part in parts)
    except ValueError as error:
        raise ValueError(f"Line {number}: write latitude, comma, longitude, like 53.4794, -2.2453") from error
    return lon, lat


def _from_geojson(typed: str) -> list[Point]:
    try:
        shape = json.loads(typed)
        geometry = shape.get("geometry") or shape
        if geometry["type"] != "Polygon" or len(geometry["coordinates"]) != 1:
            raise ValueError("it is not one Polygon without holes")
        return [(float(lon), float(lat)) for lon, lat, *_ in geometry["coordinates"][0]]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError("This GeoJSON is not one Polygon without holes") from error
