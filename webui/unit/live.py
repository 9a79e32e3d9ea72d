"""Watching: the gate's findings, the live page with its pictures and event stream, pause and stop, the end of the day."""

import base64
import json
from collections.abc import Iterator

from flask import Blueprint, Response, abort, redirect, render_template, request, stream_with_context, url_for
from werkzeug.wrappers import Response as AnyResponse

from mobile_unit.console import Status
from mobile_unit.reasons import PAUSING
from webui.unit.crew import console, crew
from webui.unit.words import raised, time_left

pages = Blueprint("live", __name__)
_TICK_S = 1.0  # a browser that has gone is noticed at the next line written to it
GATE_CHECKS = (
    ("R1", "The roster is signed by the root keys and names everybody here"),
    ("R2", "The authorising officer holds the rank"),
    ("R4", "Applicant, authorising officer and operator are different people"),
    ("R66", "The authority is in the witnessed ledger"),
    ("R1", "Unit, cameras and place are those of the authority"),
    ("R8", "The time lies within the window"),
    ("R20", "The list was compiled in time and the clock was not turned back"),
    ("R31", "The list was sealed for this unit's one-use key and opened"),
    ("R35", "Models and settings are the certified ones"),
    ("R37", "The certificate is in force and allows this threshold"),
    ("R99", "This kind of camera was tested, and the model register lets the pipeline match"),
    ("R83", "Signs are up and were checked"),
    ("R96", "The briefing was acknowledged"),
)


@pages.get("/")
def start() -> AnyResponse:
    """The live page is home."""
    return redirect(url_for("live.page"))


@pages.get("/gate")
def gate() -> str:
    """What was met before matching could start, and what would block outside a demonstration."""
    return render_template("unit/gate.html", title="Gate", checks=GATE_CHECKS)


@pages.get("/live")
def page() -> str:
    """Everything at once. It embeds the ledger position it starts after, so that no event falls between page and stream."""
    waiting = console().open_alerts()
    view = console().show(waiting[0].alert_id, who=crew().operator.person_id, why="adjudication") if waiting else None
    return render_template("unit/live.html", title="Live", view=view, waiting=len(waiting), pausing=PAUSING)


@pages.get("/live/alert")
def alert_panel() -> str:
    """The oldest open alert as a part of the live page."""
    waiting = console().open_alerts()
    view = console().show(waiting[0].alert_id, who=crew().operator.person_id, why="adjudication") if waiting else None
    return render_template("unit/alert_panel.html", view=view, waiting=len(waiting))


@pages.get("/cameras/<string(maxlength=80):camera_id>.jpg")
def picture(camera_id: str) -> Response:
    """The newest picture, everyone pixelated by the engine; `after` waits a moment for a newer one."""
    if camera_id not in console().deployment.camera_ids:
        abort(404)
    after = request.args.get("after", type=int)
    newest = console().picture(camera_id) if after is None else console().wait_picture(camera_id, after_frame=after, timeout_s=_TICK_S)
    if newest is None:
        return Response(status=204)
    return Response(newest.jpeg, mimetype="image/jpeg", headers={"X-Frame": str(newest.frame)})


@pages.get("/mosaic")
def mosaic() -> dict[str, object]:
    """The pictures that are new since position `after`, of all cameras at once: one request at a time serves a whole page."""
    after = request.args.get("after", type=int, default=0)
    position, pictures = console().wait_pictures(after=after, timeout_s=_TICK_S)
    return {"position": position, "pictures": {one: base64.b64encode(picture.jpeg).decode() for one, picture in pictures.items()}}


@pages.post("/cameras/<string(maxlength=80):camera_id>")
def use(camera_id: str) -> AnyResponse:
    """Take one camera out while the others go on, or add it again."""
    if camera_id not in console().deployment.camera_ids:
        abort(404)
    if request.form.get("used") == "no":
        console().remove_camera(camera_id)
    else:
        console().add_camera(camera_id)
    return redirect(url_for("live.page"))


@pages.get("/events")
def events() -> Response:
    """Server-sent events: `status` every second, and each ledger entry by type. A reconnect continues where it broke off."""
    last = request.headers.get("Last-Event-ID", "")
    position = int(last) if last.isascii() and last.isdigit() else request.args.get("after", type=int, default=0)
    stream = Response(stream_with_context(_stream(max(0, position))), mimetype="text/event-stream")
    stream.headers["X-Accel-Buffering"] = "no"
    return stream


@pages.post("/pause")
def pause() -> AnyResponse:
    """Stop matching for now, with a reason."""
    console().pause(who=crew().operator.person_id, reason=request.form.get("reason", ""))
    return redirect(url_for("live.page"))


@pages.post("/resume")
def resume() -> AnyResponse:
    """Go on, with the reason that the pause had."""
    console().resume(who=crew().operator.person_id, reason=request.form.get("reason", ""))
    return redirect(url_for("live.page"))


@pages.post("/stop")
def stop() -> AnyResponse:
    """End matching for good."""
    console().stop(who=crew().operator.person_id)
    return redirect(url_for("live.end"))


@pages.get("/end")
def end() -> str:
    """What is still to decide, and whether the list is destroyed."""
    # The ledger is the unit's: earlier deployments were purged too, and theirs must not pass for this one's.
    purges = [line for line in _all_events() if line[0] == "purge.done"] if console().status().state == "purged" else []
    return render_template(
        "unit/end.html",
        title="End of day",
        purge=purges[-1] if purges else None,
        waiting=console().open_alerts(),
    )


def _all_events() -> list[tuple[str, dict[str, object]]]:
    position, found = 0, list[tuple[str, dict[str, object]]]()
    while lines := console().events_after(position, timeout_s=0):
        found.extend((line.type, line.body) for line in lines)
        position = lines[-1].position + 1
    return found


def _stream(position: int) -> Iterator[str]:
    yield "retry: 1000\n\n"
    while True:
        for line in console().events_after(position, timeout_s=_TICK_S):
            position = line.position + 1
            yield f"id: {position}\nevent: happened\ndata: {json.dumps({'type': line.type})}\n\n"
        yield f"id: {position}\nevent: status\ndata: {json.dumps(_as_json(console().status()))}\n\n"


def _as_json(status: Status) -> dict[str, object]:
    return {
        "state": str(status.state),
        "left": time_left(status),
        "passages": status.counters.passages,
        "alerts": raised(status),
        "open": status.open_alerts,
        "cameras": status.cameras,
        "unwell": status.unwell,
    }
