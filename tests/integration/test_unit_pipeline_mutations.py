"""R35 on a unit's own files and code: each part of the pipeline really altered, the real gate refuses and names the part."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from governance.messages.certificate import CameraClass
from lfr_engine import fingerprint
from lfr_engine.errors import Refused
from lfr_engine.inference import Precision, Runtime, default_runtime
from tests.unit_van import Van, prepared_van, types


def refused(van: Van, **wish: object) -> Refused:
    with van.journal() as journal:
        with pytest.raises(Refused) as caught:
            van.check(journal, **wish)
        assert types(journal)[-1] == "gate.refused"
    return caught.value


def test_the_unaltered_pipeline_passes(tmp_path: Path) -> None:
    van = prepared_van(tmp_path)
    with van.journal() as journal:
        van.check(journal)
        assert types(journal)[-1] == "gate.passed"


def test_R35_one_altered_byte_of_a_model_file_is_refused(tmp_path: Path) -> None:
    van = prepared_van(tmp_path)
    model = van.packs_dir / van.pack / "model.onnx"
    content = bytearray(model.read_bytes())
    content[3] ^= 1
    model.write_bytes(bytes(content))
    error = refused(van)
    assert error.rule_ids == ("R35",)
    assert "was altered" in error.message


MANIFEST: dict[str, tuple[str, str, str]] = {
    "how often the stream is looked at": ("interval_s = 0.20", "interval_s = 0.25", "interval_s"),
    "how many views must agree": ("views = 2", "views = 1", "agreement"),
    "the detector's least score": ("score = 0.30", "score = 0.20", "pack_digest"),
    "the mirrored second view": ("mirrored =", "mirrored = true #", "pack_digest"),
}


@pytest.mark.parametrize("what", MANIFEST)
def test_R35_an_altered_setting_of_the_pack_is_refused_and_named(tmp_path: Path, what: str) -> None:
    van = prepared_van(tmp_path)
    old, new, named = MANIFEST[what]
    path = van.packs_dir / van.pack / "manifest.toml"
    text = path.read_text()
    if what == "the mirrored second view":
        line = next(line for line in text.splitlines() if line.startswith("mirrored"))
        old, new = line, "mirrored = false" if line.endswith("true") else "mirrored = true"
    elif old not in text:
        key = old.split(" = ")[0]
        old = next(line for line in text.splitlines() if line.startswith(f"{key} ="))
        number = float(old.split(" = ")[1])
        new = f"{key} = {int(number) + 1 if number == int(number) else number / 2}"
    path.write_text(text.replace(old, new, 1))
    error = refused(van)
    assert error.rule_ids == ("R35",)
    assert named in error.message


def _settings(name: str, **changes: object) -> Callable[[pytest.MonkeyPatch], None]:
    """This program with another constant: what a changed source file would measure as."""
    return lambda patch: patch.setattr(fingerprint, name, partial(getattr(fingerprint, name), **changes))


def _runtime(patch: pytest.MonkeyPatch) -> None:
    here = default_runtime()
    lower = next(precision for precision in Precision if precision is not here.precision)
    patch.setattr(fingerprint, "default_runtime", lambda: Runtime(here.backend, lower))


def _version(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fingerprint, "VERSION", fingerprint.VERSION + 1)


CODE: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "the smallest face": (_settings("QualityGate", smallest_eye_distance_px=6.0), "quality.smallest_eye_distance_px"),
    "the sharpness gate": (_settings("QualityGate", least_sharpness=0.0), "quality.least_sharpness"),
    "the precision": (_runtime, "runtime"),
    "the code that decides": (_version, "version"),
}


@pytest.mark.parametrize("what", CODE)
def test_R35_another_setting_of_the_program_is_refused_and_named(tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    van = prepared_van(tmp_path)
    alter, named = CODE[what]
    alter(monkeypatch)
    error = refused(van)
    assert error.rule_ids == ("R35",)
    assert named in error.message


@pytest.mark.parametrize("settings", ["TrackSettings", "ViewSettings", "ScheduleSettings", "LookSettings", "ThrottleSettings"])
def test_R35_every_setting_of_tracker_views_and_schedule_is_part_of_the_pipeline(
    tmp_path: Path, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = getattr(fingerprint, settings)()
    fields = [name for name in made.__dataclass_fields__ if isinstance(getattr(made, name), int | float) and getattr(made, name)]
    van = prepared_van(tmp_path)
    for name in fields[:2]:
        with monkeypatch.context() as patch:
            value = getattr(made, name)
            patch.setattr(fingerprint, settings, lambda name=name, value=value: _different(made, name, value))
            error = refused(van)
        assert error.rule_ids == ("R35",)
        assert name in error.message


def _different(made: object, name: str, value: float) -> object:
    other = replace(made)  # type: ignore[type-var]  # every one of them is a dataclass
    object.__setattr__(other, name, type(value)(value * 1.01 + 1))
    return other


def test_R99_a_class_of_camera_that_was_not_tested_is_refused(tmp_path: Path) -> None:
    assert refused(prepared_van(tmp_path), camera_class=CameraClass.VIDEO_FILE).rule_ids == ("R99",)
