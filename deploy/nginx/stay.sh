#!/bin/sh
# Keeps nginx in its container (deploy/compose/backend.yaml): stay FOLDER
#
# The rollout writes FOLDER/nginx/nginx.conf, and nginx goes into the background by it. So this waits
# for the file, starts nginx, and ends when nginx has: with 0 if nginx was told to, with 1 if it died,
# after which Docker starts it again.
set -eu

folder=$1
conf=$folder/nginx/nginx.conf
pid=$folder/nginx/nginx.pid

trap 'exit 0' TERM INT QUIT
until [ -s "$conf" ]; do
    sleep 0.5
done
rm -f "$pid"
nginx -p "$folder/nginx/" -c "$conf" -e "$folder/nginx/error.log"
# The master writes its number a moment after the command has come back.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -s "$pid" ] && break
    sleep 0.2
done
master=$(cat "$pid")
trap 'kill -QUIT "$master" 2>/dev/null || true' TERM INT QUIT
while kill -0 "$master" 2>/dev/null; do
    sleep 0.5
done
# A master that ends in order takes its file away.
[ ! -e "$pid" ] || {
    echo "nginx died" >&2
    exit 1
}
