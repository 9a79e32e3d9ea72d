"""Where frames come from: video files and the rehearsal camera."""
