#!/bin/sh
# Builds both images and lets them prove themselves: the whole chain, then a healthy API on its lake.
#
# Usage: scripts/images.sh        needs Docker
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh
command -v docker >/dev/null 2>&1 || fail "there is no Docker here" "Install Docker's engine."

say "building"
docker build --file deploy/Dockerfile --target jobs --tag nextloop-jobs .
docker build --file deploy/Dockerfile --target api --tag nextloop-api .

work=$(mktemp -d)
name=nextloop-images-$$
# shellcheck disable=SC2329 # the trap calls it
clean() {
    docker rm --force "$name" >/dev/null 2>&1 || true
    # Files in it are the image's user's.
    docker run --rm --user 0:0 --volume "$work:/work" nextloop-jobs rm -rf /work/demo
    rm -rf "$work"
}
trap clean EXIT
chmod 777 "$work"

say "running the whole chain in a container without a network"
docker run --rm --network none --read-only --tmpfs /tmp --tmpfs /home/nextloop:uid=10001 \
    --cap-drop ALL --volume "$work:/work" \
    nextloop-jobs nextloop demo --out /work/demo --hotels 2 --weeks 4 --orders 5000

say "waiting for a healthy API"
docker run --detach --name "$name" --network none --read-only --tmpfs /tmp --cap-drop ALL \
    --volume "$work:/work:ro" --env NEXTLOOP_PRIVACY__GUEST_KEY_FILE=/work/demo/guest.key \
    nextloop-api nextloop serve --lake /work/demo/lake --port 8000
for _ in $(seq 60); do
    health=$(docker inspect --format '{{.State.Health.Status}}' "$name")
    [ "$health" = healthy ] && exit 0
    sleep 1
done
docker logs "$name" >&2
fail "the API's container is $health" "See its log above."
