#!/bin/sh
# Prints the name of a Python image that can be had here, to build the project's images on.
#
# Usage: scripts/python_image.sh IMAGE
# IMAGE itself where it is or can be fetched. Elsewhere a stand-in made of Debian's packages, with
# this machine's certificates: good to prove the Dockerfiles, not to release what is built on it.
set -eu

wanted=$1
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh
stand_in=nextloop-python:stand-in

have() {
    docker image inspect "$1" >/dev/null 2>&1
}

if have "$wanted" || docker pull --quiet "$wanted" >/dev/null 2>&1; then
    echo "$wanted"
    exit 0
fi
if have "$stand_in"; then
    echo "$stand_in"
    exit 0
fi
say "$wanted cannot be fetched here: making a stand-in of Debian's packages"
[ "$(id -u)" = 0 ] || fail "making a stand-in needs root" "Run as root, or let Docker fetch $wanted."
command -v debootstrap >/dev/null 2>&1 || install_package debootstrap ||
    fail "debootstrap is missing" "Install it: $(install_line debootstrap)"

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates \
    bookworm "$made" >"$made.log" 2>&1 || {
    tail -n 3 "$made.log" >&2
    fail "debootstrap failed" "See $made.log."
}
rm -f "$made.log"
cp /etc/ssl/certs/ca-certificates.crt "$made/etc/ssl/certs/ca-certificates.crt"
# As the image on the hub: `python`, and a pip that installs.
ln -sf python3 "$made/usr/bin/python"
rm -f "$made"/usr/lib/python3*/EXTERNALLY-MANAGED "$made"/var/cache/apt/archives/*.deb
tar --directory "$made" --create . | docker import \
    --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' - "$stand_in" >/dev/null
echo "$stand_in"
