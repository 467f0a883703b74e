#!/bin/sh
# Prints the name of an image that can be had here: the wanted one, or a stand-in of Debian's packages.
#
# Usage: scripts/stand_in.sh postgres|nginx|redis IMAGE
# A stand-in proves the files of deploy/compose, not what they run in production.
set -eu

name=$1
wanted=$2
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh

if docker image inspect "$wanted" >/dev/null 2>&1 || docker pull --quiet "$wanted" >/dev/null 2>&1; then
    echo "$wanted"
    exit 0
fi
base=$(scripts/python_image.sh "$(sed -n 's/^ARG PYTHON=//p' deploy/Dockerfile)")
say "$wanted cannot be fetched here: building nextloop-$name:stand-in"
docker build --quiet --network host --build-arg "BASE=$base" --target "$name" \
    --tag "nextloop-$name:stand-in" tests/deploy/stand_ins >/dev/null
echo "nextloop-$name:stand-in"
