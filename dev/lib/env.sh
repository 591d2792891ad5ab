# Sourced by the scripts of dev/: the repository's root, cargo's features for this machine, and a check of tools.

HUIYIN_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export HUIYIN_ROOT

# For builds that select the package `huiyin`, and for those of `dev` alone: without its headers OpenSSL is built from
# source.
if [[ -n ${OPENSSL_DIR:-} ]] || pkg-config --exists openssl 2>/dev/null; then
  HUIYIN_CARGO_FEATURES="" HUIYIN_DEV_FEATURES=""
else
  HUIYIN_CARGO_FEATURES="--features huiyin/vendored-openssl" HUIYIN_DEV_FEATURES="--features dev/vendored-openssl"
fi
export HUIYIN_CARGO_FEATURES HUIYIN_DEV_FEATURES

# For builds of the whole workspace with the tests that need the stack. `pipeline/bench` is named so that a build of some
# packages finds what one of all packages has built.
HUIYIN_TEST_FEATURES="$HUIYIN_CARGO_FEATURES --features pipeline/broker-tests,ingest/broker-tests,account/broker-tests,huiyin/broker-tests,pipeline/bench"
export HUIYIN_TEST_FEATURES

# Ends the script with one line that names every tool of "$@" that is not on the PATH.
require_tools() {
  local tool missing=()
  for tool in "$@"; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  if ((${#missing[@]})); then
    echo "missing on the PATH: ${missing[*]} (needed: cargo; java 17 or newer and mvn for Kafka; python3 with pip for ClickHouse)" >&2
    exit 1
  fi
}

# The tools that `dev/stack up` uses: fewer when a broker, its jars or a ClickHouse server are there already.
require_stack_tools() {
  local tools=(cargo)
  if [[ -z ${HUIYIN_KAFKA_BOOTSTRAP:-} ]]; then
    tools+=(java)
    [[ -n ${KAFKA_HOME:-} ]] || tools+=(mvn)
  fi
  command -v clickhouse >/dev/null || tools+=(python3)
  require_tools "${tools[@]}"
}
