"""Material for tests of the evaluation that costs no network: coloured tiles as photos, and scores drawn by a known law."""

from pathlib import Path

import numpy as np

from lfr_engine.evaluation.material import Photo
from lfr_engine.evaluation.protocol import Protocol
from lfr_engine.evaluation.template_store import Kept
from lfr_engine.image import encode_jpeg

DIMENSION = 64


def tile(number: int) -> bytes:
    """A small JPEG that no other number gives."""
    image = np.random.default_rng(number).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    return encode_jpeg(image, 95)


def faces_folder(folder: Path, *, several: int = 12, alone: int = 12) -> Path:
    """`several` people with two photos and `alone` people with one."""
    for person in range(several + alone):
        home = folder / f"Person_{person:03d}"
        home.mkdir(parents=True)
        for photo in range(2 if person < several else 1):
            (home / f"{photo}.jpg").write_bytes(tile(10 * person + photo))
    return folder


def photo(person: str, number: int = 0) -> Photo:
    """A photo that exists in name only."""
    return Photo(person, f"{person}/{number}.jpg", Path(f"{person}/{number}.jpg"), f"{person}-{number}")


def kept(vector: "np.ndarray[tuple[int], np.dtype[np.float64]] | None") -> Kept:
    """A template as the store keeps it."""
    if vector is None:
        return Kept(None, "no face was found", {})
    return Kept(np.asarray(vector / np.linalg.norm(vector), np.float32), "", {"score": 0.5})


def drawn(mated: int, strangers: int, *, noise: float = 0.7, seed: int = 1) -> tuple[Protocol, dict[str, Kept], dict[str, Kept]]:
    """A protocol with templates: everybody is a random direction, a second photo of them lies `noise` away."""
    rng = np.random.default_rng(seed)
    listed = [f"L{number}" for number in range(mated)]
    others = [f"S{number}" for number in range(strangers)]
    base = {name: rng.normal(size=DIMENSION) for name in (*listed, *others)}
    protocol = Protocol(
        tuple(photo(name, 0) for name in listed), tuple(photo(name, 1) for name in listed), tuple(photo(name) for name in others), False
    )
    references = {one.name: kept(base[one.person]) for one in protocol.enrolled}
    probes = {one.name: kept(base[one.person] + noise * rng.normal(size=DIMENSION)) for one in (*protocol.mated, *protocol.nonmated)}
    return protocol, references, probes
