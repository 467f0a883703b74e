#!/bin/sh
# Compiles the lock files: every package with its version and hashes, for Python 3.11 to 3.13.
#
# Usage: scripts/lock.sh [--upgrade]        without it, pins that still fit stay
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh
uv=$(command -v uv || echo .uv/bin/uv)

# compile NAME ARGUMENT...
compile() {
    name=$1
    shift
    say "requirements/$name.txt"
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-emit-index-url --no-emit-find-links --output-file "requirements/$name.txt" \
        "$@" >/dev/null
}

compile demo --extra sail pyproject.toml "$@"
compile spark --extra spark pyproject.toml "$@"
compile dev --extra spark --group test --group check pyproject.toml "$@"
compile orchestration --project orchestration --group orchestration/pyproject.toml:test \
    orchestration/pyproject.toml "$@"
# As the one before, and what an installation on several machines needs beside.
compile airflow --project orchestration --extra installation \
    --constraint requirements/orchestration.txt orchestration/pyproject.toml "$@"
compile mlflow requirements/mlflow.in "$@"
compile docs requirements/docs.in "$@"
compile build requirements/build.in "$@"
compile uv requirements/uv.in "$@"
scripts/check_locks.sh
