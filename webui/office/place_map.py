"""A small map of the zone, drawn here as SVG: no tiles from elsewhere, so that nobody outside learns where police will be."""

import math
from collections.abc import Sequence

from markupsafe import Markup

_WIDTH, _HEIGHT, _MARGIN = 460, 300, 46
_METRES_PER_DEGREE = 111_320.0  # of latitude; of longitude times cos(latitude)
_STEPS_M = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 200_000)


def zone_map(ring: Sequence[Sequence[float]], name: str) -> Markup:
    """The closed ring (longitude, latitude) with a grid, a scale bar and north up; empty for no ring."""
    if len(ring) < 4:
        return Markup("")
    lat0 = sum(lat for _, lat in ring[:-1]) / (len(ring) - 1)
    lon0 = sum(lon for lon, _ in ring[:-1]) / (len(ring) - 1)
    shrink = max(math.cos(math.radians(lat0)), 0.01)
    metres = [((lon - lon0) * _METRES_PER_DEGREE * shrink, (lat - lat0) * _METRES_PER_DEGREE) for lon, lat in ring]
    xs, ys = [x for x, _ in metres], [y for _, y in metres]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    scale = min((_WIDTH - 2 * _MARGIN) / max(wide, 1.0), (_HEIGHT - 2 * _MARGIN) / max(high, 1.0))
    mid_x, mid_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    points = [(_WIDTH / 2 + (x - mid_x) * scale, _HEIGHT / 2 - (y - mid_y) * scale) for x, y in metres]
    step = next((one for one in _STEPS_M if one * scale >= 40), _STEPS_M[-1])
    around = f"{abs(lat0):.4f}° {'N' if lat0 >= 0 else 'S'}, {abs(lon0):.4f}° {'E' if lon0 >= 0 else 'W'}"
    words = f"Zone {name}: about {wide:.0f} m by {high:.0f} m around {around}"
    return Markup(  # every value is a number of ours, except `words`, which format() escapes
        '<svg class="lfr-map" viewBox="0 0 {w} {h}" role="img" aria-label="{words}">{grid}'
        '<polygon points="{points}" fill="#1d3557" fill-opacity="0.18" stroke="#1d3557" stroke-width="3"/>{corners}{scale}{north}</svg>'
    ).format(
        w=_WIDTH,
        h=_HEIGHT,
        words=words,
        grid=_grid(step * scale),
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        corners=_corners(points[:-1]),
        scale=_scale_bar(step, step * scale),
        north=_north(),
    )


def _grid(step_px: float) -> Markup:
    lines = [f"M{x:.1f} 0V{_HEIGHT}" for x in _range(step_px, _WIDTH)] + [f"M0 {y:.1f}H{_WIDTH}" for y in _range(step_px, _HEIGHT)]
    return Markup('<path d="{}" stroke="#d5d9de" fill="none"/>').format("".join(lines))


def _range(step_px: float, end: int) -> list[float]:
    return [step_px * n for n in range(1, math.ceil(end / step_px))]


def _corners(points: list[tuple[float, float]]) -> Markup:
    return Markup("").join(
        Markup('<circle cx="{}" cy="{}" r="4" fill="#1d3557"/>').format(round(x, 1), round(y, 1)) for x, y in points[:40]
    )


def _scale_bar(step_m: int, length_px: float) -> Markup:
    y = _HEIGHT - 14
    label = f"{step_m} m" if step_m < 1000 else f"{step_m // 1000} km"
    return Markup(
        '<path d="M12 {y}v-6v6h{length}v-6" stroke="#0b0c0c" stroke-width="2" fill="none"/>'
        '<text x="{tx}" y="{y}" font-size="14" font-family="sans-serif">{label}</text>'
    ).format(y=y, length=round(length_px, 1), tx=round(20 + length_px, 1), label=label)


def _north() -> Markup:
    return Markup(
        '<path d="M{x} 12l7 20l-7 -5l-7 5z" fill="#0b0c0c"/><text x="{tx}" y="48" font-size="14" font-family="sans-serif">N</text>'
    ).format(x=_WIDTH - 24, tx=_WIDTH - 29)
