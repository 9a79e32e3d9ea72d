"""Photos to compare runtimes on, which every machine with this program has: they come with two installed packages."""

from lfr_engine.image import decode_photo
from lfr_engine.packs.build import packaged_file
from lfr_engine.values import Image

_GROUP = ("insightface", "data/images/t1.jpg")
# Where each of six people stands in the group photo, with some surroundings: left, top, right, bottom in pixels.
_STANDING = {
    "1st from left": (0, 190, 230, 480),
    "2nd from left": (200, 70, 440, 350),
    "3rd from left": (400, 190, 640, 490),
    "4th from left": (690, 280, 910, 550),
    "5th from left": (840, 0, 1080, 280),
    "6th from left": (1070, 200, 1280, 470),
}
_PORTRAITS = {"actor": ("insightface", "data/images/Tom_Hanks_54745.png"), "astronaut": ("skimage", "data/astronaut.png")}


def reference_photos() -> list[tuple[str, Image]]:
    """Eight people, each in a photo of their own. Raises BadInput where a package is not installed."""
    group = decode_photo(packaged_file(*_GROUP).read_bytes())
    photos = [(name, group[top:bottom, left:right].copy()) for name, (left, top, right, bottom) in _STANDING.items()]
    return photos + [(name, decode_photo(packaged_file(*where).read_bytes())) for name, where in _PORTRAITS.items()]
