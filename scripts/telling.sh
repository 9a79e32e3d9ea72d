# Sourced by scripts/prepare.sh: what set-up says, above all when it must stop. One line wherever the cause is plain.

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "set-up: $*"
  exit 1
}

# logged WHAT COMMAND...: run quietly; a failure is told in one line where its cause is plain, else by how the output ends.
logged() {
  what=$1
  shift
  "$@" >"$root/.cache/set-up.log" 2>&1 || {
    tell_full_disk
    tell_end_of_log
  }
}

# fetched WHAT COMMAND...: the same for a command that downloads.
fetched() {
  what=$1
  shift
  "$@" >"$root/.cache/set-up.log" 2>&1 || {
    tell_full_disk
    tell_network
    tell_end_of_log
  }
}

log_says() { grep -qiE "$1" "$root/.cache/set-up.log"; }

tell_full_disk() {
  ! log_says 'no space left|ENOSPC' || fail "The disk is full while $what. Make room and run this again; it starts where it must."
}

# pip fetches everything before it installs anything, so after these failures the environment is as it was.
tell_network() {
  ! log_says 'do not match the hashes|EINTEGRITY' || {
    rm -f "$root/.venv/unfinished"
    fail "What came over the network while $what is not what the locks name, so it was not installed. Details: .cache/set-up.log"
  }
  no_answer='NewConnectionError|failed to establish|name resolution|name or service not known|ConnectTimeout|ReadTimeout|read timed out'
  no_answer="$no_answer|max retries|ProxyError|connection (refused|reset|broken|aborted)|network is unreachable"
  no_answer="$no_answer|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET"
  ! log_says "$no_answer" || {
    rm -f "$root/.venv/unfinished"
    fail "No answer from the network while $what. The first set-up downloads its packages: connect this machine and run this again."
  }
}

tell_end_of_log() {
  tail -n 15 "$root/.cache/set-up.log" >&2
  fail "Something failed while $what; the lines above are the end of .cache/set-up.log."
}
