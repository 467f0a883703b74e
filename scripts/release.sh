#!/bin/sh
# Gives the checkout's commit a folder and an environment of its own, and lets it answer callers.
#
# Usage: scripts/release.sh FOLDER [OPTION...]      options are those of `nextloop rollout deploy`
# Such as: scripts/release.sh /srv/nextloop --lake /srv/nextloop/lake
#
# FOLDER/COMMIT is made once: a slot goes on by it while the next release is made elsewhere.
# FOLDER/current is the newest one that answered. Exit codes are those of the deploy.
set -eu

releases=$1
shift
cd "$(dirname "$0")/.."
. scripts/say.sh

commit=$(git rev-parse --verify HEAD)
made=$releases/$commit
if [ ! -f "$made/.venv/.ready" ]; then
    say "making $made"
    mkdir -p "$made"
    git archive "$commit" | tar -x -C "$made"
    make --no-print-directory -C "$made" .venv/.ready >&2
fi
"$made/.venv/bin/nextloop" rollout deploy --code "$made" "$@"
ln -sfn "$commit" "$releases/current"
