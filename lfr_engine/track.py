"""Follows faces from detection to detection by place, size and motion alone: never by what a face looks like.

Constant velocity with a fixed gain (the steady state of a Kalman filter), assignment by the least total distance, in the
order of ByteTrack (Zhang et al. 2022): established tracks choose first among sure detections, then new tracks, and weak
detections may only continue a track. How a newcomer moves is measured on the next frame where there is one (`lfr_engine.probe`).
A lost track is forgotten after `lost_after_s`, or at once where its motion has carried it out of the picture, so that whoever
enters there is not taken for it; somebody who comes back is a new passage.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lfr_engine.values import Face

_FORBIDDEN = 1e6


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """Distances are in face sizes (the longer side of the box), speeds in face sizes per second. Set on rehearsal clips of the
    choosing half and the crowd clip by passages counted, split and exchanged (docs/performance.md)."""

    sure_score: float = 0.5
    lost_after_s: float = 1.6  # of 0.8, 1.2, 1.6 and 2.2 the one with fewest passages split or exchanged behind others
    slack: float = 0.5  # how far from its predicted place a face may be found
    drift_per_s: float = 1.2  # added for every second since an established track was seen
    drift_of_new_per_s: float = 2.0  # the same for a newcomer whose motion was measured once
    fastest_per_s: float = 10.0  # and where it was not: a walker crosses the picture at about nine face widths a second
    largest_growth: float = 1.6  # between two detections
    gain: float = 0.6  # share of the prediction error that goes into the velocity


@dataclass(slots=True, eq=False)
class Track:
    """One passage: where the face was last seen, how it moves, and since when it is followed."""

    number: int
    first_frame: int
    last_frame: int
    seen_s: float
    face: Face
    hits: int = 1
    velocity_px_s: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    measured: bool = False

    def carried(self, velocity_px_s: NDArray[np.float64]) -> None:
        """How a newcomer moves is known before it was found a second time."""
        self.velocity_px_s, self.measured = velocity_px_s, True

    def offset_px(self, stream_s: float) -> NDArray[np.float64]:
        """How far the face is expected to have moved since it was seen."""
        return self.velocity_px_s * (stream_s - self.seen_s)

    def box_at(self, stream_s: float) -> tuple[int, int, int, int]:
        """The box where the face is expected, in whole source pixels."""
        x, y = self.offset_px(stream_s)
        return box_of(self.face, float(x), float(y))


def box_of(face: Face, x_px: float = 0.0, y_px: float = 0.0) -> tuple[int, int, int, int]:
    """A face's box in whole source pixels, moved by so much."""
    x0, y0, x1, y1 = (float(edge) for edge in face.bbox_xyxy_px)
    return round(x0 + x_px), round(y0 + y_px), round(x1 + x_px), round(y1 + y_px)


def _centre(face: Face) -> NDArray[np.float64]:
    return np.asarray((face.bbox_xyxy_px[:2].astype(np.float64) + face.bbox_xyxy_px[2:]) / 2)


@dataclass(frozen=True, slots=True)
class TrackUpdate:
    """After one detection: every track that was seen now, every track that is over, and weak detections that belong to none."""

    seen: tuple[Track, ...]
    ended: tuple[Track, ...]
    stray: tuple[Face, ...]


class Tracker:
    """The tracks of one camera."""

    def __init__(self, settings: TrackSettings) -> None:
        self._settings = settings
        self._next = 1
        self.tracks: list[Track] = []

    def update(self, faces: Sequence[Face], frame: int, stream_s: float, size_px: tuple[int, int]) -> TrackUpdate:
        """Take the faces detected in a frame of `size_px` (width, height); times must not go back."""
        gone = [track for track in self.tracks if self._left(track, stream_s, size_px)]
        self.tracks = [track for track in self.tracks if track not in gone]
        sure = [face for face in faces if face.score >= self._settings.sure_score]
        weak = [face for face in faces if face.score < self._settings.sure_score]
        seen: list[Track] = []
        waiting = [track for track in self.tracks if track.hits > 1]
        newborn = [track for track in self.tracks if track.hits == 1]
        waiting, sure = self._assign(waiting, sure, frame, stream_s, seen)
        newborn, sure = self._assign(newborn, sure, frame, stream_s, seen)
        _, stray = self._assign(waiting, weak, frame, stream_s, seen)
        for face in sure:
            track = Track(self._next, frame, frame, stream_s, face)
            self._next += 1
            self.tracks.append(track)
            seen.append(track)
        lost = [track for track in self.tracks if stream_s - track.seen_s > self._settings.lost_after_s]
        self.tracks = [track for track in self.tracks if track not in lost]
        return TrackUpdate(tuple(seen), (*gone, *lost), tuple(stray))

    def _left(self, track: Track, stream_s: float, size_px: tuple[int, int]) -> bool:
        """Whether an established track is expected outside the picture by now."""
        x, y = _centre(track.face) + track.offset_px(stream_s)
        return track.hits > 1 and not (0 <= x < size_px[0] and 0 <= y < size_px[1])

    def _assign(
        self, tracks: list[Track], faces: list[Face], frame: int, stream_s: float, seen: list[Track]
    ) -> tuple[list[Track], list[Face]]:
        """Continue tracks with faces; what is left of both."""
        if not tracks or not faces:
            return tracks, faces
        costs = np.array([[self._cost(track, face, stream_s) for face in faces] for track in tracks])
        from scipy.optimize import linear_sum_assignment  # a fifth of the time any command takes to start, needed only here

        rows, columns = linear_sum_assignment(costs)
        taken_tracks, taken_faces = set(), set()
        for row, column in zip(rows, columns, strict=True):
            if costs[row, column] < _FORBIDDEN:
                self._continue(tracks[row], faces[column], frame, stream_s)
                seen.append(tracks[row])
                taken_tracks.add(int(row))
                taken_faces.add(int(column))
        left_tracks = [track for place, track in enumerate(tracks) if place not in taken_tracks]
        return left_tracks, [face for place, face in enumerate(faces) if place not in taken_faces]

    def _cost(self, track: Track, face: Face, stream_s: float) -> float:
        settings, size = self._settings, max(track.face.size_px, 1.0)
        growth = max(face.size_px, 1.0) / size
        if not 1 / settings.largest_growth <= growth <= settings.largest_growth:
            return _FORBIDDEN
        distance = float(np.linalg.norm(_centre(face) - _centre(track.face) - track.offset_px(stream_s))) / size
        waited_s = stream_s - track.seen_s
        reach = settings.slack + waited_s * self._drift(track)
        return distance + abs(float(np.log(growth))) if distance <= reach else _FORBIDDEN

    def _drift(self, track: Track) -> float:
        settings = self._settings
        if track.hits > 1:
            return settings.drift_per_s
        return settings.drift_of_new_per_s if track.measured else settings.fastest_per_s

    def _continue(self, track: Track, face: Face, frame: int, stream_s: float) -> None:
        waited_s = max(stream_s - track.seen_s, 1e-3)
        moved = _centre(face) - _centre(track.face)
        if track.hits == 1:
            track.velocity_px_s = moved / waited_s
        else:
            track.velocity_px_s = track.velocity_px_s + self._settings.gain * (moved / waited_s - track.velocity_px_s)
        track.face, track.seen_s, track.last_frame = face, stream_s, frame
        track.hits += 1
