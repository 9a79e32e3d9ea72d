"""A camera that is frozen, dark, blurred or looks elsewhere is told; people, light and noise are not."""

from collections.abc import Callable

import numpy as np
import pytest

from lfr_engine.image import soften, warp
from lfr_engine.values import Image
from lfr_engine.video.health import FROZEN_S, Health
from lfr_engine.video.view_shift import fit, lasting, view_of

WIDTH, HEIGHT = 640, 360


def street(seed: int) -> Image:
    """Walls, doors, kerbs and posts in grey."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT + 100, WIDTH + 200), 120, np.uint8)
    for _ in range(60):
        x, y = rng.integers(0, WIDTH + 150), rng.integers(0, HEIGHT + 60)
        picture[y : y + rng.integers(10, 120), x : x + rng.integers(5, 90)] = rng.integers(40, 230)
    return picture


STREET = street(1)


def seen(number: int, *, right: int = 0, scene: Image = STREET, people: bool = True) -> Image:
    """The street at second `number`, with noise, and people who walk through it."""
    rng = np.random.default_rng(number)
    picture = scene[50 : 50 + HEIGHT, 100 + right : 100 + right + WIDTH].astype(np.int16)
    if people:
        for walker in range(8):
            x = int((walker * 90 + number * 47) % WIDTH)
            picture[120:340, x : x + 45] = 30 + 25 * walker
    return np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


def after(pictures: Callable[[int], Image], seconds: int, health: Health | None = None, start: int = 0) -> Health:
    health = health or Health()
    for second in range(start, start + seconds):
        health.look(pictures(second), float(second), clock_drifts=False)
    return health


def test_a_busy_street_is_a_healthy_camera() -> None:
    assert after(seen, 60).reasons == ()


def test_light_that_fades_is_no_movement() -> None:
    health = after(seen, 12)
    assert after(lambda n: (seen(n) * max(0.35, 1 - n / 60)).astype(np.uint8), 40, health, 12).reasons == ()


@pytest.mark.parametrize("right", [24, -40, 90])
def test_a_knocked_camera_is_told_within_fifteen_seconds(right: int) -> None:
    health = after(seen, 12)
    assert "moved" in after(lambda n: seen(n, right=right), 15, health, 12).reasons


def test_a_swaying_camera_is_not_moved() -> None:
    health = after(seen, 12)
    assert after(lambda n: seen(n, right=(-4, 4)[n % 2]), 30, health, 12).reasons == ()


def test_another_street_is_told_and_the_right_one_again_too() -> None:
    health, elsewhere = after(seen, 12), street(2)
    assert "moved" in after(lambda n: seen(n, scene=elsewhere), 15, health, 12).reasons
    assert after(seen, 15, health, 27).reasons == ()


def test_a_zoomed_camera_is_told() -> None:
    zoom = np.array([[1.5, 0, -WIDTH / 4], [0, 1.5, -HEIGHT / 4]])
    health = after(seen, 12)
    assert "moved" in after(lambda n: warp(seen(n), zoom, WIDTH, HEIGHT), 15, health, 12).reasons


def test_a_confirmed_view_is_the_new_reference() -> None:
    health = after(seen, 12)
    moved = after(lambda n: seen(n, right=60), 15, health, 12)
    moved.confirmed()
    assert after(lambda n: seen(n, right=60), 30, moved, 27).reasons == ()


def test_taking_a_moved_camera_out_and_adding_it_again_confirms_nothing() -> None:
    """R83: only somebody who has looked at place and signs, and says so in the ledger by resuming, makes a new reference."""
    health = after(seen, 12)
    moved = after(lambda n: seen(n, right=60), 15, health, 12)
    moved.opened_again()
    for second in range(30, 55):
        moved.look(seen(second, right=60), float(second), clock_drifts=False)
        assert moved.moved, second
    assert after(seen, 15, moved, 55).reasons == ()


def test_a_camera_added_again_where_it_stood_is_well() -> None:
    health = after(seen, 12)
    health.opened_again()
    assert after(seen, 20, health, 100).reasons == ()


def test_a_picture_that_stands_still_is_told_though_frames_come() -> None:
    health = after(seen, 12)
    still = seen(12)
    assert after(lambda _: still, int(FROZEN_S), health, 12).reasons == ()
    assert after(lambda _: still, 2, health, 12 + int(FROZEN_S)).reasons == ("frozen",)
    assert after(seen, 1, health, 40).reasons == ()


def test_darkness_is_told_and_no_view_is_judged_in_it() -> None:
    health = after(seen, 12)
    assert after(lambda n: (seen(n) // 12).astype(np.uint8), 30, health, 12).reasons == ("dark",)


def test_a_lens_out_of_focus_is_told() -> None:
    health = after(seen, 12)
    assert after(lambda n: soften(seen(n), 3.0, 3.0), 12, health, 12).reasons == ("blurred",)


def test_a_clock_that_runs_away_is_told() -> None:
    health = Health()
    health.look(seen(0), 0.0, clock_drifts=True)
    assert health.reasons == ("clock",)


def test_a_shift_is_measured_in_shares_of_the_picture() -> None:
    def background(right: int) -> Image:
        return lasting([seen(n, right=right)[::4, ::4] for n in range(9)])

    found = fit(view_of(background(0)), view_of(background(32)))
    assert found is not None
    assert found.moved
    assert (found.right, found.down) == (pytest.approx(-32 / WIDTH, abs=0.01), pytest.approx(0, abs=0.01))


def test_fog_gives_nothing_to_go_by() -> None:
    fog = np.full((90, 160), 180, np.uint8)
    assert fit(view_of(fog), view_of(fog)) is None
