# Sourced by scripts/demo and scripts/test, which set `root` (the clone's absolute path) first: makes .venv from the locks,
# the page assets, the archive of demonstration photographs and the default model pack. What is done already is skipped.
#
#   prepare            what the product needs
#   prepare checks     that, and what the checks and tests need
#
# A POSIX sh has no local variables, so each function that calls others names its own.
#
# State is kept in .venv/stamps, one file for each step, holding a checksum of what the step was made from. A step that was
# interrupted has no stamp; an interrupted pip leaves .venv/unfinished, and then .venv is made again from nothing, because
# pip takes a half-copied package for an installed one.

. "$root/scripts/telling.sh"
. "$root/scripts/environment.sh"
. "$root/scripts/opencv.sh"

cd_root() { cd "$root" || fail "Cannot open $root."; }

# checksum FILE...: one word for the contents of these files.
checksum() { cat "$@" | cksum | tr ' ' '-'; }

done_with() { [ "$(cat "$root/.venv/stamps/$1" 2>/dev/null)" = "$2" ]; }

stamp() {
  mkdir -p "$root/.venv/stamps"
  printf '%s\n' "$2" >"$root/.venv/stamps/$1"
}

# The project itself, in place: its commands (lfr, lfr-witness, lfr-verify) and the list of what it needs.
install_project() {
  project_sum=$(cd_root && checksum pyproject.toml)
  done_with project "$project_sum" && return
  (cd_root && logged "installing the project" in_venv install --no-input --no-deps --no-build-isolation --editable .) || exit 1
  stamp project "$project_sum"
}

# Node.js 20.19 and npm 8 are the oldest that the style compiler and the lock work with.
find_node() {
  node_dir=
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' >/dev/null 2>&1 &&
    [ "$(npm --version 2>/dev/null | cut -d. -f1)" -ge 8 ] 2>/dev/null && return
  say "set-up: this machine has no Node.js 20.19 with npm; taking one into .venv"
  locked node requirements/node.txt
  node_dir=$root/.venv/bin:
}

build_pages() {
  pages_sum=$(cd_root && checksum .npmrc package.json package-lock.json scripts/build-pages.mjs webui/styles/*)
  made=$root/webui/static/vendor
  done_with pages "$pages_sum" && [ -s "$made/office.css" ] && [ -s "$made/govuk-frontend.min.js" ] && return
  find_node
  say "set-up: building the pages' style (npm ci, npm run build)"
  (
    cd_root
    PATH=$node_dir$PATH
    # HOME may be missing or read-only, so npm's cache is here. Node.js trusts what the system trusts, as pip does.
    # Scripts that packages bring are never run.
    npm_config_cache=$root/.cache/npm NODE_USE_SYSTEM_CA=1
    export PATH npm_config_cache NODE_USE_SYSTEM_CA
    fetched "fetching the page assets" \
      npm ci --ignore-scripts --omit=optional --fetch-retry-mintimeout=2000 --fetch-retry-maxtimeout=10000
    logged "building the pages' style" npm run build
  ) || exit 1
  stamp pages "$pages_sum"
}

# Photographs for the demonstration: the archive is checked against its hash and kept as it is, never installed. (To name
# what it fetched, pip reads the archive's metadata, which is why this comes after the build tools.)
fetch_photos() {
  photos_sum=$(cd_root && checksum requirements/photos.txt)
  done_with photos "$photos_sum" && [ -n "$(ls "$root/.cache/photos" 2>/dev/null)" ] && return
  say "set-up: fetching the demonstration photographs"
  rm -rf "$root/.cache/photos"
  (cd_root && fetched "fetching the demonstration photographs" in_venv download --no-input --no-deps --no-binary :all: \
    --no-build-isolation --require-hashes -r requirements/photos.txt -d .cache/photos) || exit 1
  stamp photos "$photos_sum"
}

# The default models, made from the two locked packages. LFR_HOME is the demonstration's own.
build_pack() {
  # shellcheck disable=SC2046 # these names hold no spaces
  pack_sum=$(cd_root && checksum requirements/runtime.txt $(find lfr_engine/packs -name '*.py' -o -name '*.toml' | sort))
  done_with pack "$pack_sum" && [ -d "$LFR_HOME/packs/open-default" ] && return
  say "set-up: building the model pack open-default"
  logged "building the model pack" "$root/.venv/bin/lfr" models build open-default
  stamp pack "$pack_sum"
}

prepare() {
  umask 022
  unset PYTHONHOME PYTHONPATH
  LFR_HOME=$root/.demo
  export LFR_HOME
  python=$root/.venv/bin/python
  new_enough "$python" || find_python
  take_lock
  make_environment
  locked build-tools requirements/build.txt
  locked runtime requirements/runtime.txt
  install_opencv
  [ "${1:-}" != checks ] || locked checks requirements/dev.txt
  install_project
  refuse_doubles
  build_pages
  fetch_photos
  build_pack
  rm -rf "$root/.cache/tmp"
  release_lock
}
