#!/usr/bin/env bash
# Builds the program and the connector's image, and runs what others wrote against them: the acceptance tests mirrored in TypeScript,
# the platform's way to run a container, Airbyte's standard tests (FAST), and PyAirbyte into DuckDB.
# Needs a Docker engine and Python 3.11. Ends with one line "N passed, N failed" over all suites.
set -uo pipefail
cd "$(dirname "$0")/../.."
root=$PWD here=$PWD/integration_tests/acceptance
python=${PYTHON:-python3.11}
dev_null=airbyte/destination-dev-null:latest
label=source-dixa.acceptance
passed=0 failed=0

# give_up TEXT…: what is missing is an error, so that nobody takes suites that did not run for suites that passed.
give_up() {
  printf '%s\n' "$@" "0 passed, 1 failed"
  exit 1
}

docker info >/dev/null 2>&1 || give_up "No Docker engine answers (docker info fails)." \
  "Install one (Debian: apt-get install docker.io) and start it, and see that you may use it."
"$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null ||
  give_up "Python 3.11 with venv is missing (tried: $python)." \
    "Install it (Debian: apt-get install python3.11 python3.11-venv), or name another with PYTHON=…"
[[ -x node_modules/.bin/node ]] || give_up "node_modules is missing: run npm ci first."
export PATH=$root/node_modules/.bin:$PATH

work=$(mktemp -d)
had_dev_null=$(docker image inspect "$dev_null" >/dev/null 2>&1 && echo yes)
tidy() {
  docker ps -aq --filter "label=$label" | xargs -r docker rm -f >/dev/null 2>&1
  [[ -n $had_dev_null ]] || docker image rm "$dev_null" >/dev/null 2>&1
  rm -rf "$work"
}
trap tidy EXIT

# count LOG WORD: the sum of "12 WORD" in the closing line of jest or pytest.
count() {
  grep -E '^(Tests: |=*[ ]?[0-9]+ (passed|failed|skipped|error))' "$1" | tail -1 | grep -oE "[0-9]+ $2" | awk '{sum += $1} END {print sum + 0}'
}

# suite NAME COMMAND…: runs a suite and adds its counts. A command without a closing line counts as one test.
suite() {
  local name=$1 log="$work/$1.log" started=$SECONDS ok=0 p f s
  shift
  if "$@" >"$log" 2>&1 </dev/null; then ok=1; fi
  p=$(count "$log" passed) s=$(count "$log" skipped) f=$(($(count "$log" failed) + $(count "$log" error)))
  if ((p + f == 0)); then p=$ok f=$((1 - ok)); fi
  if ((ok == 0 && f == 0)); then f=1; fi
  passed=$((passed + p)) failed=$((failed + f))
  echo "$name: $p passed, $f failed, $s skipped, $((SECONDS - started)) s"
  if ((ok == 0)); then tail -100 "$log" | sed 's/^/   | /'; fi
}

# python_tools: a virtual environment with exactly the pinned packages, made once.
python_tools() {
  local venv=$root/.venv/acceptance pins=$here/python/requirements.txt
  cmp -s "$pins" "$venv/pins.txt" && return
  rm -rf "$venv"
  "$python" -m venv "$venv" && "$venv/bin/python" -m pip install --quiet --no-deps --requirement "$pins" && cp "$pins" "$venv/pins.txt"
}

# tests ARGUMENT…: pytest in a folder of its own, since PyAirbyte leaves caches where it is called. The docker before the
# real one lets containers reach the simulator on this machine's loopback.
tests() {
  cd "$work" &&
    PATH=$here/bin:$PATH PYTHONDONTWRITEBYTECODE=1 AIRBYTE_LOGGING_ROOT=$work/logs \
      "$root/.venv/acceptance/bin/python" -m pytest -p no:cacheprovider -q -rs --rootdir "$here/python" "$@"
}

version=$(node -p 'require("./package.json").version')
export SOURCE_DIXA_IMAGE=source-dixa:$version
suite build npm run build
suite image docker build --network host --tag "$SOURCE_DIXA_IMAGE" .
suite fixtures node "$here/make-fixtures.ts" --check
suite conformance npm run jest -- integration_tests/conformance
suite platform npm run jest -- integration_tests/acceptance
suite python python_tools
suite metadata tests "$here/python/test_metadata.py"
suite fast tests "$here/python/test_standards.py" -p airbyte_cdk.test.standard_tests.pytest_hooks \
  --connector-image "$SOURCE_DIXA_IMAGE" --read-from-streams all
suite dev-null docker build --tag "$dev_null" "$here/dev-null"
suite pyairbyte tests "$here/python/test_pyairbyte.py" "$here/python/test_text.py"

echo "$passed passed, $failed failed"
((failed == 0))
