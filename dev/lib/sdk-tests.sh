#!/usr/bin/env bash
# The vendors' own Python clients against the stand-ins. Installs them, once for each list of versions, into .local/.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

require_tools cargo python3
cd "$HUIYIN_ROOT"
list=simulators/tests/sdk/requirements.txt
export HUIYIN_SDKS="${HUIYIN_LOCAL:-$HUIYIN_ROOT/.local}/sdks"
if ! cmp --silent "$list" "$HUIYIN_SDKS/requirements.txt"; then
  rm -rf "$HUIYIN_SDKS"
  python3 -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --root-user-action ignore --no-compile --target "$HUIYIN_SDKS" --requirement "$list"
  cp "$list" "$HUIYIN_SDKS/requirements.txt"
fi
cargo test -p simulators --features simulators/sdk-tests --test sdk "$@"
