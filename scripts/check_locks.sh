#!/bin/sh
# Refuses lock files that name where packages were downloaded from or that lack hashes.
#
# Usage: scripts/check_locks.sh
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh

for lock in requirements/*.txt; do
    if grep -nE '://|^-|@ file' "$lock" >&2; then
        fail "$lock names a host or a path" "Compile it anew: make lock"
    fi
    pins=$(grep -cE '^[a-z0-9.-]+(\[[a-z0-9,-]+\])?==' "$lock")
    hashed=$(grep -A 1 -E '^[a-z0-9.-]+(\[[a-z0-9,-]+\])?==' "$lock" | grep -c -- '--hash=sha256:')
    [ "$pins" -gt 0 ] && [ "$pins" = "$hashed" ] ||
        fail "$lock has $pins pins but $hashed with hashes" "Compile it anew: make lock"
done
