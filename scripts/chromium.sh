#!/usr/bin/env bash
# Chromium for the tests of the pages and for their tour: from the distribution's packages, where the machine has none.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
wanted="chromium fonts-dejavu-core"
if ! command -v apt-get >/dev/null; then
  echo "The tests of the pages need Chromium: install it (the command is chromium), then try again." >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "The tests of the pages need Chromium, and installing it needs root: sudo apt-get install $wanted" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi
echo "installing $wanted" >&2
# shellcheck disable=SC2086
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $wanted >/dev/null || {
  echo "Chromium could not be installed: sudo apt-get update && sudo apt-get install $wanted" >&2
  exit 1
}
