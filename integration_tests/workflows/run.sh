#!/usr/bin/env bash
# Checks the GitHub workflows, which run nowhere but there: their syntax with actionlint, and that they run .ci/run, whose own
# syntax is checked too. Needs Go, which builds actionlint.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
passed=0 failed=0

# check NAME COMMAND…: one test.
check() {
  local name=$1
  shift
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAILED: $name"; fi
}

# runs_all FILE: a step of it runs every suite.
runs_all() { grep -qE '^ +run: .* \.ci/run$' "$1"; }

# steps_exist: whatever .ci/run has npm run is a script of package.json.
steps_exist() {
  local name
  for name in $(grep -oE 'npm run [a-z:-]+' .ci/run | cut -d' ' -f3); do
    grep -q "^    \"$name\":" package.json || { echo "no script $name" && return 1; }
  done
}

command -v go >/dev/null || { echo "Go is missing: apt-get install golang, or go.dev" && echo "0 passed, 1 failed" && exit 1; }
check "actionlint" go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.8 -shellcheck= -pyflakes=
check "syntax of .ci/run" bash -n .ci/run
check "ci.yml runs .ci/run" runs_all .github/workflows/ci.yml
check "release.yml runs .ci/run" runs_all .github/workflows/release.yml
check "every step of .ci/run exists" steps_exist
echo "$passed passed, $failed failed"
((failed == 0))
