#!/bin/sh
# Begins as PostgreSQL's own image does, as far as our files ask it to: POSTGRES_USER,
# POSTGRES_PASSWORD_FILE, POSTGRES_INITDB_ARGS, /docker-entrypoint-initdb.d/*.sh.
set -eu

export PGHOST=/var/run/postgresql
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # shellcheck disable=SC2086 # several arguments in one variable, as there
    initdb --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" --auth-local trust \
        --auth-host scram-sha-256 ${POSTGRES_INITDB_ARGS-}
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl --wait start --options "-c listen_addresses= -c unix_socket_directories=$PGHOST"
    [ "$POSTGRES_USER" = postgres ] || createdb --username "$POSTGRES_USER" "$POSTGRES_USER"
    for script in /docker-entrypoint-initdb.d/*.sh; do
        [ ! -e "$script" ] || sh "$script"
    done
    pg_ctl --wait --mode fast stop
fi
exec postgres -c "listen_addresses=*" -c "unix_socket_directories=$PGHOST"
