#!/bin/sh
# Says which parts of the project two commits differ in, as GitHub's workflows take it.
#
# Usage: scripts/changed.sh BASE HEAD
# Prints PART=true or PART=false a line. A base that is not known here (a new branch) changes all.
set -eu

base=$1
head=$2
cd "$(dirname "$0")/.."
git cat-file -e "$base^{commit}" 2>/dev/null || base=

# changed PATH...: an error of git counts as a change
changed() {
    [ -z "$base" ] || ! git diff --quiet "$base" "$head" -- "$@" 2>/dev/null
}

# part NAME PATH...: targets, scripts and workflows are every part's
part() {
    name=$1
    shift
    if changed Makefile scripts .github "$@"; then
        echo "$name=true"
    else
        echo "$name=false"
    fi
}

# What the API's process imports is held against this by tests/architecture/test_changed.py.
part api src/nextloop/cli src/nextloop/errors.py src/nextloop/__init__.py src/nextloop/privacy.py \
    src/nextloop/events src/nextloop/headers.py src/nextloop/locks.py src/nextloop/processes.py \
    src/nextloop/recommender src/nextloop/registry src/nextloop/rollout src/nextloop/serving \
    src/nextloop/settings src/nextloop/storage src/nextloop/tables src/nextloop/telemetry deploy \
    pyproject.toml requirements/demo.txt requirements/build.txt requirements/uv.txt
# The locks of both projects are tested with the first one.
part jobs src tests pyproject.toml requirements orchestration/pyproject.toml benchmarks docs \
    README.md README.ko.md deploy mkdocs.yml
part rollout src/nextloop/rollout src/nextloop/serving src/nextloop/registry src/nextloop/cli \
    src/nextloop/settings src/nextloop/errors.py src/nextloop/headers.py src/nextloop/locks.py \
    src/nextloop/processes.py deploy tests/rollout tests/serving/conftest.py tests/conftest.py \
    pyproject.toml requirements/dev.txt
part orchestration orchestration src requirements pyproject.toml
part mlflow src/nextloop/registry src/nextloop/recommender src/nextloop/jobs src/nextloop/settings \
    src/nextloop/cli src/nextloop/errors.py src/nextloop/locks.py tests/registry tests/jobs \
    tests/conftest.py tests/gcs requirements/mlflow.txt requirements/dev.txt deploy/mlflow pyproject.toml
part monitoring src/nextloop/telemetry src/nextloop/jobs src/nextloop/stack deploy/monitoring \
    tests/monitoring tests/alerting tests/stack docs/metrics.md docs/runbooks requirements/dev.txt \
    pyproject.toml
part images deploy/Dockerfile deploy/alive.py deploy/airflow deploy/compose deploy/mlflow deploy/nginx \
    deploy/spark tests/deploy requirements/airflow.txt requirements/mlflow.txt requirements/spark.txt .dockerignore requirements/demo.txt \
    requirements/build.txt requirements/uv.txt pyproject.toml
