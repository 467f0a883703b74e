#!/bin/sh
# Starts Redis with a password that is in no argument: its configuration comes by a file on a tmpfs.
set -eu
umask 077

{
    echo "bind * -::*"
    echo "dir /data"
    echo "appendonly yes"
    echo "requirepass $(cat /run/secrets/redis_password)"
} >/tmp/redis.conf
exec redis-server /tmp/redis.conf
