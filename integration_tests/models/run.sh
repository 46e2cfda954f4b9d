#!/usr/bin/env bash
# Runs the dbt package `models` on DuckDB and PostgreSQL, on made-up tables and on those that PyAirbyte itself writes, and
# compares every number with a reference that is no SQL. What Snowflake and BigQuery would be sent is parsed. Needs Python 3.11
# with venv, PostgreSQL's server programs and `npm ci`; a few minutes. Arguments go to jest; `--bench` measures instead.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${PYTHON:-python3.11}

# give_up TEXT…: what is missing is an error, so that nobody takes tests that did not run for tests that passed.
give_up() {
  printf '%s\n' "$@" "0 passed, 1 failed"
  exit 1
}

# python_tools NAME REQUIREMENTS: a virtual environment with exactly the pinned packages, made once.
python_tools() {
  local venv=$PWD/.venv/$1 pins=$2
  cmp -s "$pins" "$venv/pins.txt" && return
  rm -rf "$venv"
  "$python" -m venv "$venv" && "$venv/bin/python" -m pip install --quiet --no-deps --requirement "$pins" &&
    cp "$pins" "$venv/pins.txt" || give_up "The packages of $pins can't be installed."
}

[[ -x node_modules/.bin/node ]] || give_up "node_modules is missing: run npm ci first."
"$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null ||
  give_up "Python 3.11 with venv is missing (tried: $python)." \
    "Install it (Debian: apt-get install python3.11 python3.11-venv), or name another with PYTHON=…"
python_tools models integration_tests/models/requirements.txt
[[ ${1:-} != --bench ]] || exec .venv/models/bin/python bench/models/run.py
python_tools other-models integration_tests/models/other-warehouses/requirements.txt
# PyAirbyte is among what the acceptance suite needs.
python_tools acceptance integration_tests/acceptance/python/requirements.txt
npm run --silent build
npm run --silent models:compile -- --check || give_up
npm run --silent jest -- integration_tests/models --maxWorkers 2 "$@"
