#!/bin/sh
# Builds the site of docs/ into site/, or serves it and builds anew what changes.
#
# Usage: scripts/docs.sh [--serve [ADDRESS]]     such as: scripts/docs.sh --serve 127.0.0.1:8001
#
# A broken link, anchor or entry of the navigation fails the build.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh

# Says that MkDocs 2 will be another program; the lock keeps to 1: docs/decisions/0024.
export NO_MKDOCS_2_WARNING=1
case "${1-}" in
    '')
        say "building docs/ into site/"
        .venv-docs/bin/mkdocs build --strict || fail "docs/ does not build" "See above."
        say "open site/index.html, or serve it with search: make docs ARGS=--serve"
        ;;
    --serve) exec .venv-docs/bin/mkdocs serve --strict --dev-addr "${2-127.0.0.1:8001}" ;;
    *) fail "$1 is no option" "Usage: scripts/docs.sh [--serve [ADDRESS]]" ;;
esac
