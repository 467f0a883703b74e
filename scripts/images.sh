#!/bin/sh
# Builds the images and lets them prove themselves: the whole chain, a healthy API on its lake,
# nobody root in them, and nothing of a checkout's secrets.
#
# Usage: scripts/images.sh        needs Docker: scripts/docker.sh
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh
command -v docker >/dev/null 2>&1 || fail "there is no Docker here" "Run scripts/docker.sh."

# base FILE ARGUMENT: the image that a Dockerfile is built on, or its stand-in
base() {
    scripts/python_image.sh "$(sed -n "s/^ARG $2=//p" "$1")"
}

# build FILE ARGUMENT NAME FLAG...
build() {
    file=$1 argument=$2 name=$3
    shift 3
    say "building $name"
    # The host's network: packages come the way that they come here.
    docker build --quiet --network host --build-arg "$argument=$(base "$file" "$argument")" \
        --file "$file" --tag "$name" "$@" . >/dev/null
}

work=$(mktemp -d)
api=nextloop-api-$$
# shellcheck disable=SC2329 # the trap calls it
clean() {
    # shellcheck disable=SC2086 # several names
    rm -f ${planted-}
    docker rm --force "$api" >/dev/null 2>&1 || true
    # Files in it are the image's user's.
    docker run --rm --user 0:0 --volume "$work:/work" nextloop-jobs rm -rf /work/demo
    rm -rf "$work"
}
trap clean EXIT
chmod 777 "$work"

# What may lie in a checkout and must not get into an image.
marker=planted-$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
for name in .env guest.key nextloop.toml deploy/spark/guest.key src/nextloop/guest.key; do
    [ -e "$name" ] || {
        echo "$marker" >"$name"
        planted="${planted-} $name"
    }
done

build deploy/Dockerfile PYTHON nextloop-jobs --target jobs
build deploy/Dockerfile PYTHON nextloop-api --target api
build deploy/mlflow/Dockerfile PYTHON_IMAGE nextloop-mlflow
build deploy/Dockerfile PYTHON nextloop-spark --target spark --build-arg LOCK=spark
say "building nextloop-airflow"
docker build --quiet --network host --file deploy/airflow/Dockerfile --tag nextloop-airflow . >/dev/null
# shellcheck disable=SC2086 # several names
rm -f ${planted-}
planted=

images="nextloop-jobs nextloop-api nextloop-mlflow nextloop-spark nextloop-airflow"
say "looking for planted secrets in them"
# shellcheck disable=SC2086 # several names
if docker save $images | grep --text --quiet "$marker"; then
    fail "a secret of the checkout got into an image" "Name what an image needs in .dockerignore, file by file."
fi

say "looking who runs in them"
for image in $images; do
    user=$(docker run --rm --network none --entrypoint id "$image" -u)
    [ "$user" = 10001 ] || fail "$image runs as user $user" "Say USER 10001 in its Dockerfile."
done

say "running the whole chain in a container without a network"
docker run --rm --network none --read-only --tmpfs /tmp --tmpfs /home/nextloop:uid=10001 \
    --cap-drop ALL --volume "$work:/work" \
    nextloop-jobs nextloop demo --out /work/demo --hotels 2 --weeks 4 --orders 5000 >/dev/null

say "waiting for a healthy API"
docker run --detach --name "$api" --network none --read-only --tmpfs /tmp --cap-drop ALL \
    --volume "$work:/work:ro" --env NEXTLOOP_PRIVACY__GUEST_KEY_FILE=/work/demo/guest.key \
    nextloop-api nextloop serve --lake /work/demo/lake --port 8000 >/dev/null
for _ in $(seq 60); do
    health=$(docker inspect --format '{{.State.Health.Status}}' "$api")
    [ "$health" = healthy ] && break
    sleep 1
done
[ "$health" = healthy ] || {
    docker logs "$api" >&2
    fail "the API's container is $health" "See its log above."
}
say "the images are good"
