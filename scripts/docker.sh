#!/bin/sh
# Makes sure that a Docker engine with Compose 2 answers: installs Debian's and starts it if that
# needs no password.
#
# Usage: scripts/docker.sh              an engine that answers
#        scripts/docker.sh compose      Compose 2 alone, which reads files without an engine
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh

answers() {
    docker info >/dev/null 2>&1
}

# Debian 12 has Compose 1 only; the plugin of Debian 13 runs on it.
compose=docker-compose_2.26.1-4_amd64.deb
compose_sha256=47681197cb2b1ab88206b42a1a92fc75f50d9530a6322d03494a473eed0408ea
have_compose() {
    docker compose version >/dev/null 2>&1 && return 0
    install_package docker-compose-v2 >/dev/null 2>&1 && docker compose version >/dev/null 2>&1 && return 0
    [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || return 1
    say "fetching Docker Compose 2, a package of Debian 13"
    made=$(mktemp -d)
    curl --silent --show-error --fail --location --output "$made/compose.deb" \
        "http://deb.debian.org/debian/pool/main/d/docker-compose/$compose" || return 1
    echo "$compose_sha256  $made/compose.deb" | sha256sum --check --quiet || return 1
    dpkg -x "$made/compose.deb" "$made"
    mkdir -p /usr/local/lib/docker/cli-plugins
    cp "$made/usr/libexec/docker/cli-plugins/docker-compose" /usr/local/lib/docker/cli-plugins/
    rm -rf "$made"
    docker compose version >/dev/null 2>&1
}

answers_whole() {
    have_compose || fail "Docker Compose 2 is missing" "Install it: docs.docker.com/compose/install"
    exit 0
}

if [ "${1-}" = compose ]; then
    command -v docker >/dev/null 2>&1 || install_package docker.io || true
    command -v docker >/dev/null 2>&1 || fail "Docker's command is missing" "Install it: $(install_line docker.io)"
    answers_whole
fi
answers && answers_whole
[ "$(id -u)" = 0 ] || fail "no Docker engine answers" \
    "Start it, or let this user reach it: docker info says what is wrong."
command -v dockerd >/dev/null 2>&1 || install_package docker.io || true
command -v dockerd >/dev/null 2>&1 || fail "Docker's engine is missing" "Install it: $(install_line docker.io)"
command -v iptables >/dev/null 2>&1 || install_package iptables || true

service docker start >/dev/null 2>&1 || true
for _ in $(seq 5); do
    answers && answers_whole
    sleep 1
done
# Where no service manager runs: an engine of our own, until the machine stops.
say "starting Docker's engine, its log is .docker.log"
nohup dockerd >.docker.log 2>&1 </dev/null &
for _ in $(seq 30); do
    answers && answers_whole
    sleep 1
done
tail -n 3 .docker.log >&2
fail "Docker's engine does not start" "It needs root and a kernel that lets it: see .docker.log."
