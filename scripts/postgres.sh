#!/bin/sh
# Makes sure that PostgreSQL is here, and runs a cluster of the project's own with it.
#
# Usage: scripts/postgres.sh                            only look, and install it if it is missing
#        scripts/postgres.sh start FOLDER PORT ROLE DATABASE...
#        scripts/postgres.sh stop FOLDER
#
# FOLDER is made on first use, with ROLE and the DATABASEs that it owns; the role's password is read
# from standard input. The cluster listens on 127.0.0.1 alone, and no other role can log in, the
# superuser included. Nothing of the system's own clusters is touched.
#
# PostgreSQL refuses to run as root: for root it runs as the user that Debian's package makes.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh

owner=postgres

# The newest release that is installed: Debian keeps each in a folder of its own.
find_bin() {
    for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) /usr/bin /usr/local/bin; do
        [ ! -x "$bin/initdb" ] || return 0
    done
    return 1
}

install() {
    find_bin && return 0
    install_package postgresql || true
    find_bin || fail "PostgreSQL is missing" "Install it: $(install_line postgresql)"
    # The package starts a cluster on port 5432, which nobody here asked for.
    service postgresql stop >/dev/null 2>&1 || true
}

# as_owner COMMAND...: runs it as who owns the cluster, in a folder that everybody may enter
as_owner() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && exec setpriv --reuid "$owner" --regid "$owner" --init-groups -- "$@")
    else
        "$@"
    fi
}

# A cluster keeps to the release that made it.
same_release() {
    made=$(as_owner cat "$1/PG_VERSION")
    case $bin in
        /usr/lib/postgresql/*) bin=/usr/lib/postgresql/$made/bin ;;
    esac
    [ -x "$bin/postgres" ] || fail "$1 was made by PostgreSQL $made, which is not here" \
        "Install it: $(install_line "postgresql-$made"), or move the folder away to begin anew."
}

single() {
    as_owner "$bin/postgres" --single -j -D "$1" -c log_checkpoints=off postgres
}

# Made aside and renamed when it is whole, so that a first use that was killed leaves nothing half.
make_cluster() {
    cluster=$1 role=$2
    shift 2
    password=$(cat)
    new=$cluster.new
    rm -rf "$new"
    mkdir -m 0700 "$new"
    [ "$(id -u)" != 0 ] || chown "$owner:" "$new"
    as_owner "$bin/initdb" --pgdata "$new" --auth reject --encoding UTF8 --locale C.UTF-8 \
        --data-checksums >/dev/null
    databases=$(printf '%s,' "$@")
    echo "host ${databases%,} $role 127.0.0.1/32 scram-sha-256" |
        as_owner tee "$new/pg_hba.conf" >/dev/null
    printf "CREATE ROLE %s LOGIN PASSWORD '%s'\n;\n\n" "$role" "$password" | single "$new" >/dev/null
    for database in "$@"; do
        printf 'CREATE DATABASE %s OWNER %s\n;\n\n' "$database" "$role" | single "$new" >/dev/null
    done
    mv "$new" "$cluster"
}

start() {
    cluster=$1 port=$2
    shift 2
    # For root the folder belongs to the other user, who must be able to get there.
    as_owner test -x "$(dirname "$cluster")" ||
        fail "the user $owner may not enter $(dirname "$cluster")" "Name another folder."
    [ -d "$cluster" ] || make_cluster "$cluster" "$@"
    same_release "$cluster"
    as_owner "$bin/pg_ctl" --pgdata "$cluster" --wait --timeout 60 --silent \
        --log "$cluster/postgres.log" \
        --options "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c max_connections=50" \
        start >/dev/null || {
        as_owner tail -n 5 "$cluster/postgres.log" >&2
        fail "PostgreSQL did not start in $cluster" "See what it says above."
    }
}

stop() {
    [ -d "$1" ] || return 0
    same_release "$1"
    as_owner "$bin/pg_ctl" --pgdata "$1" status >/dev/null 2>&1 || return 0
    as_owner "$bin/pg_ctl" --pgdata "$1" --wait --silent --mode fast stop >/dev/null
}

install
case ${1-} in
    '') ;;
    start | stop) "$@" ;;
    *) fail "scripts/postgres.sh has no command $1" "It has start and stop." ;;
esac
