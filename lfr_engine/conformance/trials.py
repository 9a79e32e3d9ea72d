"""What a matcher is asked, one trial each in a process of its own: the ordinary day first, then bad input."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from lfr_engine.conformance.talk import Matcher, Talk
from lfr_engine.errors import BrokenProtocol, LfrError
from lfr_engine.image import decode_photo, encode_jpeg, resize
from lfr_engine.messages import Alert, Camera, Counters
from lfr_engine.values import Floats, Image

ENTRY, OTHER = "entry-1", "entry-2"
READY_S, ANSWER_S, END_S = 90.0, 30.0, 15.0
_FRAMES = 12
_HEIGHT_PX, _WIDTH_PX, _PHOTO_PX = 720, 1280, 420


@dataclass(frozen=True, slots=True)
class Tried:
    """One trial: what was asked, whether it was kept, and what was wrong if not."""

    what: str
    kept: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """A photograph of one face, and its template where the matcher is not asked to make it."""

    photo: bytes
    template: Floats | None = None

    def street(self, step: int) -> Image:
        """The person walking by in a grey street."""
        picture = np.full((_HEIGHT_PX, _WIDTH_PX, 3), 150, np.uint8)
        photo = decode_photo(self.photo)
        width = round(photo.shape[1] * _PHOTO_PX / photo.shape[0])
        x = 300 + 8 * step
        picture[180 : 180 + _PHOTO_PX, x : x + width] = resize(photo, width, _PHOTO_PX)
        return picture

    @staticmethod
    def empty() -> Image:
        return np.full((_HEIGHT_PX, _WIDTH_PX, 3), 150, np.uint8)


def conform(matcher: Matcher, material: Material) -> Iterator[Tried]:
    """Every trial in turn; none of them stops the others."""
    for trial in _TRIALS:
        what = (trial.__doc__ or "").strip()
        if trial is _enrols and material.template is not None:
            continue
        try:
            with Talk(matcher) as talk:
                trial(talk, material)
        except (BrokenProtocol, LfrError) as error:
            yield Tried(what, False, error.message)
        except BrokenPipeError:
            yield Tried(what, False, "it stopped listening to commands")
        else:
            yield Tried(what, True)


def _template(talk: Talk, material: Material) -> Floats:
    made = material.template if material.template is not None else talk.enrol("listed", material.photo, READY_S)
    if isinstance(made, str):
        raise LfrError(f"the photograph cannot be used: {made}", next_step="name another photograph with --photo")
    return made


def _started(talk: Talk, material: Material) -> None:
    """With the person on the list, and somebody whom nobody resembles."""
    row = _template(talk, material)
    away = np.roll(row, 7) * np.where(np.arange(len(row)) % 2, -1, 1)
    talk.start([ENTRY, OTHER], np.stack([row, away / np.linalg.norm(away)]).astype(np.float32))
    talk.wait_for("ready", READY_S)


def _walk(talk: Talk, material: Material) -> None:
    for step in range(_FRAMES):
        talk.show(material.street(step))


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise LfrError(otherwise)


def _ends(talk: Talk, code_is_zero: bool) -> None:
    code = talk.exit_code(END_S)
    _require(code is not None, f"it still runs {END_S:.0f} seconds after it had to end")
    _require((code == 0) == code_is_zero, f"it ended with exit code {code}")


def _enrols(talk: Talk, material: Material) -> None:
    """A photograph becomes a template, always the same; a picture without a face does not"""
    first, again = (_template(talk, material) for _ in range(2))
    _require(float(first @ again) > 0.9999, "the same photograph gave two templates")
    _require(isinstance(talk.enrol("nobody", encode_jpeg(material.empty()), ANSWER_S), str), "a picture without a face gave a template")


def _alerts(talk: Talk, material: Material) -> None:
    """A listed person who walks by raises an alert, is counted, and nobody else is named"""
    _started(talk, material)
    _walk(talk, material)
    alerts = [one for one in talk.wait_for("alert", ANSWER_S) if isinstance(one, Alert)]
    _require(all(one.entry_id == ENTRY for alert in alerts for one in alert.candidates), "it named somebody who was not there")
    talk.tell("stop")
    talk.wait_for("ended", END_S)
    last = [one for one in talk.heard if isinstance(one, Counters)][-1:]
    _require(bool(last) and last[0].frames > 0 and last[0].passages > 0, "its last counters do not count who passed")
    _ends(talk, code_is_zero=True)


def _removes(talk: Talk, material: Material) -> None:
    """An entry that was removed raises no alert any more"""
    _started(talk, material)
    talk.tell("remove", [ENTRY])
    talk.listen(1.2)
    _walk(talk, material)
    talk.listen(2.0)
    _require(not [one for one in talk.heard if one.type == "alert"], "a removed entry raised an alert")


def _pauses(talk: Talk, material: Material) -> None:
    """In a pause nothing is counted and nobody named; afterwards matching goes on"""
    _started(talk, material)
    talk.tell("pause")
    talk.listen(1.2)
    _walk(talk, material)
    talk.listen(2.5)
    counted = [one.passages for one in talk.heard if isinstance(one, Counters)]
    _require(bool(counted) and counted[-1] == 0, "somebody was counted in a pause, or its counters stopped coming")
    _require(not [one for one in talk.heard if one.type == "alert"], "it raised an alert in a pause")
    talk.tell("resume")
    _walk(talk, material)
    talk.wait_for("alert", ANSWER_S)


def _stops(talk: Talk, material: Material) -> None:
    """After stop it ends by itself, and raises no alert on the way"""
    _started(talk, material)
    talk.tell("stop")
    talk.wait_for("ended", END_S)
    _ends(talk, code_is_zero=True)


def _orphaned(talk: Talk, material: Material) -> None:
    """When the commands end, because the unit is gone, it ends"""
    _started(talk, material)
    talk.close_commands()
    _require(talk.exit_code(END_S) is not None, f"it still runs {END_S:.0f} seconds later")


def _camera_ends(talk: Talk, material: Material) -> None:
    """When its last camera ends it says so and ends"""
    _started(talk, material)
    talk.show(material.empty())
    talk.end_camera()
    talk.wait_for("ended", ANSWER_S)
    _ends(talk, code_is_zero=True)


def _no_source(talk: Talk, material: Material) -> None:
    """A camera that cannot be opened is told as lost"""
    row = _template(talk, material)
    talk.start([ENTRY], row[None], source="pipe:999")
    talk.wait_for("camera", READY_S)
    _require(any(isinstance(one, Camera) and one.state == "lost" for one in talk.heard), "the camera is not lost")


def _empty_list(talk: Talk, material: Material) -> None:
    """A list of nobody raises no alert"""
    row = _template(talk, material)
    talk.start([], np.empty((0, len(row)), np.float32))
    talk.wait_for("ready", READY_S)
    _walk(talk, material)
    talk.listen(2.0)


def _garbage(talk: Talk, material: Material) -> None:
    """Something that is no command ends it"""
    _started(talk, material)
    talk.raw(b"\x00\x00\x00\x09not json!" + bytes(64))
    _require(talk.exit_code(END_S) is not None, f"it still runs {END_S:.0f} seconds later")


def _oversized(talk: Talk, material: Material) -> None:
    """A message announced larger than the protocol allows ends it"""
    _started(talk, material)
    talk.raw(b"\xff\xff\xff\xff" + bytes(64))
    _require(talk.exit_code(END_S) is not None, f"it still runs {END_S:.0f} seconds later")


_TRIALS: tuple[Callable[[Talk, Material], None], ...] = (
    _enrols, _alerts, _removes, _pauses, _stops, _orphaned, _camera_ends, _no_source, _empty_list, _garbage, _oversized,
)  # fmt: skip
