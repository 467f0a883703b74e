#!/bin/sh
# Makes sure that Prometheus, Alertmanager and node_exporter are here, with promtool and amtool:
# `make up` starts its own, with folders of their own.
#
# Usage: scripts/monitoring.sh
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh

# need COMMAND PACKAGE: the package also starts the system's own service, which nobody here asked for
need() {
    command -v "$1" >/dev/null 2>&1 && return 0
    install_package "$2" || true
    command -v "$1" >/dev/null 2>&1 || fail "$1 is missing" "Install it: $(install_line "$2")"
    service "$2" stop >/dev/null 2>&1 || true
}

# Debian's package of Prometheus carries promtool, and that of Alertmanager amtool.
need promtool prometheus
need prometheus prometheus
need amtool prometheus-alertmanager
need prometheus-alertmanager prometheus-alertmanager
need prometheus-node-exporter prometheus-node-exporter
