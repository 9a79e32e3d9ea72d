# Sourced by scripts/prepare.sh: the Python that is used, the lock that keeps two set-ups apart, .venv, and what the locks
# put into it.

# new_enough PYTHON: can it run, and is it 3.11 or later? A name on the PATH may be a stub that cannot run.
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# The first Python that the locks were made for (3.11 to 3.13); failing that, a later one.
find_python() {
  for name in python3 python3.13 python3.12 python3.11 python; do
    if new_enough "$name" && "$name" -c 'import sys; sys.exit(sys.version_info >= (3, 14))'; then
      python=$(command -v "$name")
      return
    fi
  done
  if new_enough python3; then
    python=$(command -v python3)
    return
  fi
  if command -v python3 >/dev/null 2>&1; then
    found="python3 here is $(python3 -c 'import platform; print(platform.python_version())' 2>/dev/null || echo unusable)"
  else
    found="there is no python3 on the PATH"
  fi
  fail "Python 3.11 or later is needed, and $found. Install one (on Debian: apt-get install python3 python3-venv) and run this again."
}

# One set-up at a time in a clone. The lock lives on descriptor 9 and ends with the process that holds it, so none is ever
# stale; Python takes it because not every system has flock(1).
take_lock() {
  mkdir -p "$root/.cache" || fail "Cannot write in $root."
  exec 9>"$root/.cache/set-up.lock"
  "$python" -c '
import fcntl, sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("set-up: another one is at work in this clone; waiting for it", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)
'
}

release_lock() { exec 9>&-; }

check_disk() {
  free_kib=$(df -Pk "$root" | awk 'NR == 2 { print $4 }')
  if [ "$free_kib" -lt 3145728 ]; then
    fail "The first set-up needs 3 GB of disk, and $root has $((free_kib / 1024)) MB free. Make room and run this again."
  fi
}

# in_venv ARGUMENT...: the environment's pip. Temporary files go beside the clone: /tmp is often small, and this place was
# checked for room.
in_venv() {
  mkdir -p "$root/.cache/tmp"
  TMPDIR=$root/.cache/tmp PIP_USER=0 "$root/.venv/bin/python" -m pip --disable-pip-version-check --retries 3 "$@"
}

make_environment() {
  venv=$root/.venv
  # A virtual environment holds absolute paths, so a clone that was moved needs a new one.
  if [ -d "$venv" ] && { [ -e "$venv/unfinished" ] || ! new_enough "$venv/bin/python" ||
    { [ -e "$venv/stamps/environment" ] && ! done_with environment "$root"; }; }; then
    say "set-up: .venv is unfinished, or belongs to another place or Python; making it again"
    find_python
    # Moved in one step and then deleted, so that an interruption leaves no half of it in place.
    mkdir -p "$root/.cache/tmp"
    mv "$venv" "$root/.cache/tmp/venv.$$"
  fi
  rm -rf "$root/.cache/tmp"
  if [ ! -d "$venv" ]; then
    "$python" -c 'import ensurepip, venv; ensurepip.version()' >/dev/null 2>&1 ||
      fail "$python has no venv module. On Debian: apt-get install python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    check_disk
    mkdir "$venv" && : >"$venv/unfinished"
    say "set-up: making .venv (the first set-up takes a few minutes)"
    logged "making .venv" "$python" -m venv "$venv"
    rm "$venv/unfinished"
  fi
  done_with environment "$root" || stamp environment "$root"
}

# locked NAME LOCK...: install these locks with their hashes, unless that is done.
locked() {
  name=$1
  shift
  lock_sum=$(cd_root && checksum "$@")
  done_with "$name" "$lock_sum" && return
  say "set-up: installing $name ($*)"
  : >"$root/.venv/unfinished"
  options=
  for lock in "$@"; do options="$options -r $lock"; done
  # shellcheck disable=SC2086 # lock names hold no spaces
  (cd_root && fetched "installing $name" \
    in_venv install --no-input --no-deps --no-build-isolation --require-hashes $options) || exit 1
  rm "$root/.venv/unfinished"
  stamp "$name" "$lock_sum"
}
