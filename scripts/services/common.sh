# Shared by the service scripts: folders, free ports, processes known by their id. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../apt.sh"

PORSCHE_CACHE="${PORSCHE_CACHE:-$HOME/.cache/porsche}"                                 # jars and venvs, fetched once
PORSCHE_SERVICES="${PORSCHE_SERVICES:-${TMPDIR:-/tmp}/porsche-services-$(id -u)}"      # data, logs, process ids
MAVEN="mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1"

say() { echo "$*" >&2; }
die() { say "error: $*"; exit 1; }

# need COMMAND PACKAGE...: install packages where there is no such command
need() { PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null || apt_get "${@:2}" || die "$1 is not installed"; }
need_java() { need java openjdk-17-jre-headless; need mvn maven; }

# free_ports N: N free TCP ports of the loopback interface, all held open until the last is known
free_ports() {
  python3 - "$1" <<'P'
import socket, sys
socks = [socket.socket() for _ in range(int(sys.argv[1]))]
for sock in socks:
    sock.bind(("127.0.0.1", 0))
print(*(sock.getsockname()[1] for sock in socks))
P
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

alive() { [ -f "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

# stop_pid FILE SECONDS [SIGNAL]: end the process of a pid file, politely first
stop_pid() {
  [ -f "$1" ] || return 0
  local pid; pid=$(cat "$1")
  kill "${3:--TERM}" "$pid" 2>/dev/null || true
  for _ in $(seq $(($2 * 4))); do kill -0 "$pid" 2>/dev/null || break; sleep .25; done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$1"
}

# once FOLDER COMMAND...: fill a cache folder by a command that gets it as its last word; begun anew unless it was finished
once() {
  local folder=$1; shift
  [ -f "$folder/.ready" ] && return 0
  mkdir -p "$(dirname "$folder")"
  (
    flock 9
    [ -f "$folder/.ready" ] && exit 0
    rm -rf "$folder"; mkdir -p "$folder"
    "$@" "$folder"
    touch "$folder/.ready"
  ) 9>"$folder.lock"
}
