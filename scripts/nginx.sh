#!/bin/sh
# Makes sure that nginx is here: `nextloop rollout` starts its own, with a folder of its own.
#
# Usage: scripts/nginx.sh
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh

# /usr/sbin is on root's PATH only.
find_nginx() {
    PATH=$PATH:/usr/sbin command -v nginx >/dev/null 2>&1
}

find_nginx && exit 0
install_package nginx-light || true
if find_nginx; then
    # The package starts the system's own on port 80, which nobody here asked for.
    service nginx stop >/dev/null 2>&1 || true
    exit 0
fi
fail "nginx is missing" "Install it: $(install_line nginx-light)"
