#!/bin/sh
# Makes the secrets that deploy/compose/mlflow.yaml mounts, at random; what is there stays.
#
# Usage: sudo deploy/mlflow/secrets.sh [FOLDER]          else /etc/nextloop/mlflow
#
# Compose mounts files with their owners: 10001 is the server's user, 999 PostgreSQL's.
set -eu
umask 077

folder=${1:-/etc/nextloop/mlflow}
mkdir -p "$folder"
chmod 0755 "$folder"

# make NAME OWNER MODE
make() {
    [ ! -e "$folder/$1" ] || return 0
    head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n' >"$folder/$1.new"
    chown "$2" "$folder/$1.new"
    chmod "$3" "$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
    case $1 in
        admin_password) echo "MLflow's user admin has the password $(cat "$folder/$1")" ;;
    esac
}

make postgres_password 999:999 0400
make database_password 10001:999 0440
make admin_password 10001:10001 0400
make session_key 10001:10001 0400
[ -e "$folder/gcs_key" ] || {
    : >"$folder/gcs_key"
    chown 10001:10001 "$folder/gcs_key"
    chmod 0400 "$folder/gcs_key"
}
