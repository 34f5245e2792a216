# Packages of the distribution, where the machine lacks a command. Sourced, never run.
# shellcheck shell=bash

# as_root COMMAND...: as root, or by sudo where it asks no password
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# apt_get PACKAGE...: install packages; the lists of a new machine are fetched first
apt_get() {
  local quiet=(env DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet)
  if ! command -v apt-get >/dev/null || ! { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
    echo "error: $* must be installed, which needs apt-get and root: sudo apt-get install $*" >&2
    return 1
  fi
  echo "installing $*" >&2
  as_root "${quiet[@]}" install --no-install-recommends "$@" >/dev/null 2>&1 && return 0
  as_root "${quiet[@]}" update >/dev/null && as_root "${quiet[@]}" install --no-install-recommends "$@" >/dev/null && return 0
  echo "error: $* could not be installed: sudo apt-get update && sudo apt-get install $*" >&2
  return 1
}
