"""A real RTSP server for tests, on GStreamer's gst-rtsp-server: run by the system's Python, not by the project's.

    /usr/bin/python3 tests/rtsp_serve.py PORT PIPELINE

Serves PIPELINE (a gst-launch line with a payloader `pay0`) at rtsp://127.0.0.1:PORT/camera until killed; says `ready` when it does.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402  # versions are chosen before the import

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(sys.argv[2])
factory.set_shared(True)
server.get_mount_points().add_factory("/camera", factory)
if server.attach(None) == 0:
    sys.exit("the port is taken")
print("ready", flush=True)
GLib.MainLoop().run()
