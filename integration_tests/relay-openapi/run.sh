#!/usr/bin/env bash
# Runs schemathesis, which others wrote, against a live relay, with the OpenAPI document that this relay serves: once with
# ids that nobody knows, once with ids that exist. Ends with one line "N passed, N failed" over all test cases; exit status
# 0: none failed, and the relay neither died nor logged a mistake of its own.
# Needs Python 3.10 or later with venv (PYTHON names it) and `npm ci`; takes about a minute.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
here=$PWD
root=$(cd ../.. && pwd)
venv=$root/.venv/openapi
examples=${EXAMPLES:-30} # of each operation, in each phase
seed=${SEED:-1}

# give_up TEXT…: what is missing is an error, so that nobody takes tests that did not run for tests that passed.
give_up() {
  printf '%s\n' "$@" "0 passed, 1 failed"
  exit 1
}

[[ -x $root/node_modules/.bin/node ]] || give_up "Node of this project is missing: run npm ci first."
python=${PYTHON:-$(command -v python3.11 || command -v python3 || true)}
[[ -n $python ]] || give_up "Python is missing: install python3 with its venv module, or name it in PYTHON."
if ! cmp --silent requirements.txt "$venv/installed.txt"; then
  "$python" -m venv --clear "$venv" || give_up "Python's venv module is missing (Debian: apt-get install python3-venv)."
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r requirements.txt ||
    give_up "The packages of requirements.txt can't be installed."
  cp requirements.txt "$venv/installed.txt"
fi

work=$(mktemp -d)
"$root/node_modules/.bin/node" serve.ts >"$work/ready" 2>"$work/faults" &
relay=$!
tidy() {
  kill "$relay" 2>/dev/null && wait "$relay" 2>/dev/null || true
  rm -rf "$work"
}
trap tidy EXIT
for _ in $(seq 300); do
  grep -q RELAY_CONNECTION "$work/ready" && break
  kill -0 "$relay" 2>/dev/null || give_up "The relay did not start:" "$(cat "$work/faults")"
  sleep 0.1
done
set -a
. "$work/ready"
set +a
# schemathesis leaves caches where it is called.
cd "$work"

passed=0 failed=0
for ids in any known; do
  settings=$([[ $ids == any ]] && echo any-id.toml || echo known-ids.toml)
  report=$work/$ids.json
  status=0
  "$venv/bin/schemathesis" --config-file "$here/$settings" run "$RELAY_URL/openapi.json" --max-examples "$examples" \
    --seed "$seed" --generation-database none --request-timeout 30 --no-color --report json --report-json-path "$report" \
    >"$work/$ids.log" 2>&1 || status=$?
  # A run that stopped early, or met an error of its own, counts as a failure.
  read -r p f < <("$venv/bin/python" - "$report" "$status" <<'PYTHON'
import json, sys
try:
    with open(sys.argv[1]) as file:
        report = json.load(file)
    cases, tested = report["test_cases"], report["operations"]
    failed = cases["with_failures"] + cases["errored"] + len(report["errors"])
    whole = report["complete"] and tested["tested"] == tested["total"]
except (OSError, ValueError, KeyError):
    cases, failed, whole = {"generated": 0, "without_checks": 0}, 0, False
if failed == 0 and (not whole or sys.argv[2] != "0"):
    failed = 1
print(max(0, cases["generated"] - cases["without_checks"] - failed), failed)
PYTHON
  )
  echo "$ids ids: $p passed, $f failed"
  if ((f > 0)); then sed 's/^/   | /' "$work/$ids.log"; fi
  passed=$((passed + p)) failed=$((failed + f))
done

kill "$relay" 2>/dev/null || true
if wait "$relay"; then
  echo "the relay behind it: alive to the end, no mistake in its log"
  passed=$((passed + 1))
else
  sed 's/^/   | /' "$work/faults"
  failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
((failed == 0))
