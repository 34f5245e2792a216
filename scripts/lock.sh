#!/usr/bin/env bash
# Pins every requirement with hashes. Versions already pinned stay unless the call asks otherwise:
#     scripts/lock.sh                      after a change of requirements/*.in
#     scripts/lock.sh --upgrade            everything
#     scripts/lock.sh --upgrade-package X  one of them
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {  # compile NAME [ARGUMENT]...
  local name=$1
  shift
  .venv/bin/uv pip compile "requirements/$name.in" --output-file "requirements/$name.txt" --quiet \
    --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
    --custom-compile-command scripts/lock.sh "$@"
}

compile runtime "$@"
compile dev --constraint requirements/runtime.txt "$@"
compile bootstrap --constraint requirements/dev.txt "$@"
