#!/usr/bin/env bash
# Chromium for the tests of the pages and for their tour: from the distribution's packages, where the machine has none.
set -euo pipefail
cd "$(dirname "$0")"
. ./apt.sh
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
apt_get chromium fonts-dejavu-core
