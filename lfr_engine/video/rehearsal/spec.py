"""What a rehearsal is: who walks, in which photo, and how the camera sees it. Read from JSON, refused when unclear."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lfr_engine.errors import BadInput

_SPEC_LIMIT_BYTES = 16 << 20


class PhotoOf(BaseModel):
    """A photo and where the face is in it. Without a box the photo is taken as a portrait with its face in the middle."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    box: tuple[float, float, float, float] | None = None
    """x0, y0, x1, y1 of the face, forehead to chin, in pixels of the photo."""


class Walker(BaseModel):
    """One passage to come: a person, the photo that walks, and whether it is mirrored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: Annotated[str, Field(min_length=1, max_length=200)]
    photo: PhotoOf
    mirror: bool = False

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, given: object) -> object:
        if isinstance(given, dict) and isinstance(given.get("photo"), str):
            return {**given, "photo": {"path": given["photo"]}}
        return given


class RehearsalSpec(BaseModel):
    """A rehearsal. The same specification gives the same pixels; another `seed` gives other walks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    fps: Annotated[float, Field(ge=1, le=60)] = 12.5
    size: tuple[Annotated[int, Field(ge=160, le=3840)], Annotated[int, Field(ge=120, le=2160)]] = (1280, 720)
    frames: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """Stop after so many frames. Without it a clip ends with the last walker and a live camera films on until stopped."""
    at_once: Annotated[float, Field(gt=0, le=40)] = 4.0
    """How many people are in the picture on average."""
    face_px: tuple[Annotated[float, Field(ge=16)], Annotated[float, Field(le=400)]] = (56.0, 104.0)
    """Face heights (forehead to chin) at which people pass, from the farthest to the nearest lane."""
    noise: Annotated[float, Field(ge=0, le=40)] = 4.0
    """Standard deviation of the sensor noise, in steps of 255."""
    pace: Literal["real", "fast"] = "real"
    """`real`: never ahead of the clock. `fast`: as fast as the reader takes it, for measurements."""
    walkers: Annotated[tuple[Walker, ...], Field(max_length=20_000)] = ()

    @model_validator(mode="after")
    def _ordered(self) -> "RehearsalSpec":
        if self.face_px[0] > self.face_px[1]:
            raise ValueError("face_px goes from the smaller to the larger height")
        return self


def read_spec(path: Path) -> RehearsalSpec:
    """The specification in a JSON file, its photo paths made absolute against the file's folder. Raises BadInput."""
    try:
        if path.stat().st_size > _SPEC_LIMIT_BYTES:
            raise BadInput(f"{path} is too large to be a rehearsal")
        spec = RehearsalSpec.model_validate(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise BadInput(f"the rehearsal {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"the rehearsal {path} is not usable: {where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the rehearsal {path} is not JSON") from error
    folder = path.parent.resolve()
    walkers = tuple(
        walker.model_copy(update={"photo": walker.photo.model_copy(update={"path": str(folder / walker.photo.path)})})
        for walker in spec.walkers
    )
    return spec.model_copy(update={"walkers": walkers})
