#!/bin/sh
# nginx as `nextloop rollout` calls it, where nginx is a container: NEXTLOOP_ROLLOUT__NGINX names this.
#
# In: the options that nginx gets, -p FOLDER/nginx/ first; with -t the configuration is checked, else
# nginx is started. Both by the service `nginx` of deploy/compose/backend.yaml.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
[ "${1-}" = -p ] || {
    echo "error: contained.sh is for nextloop rollout: -p FOLDER/nginx/ ..." >&2
    exit 2
}
NEXTLOOP_ROLLOUT__FOLDER=${2%/nginx/}
SLOTS_USER=$(id -u):$(id -g)
export NEXTLOOP_ROLLOUT__FOLDER SLOTS_USER

compose() {
    docker compose --project-name nextloop --file "${NEXTLOOP_ROLLOUT__COMPOSE_FILE:-$root/deploy/compose/backend.yaml}" "$@"
}

case " $* " in
    # In a container of the same image, for it is the one that has to take the configuration.
    *" -t "*) compose run --rm --no-deps --no-TTY --entrypoint nginx nginx "$@" ;;
    # Made anew: a container that waits for Docker's next attempt would come minutes later.
    *) compose up --detach --no-deps --force-recreate --quiet-pull nginx ;;
esac
