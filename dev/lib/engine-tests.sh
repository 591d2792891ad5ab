#!/usr/bin/env bash
# Tests of dev/clickhouse/, with the engine that `dev/stack up` fetched. Nothing to test where a real server serves.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

if command -v clickhouse >/dev/null; then
  echo "a clickhouse server is on the PATH: the embedded engine is not used here"
  exit 0
fi
require_tools python3
packages="${HUIYIN_LOCAL:-$HUIYIN_ROOT/.local}/clickhouse/python"
if [[ ! -d $packages ]]; then
  echo "the engine is not fetched yet: run dev/stack up first" >&2
  exit 1
fi
PYTHONPATH=$packages exec python3 -B -m unittest discover --start-directory "$HUIYIN_ROOT/dev/clickhouse"
