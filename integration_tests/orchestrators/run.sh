#!/usr/bin/env bash
# Runs Airflow, Dagster and Prefect for real, with the examples of docs/orchestrators.md, against the Airbyte simulator while a
# relay works on the same connections. Needs Python 3.11 with venv, Go, curl
# and `npm ci`. Arguments go to jest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${PYTHON:-python3.11}

# give_up TEXT…: what is missing is an error, so that nobody takes tests that did not run for tests that passed.
give_up() {
  printf '%s\n' "$@" "0 passed, 1 failed"
  exit 1
}

# python_tools NAME: a virtual environment with exactly the pinned packages, made once.
python_tools() {
  local venv=$PWD/.venv/$1 pins=integration_tests/orchestrators/requirements-$1.txt
  cmp -s "$pins" "$venv/pins.txt" && return
  rm -rf "$venv"
  "$python" -m venv "$venv" && "$venv/bin/python" -m pip install --quiet --no-deps --requirement "$pins" &&
    cp "$pins" "$venv/pins.txt" || give_up "The packages of $pins can't be installed."
}

[[ -x node_modules/.bin/node ]] || give_up "node_modules is missing: run npm ci first."
"$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null ||
  give_up "Python 3.11 with venv is missing (tried: $python)." \
    "Install it (Debian: apt-get install python3.11 python3.11-venv), or name another with PYTHON=…"
command -v go >/dev/null || give_up "Go is missing, which builds actionlint: apt-get install golang, or go.dev."
command -v curl >/dev/null || give_up "curl is missing: an example of the documentation uses it."
# One environment for each: they don't agree on what they need.
python_tools airflow
python_tools dagster
python_tools prefect
npm run --silent jest -- integration_tests/orchestrators --maxWorkers 2 "$@"
