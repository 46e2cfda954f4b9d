#!/usr/bin/env bash
# Proves the Airbyte simulator with the Python SDK that Airbyte publishes. Exit status 0: every check passed.
# Needs Python 3.10 or later with venv (PYTHON names it) and `npm ci`; takes some 20 seconds after the first time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=../../../..
venv=${SDK_VENV:-.venv}

if [[ ! -x $root/node_modules/.bin/node ]]; then
  echo "Node of this project is missing: run npm ci first." >&2
  exit 1
fi
python=${PYTHON:-$(command -v python3.11 || command -v python3 || true)}
if [[ -z $python ]]; then
  echo "Python is missing: install python3 with its venv module, or name it in PYTHON." >&2
  exit 1
fi
if ! cmp --silent requirements.txt "$venv/installed.txt"; then
  "$python" -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
  cp requirements.txt "$venv/installed.txt"
fi

ready=$(mktemp)
"$root/node_modules/.bin/node" ../main.ts --json --port 0 --connections 25 --pending 50 --running 400 --stall 200 >"$ready" &
simulator=$!
stop() {
  kill "$simulator" 2>/dev/null || true
  wait "$simulator" 2>/dev/null || true
  rm -f "$ready"
}
trap stop EXIT
for _ in $(seq 100); do
  [[ -s $ready ]] && break
  kill -0 "$simulator" 2>/dev/null || { echo "The simulator did not start." >&2; exit 1; }
  sleep 0.1
done
"$venv/bin/python" flow.py "$(cat "$ready")"
