#!/usr/bin/env bash
# Checks the GitHub workflows, which run nowhere but there: their syntax with actionlint, and that they run .ci/run, whose own
# syntax is checked too, build both images, and name no registry. Needs Go, which builds actionlint.
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

# both_images FILE: it names both of the Dockerfile's stages that become images, and arm64.
both_images() { grep -q 'target: connector' "$1" && grep -q 'target: relay' "$1" && grep -q 'linux/arm64' "$1"; }

# no_hosts: whose registries are used is the repository's setting, in the workflows and in the lock file.
no_hosts() {
  ! grep -nE '^ *(registry|registry-url|tags): *[^ $]*\.[a-z]+|https?://' .github/workflows/*.yml && ! grep -n '"resolved"' package-lock.json
}

# documented: CONTRIBUTING.md names every variable and secret that a release reads.
documented() {
  local name
  for name in $(grep -ohE '(vars|secrets)\.[A-Z_]+' .github/workflows/*.yml | cut -d. -f2 | sort -u); do
    [[ $name == GITHUB_TOKEN ]] || grep -q "\`$name\`" CONTRIBUTING.md || { echo "CONTRIBUTING.md doesn't name $name" && return 1; }
  done
}

command -v go >/dev/null || { echo "Go is missing: apt-get install golang, or go.dev" && echo "0 passed, 1 failed" && exit 1; }
check "actionlint" go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.8 -shellcheck= -pyflakes=
check "syntax of .ci/run" bash -n .ci/run
check "ci.yml runs .ci/run" runs_all .github/workflows/ci.yml
check "release.yml runs .ci/run" runs_all .github/workflows/release.yml
check "ci.yml builds the images for arm64" both_images .github/workflows/ci.yml
check "release.yml builds the images for arm64" both_images .github/workflows/release.yml
check "no registry is named" no_hosts
check "what a release reads is documented" documented
check "every step of .ci/run exists" steps_exist
echo "$passed passed, $failed failed"
((failed == 0))
