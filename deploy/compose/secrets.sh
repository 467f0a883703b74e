#!/bin/sh
# Makes the secrets that the files of deploy/compose mount, at random and once; what is there stays.
# Also the network that the platforms share, and the folders that they write to.
#
# Usage: sudo deploy/compose/secrets.sh PLATFORM...        airflow spark mlflow backend monitoring
#
# SECRETS_FOLDER names another folder than /etc/nextloop, DATA_FOLDER than /srv/nextloop,
# NEXTLOOP_METRICS_FOLDER than /var/lib/nextloop/textfiles. On several machines copy what is named at
# the end from the first to the others before you run it there.
# Compose mounts files with their owners: 10001 is our images' user, 999 PostgreSQL's and Redis's,
# 65534 Prometheus's and Alertmanager's, 472 Grafana's.
set -eu
umask 077

folder=${SECRETS_FOLDER:-/etc/nextloop}
data=${DATA_FOLDER:-/srv/nextloop}
textfiles=${NEXTLOOP_METRICS_FOLDER:-/var/lib/nextloop/textfiles}

fail() {
    printf 'error: %s\n  -> %s\n' "$1" "$2" >&2
    exit "${3:-2}"
}

random() {
    head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'
}

# place NAME OWNER MODE: standard input becomes the secret, whole or not at all
place() {
    mkdir -p "$(dirname "$folder/$1")"
    chmod 0755 "$folder" "$(dirname "$folder/$1")"
    cat >"$folder/$1.new"
    chown "$2" "$folder/$1.new"
    chmod "$3" "$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
}

# make NAME OWNER MODE [WHAT IT IS FOR, SAID ONCE]
make() {
    [ ! -e "$folder/$1" ] || return 0
    random | place "$1" "$2" "$3"
    [ -z "${4-}" ] || echo "$4 has the password $(cat "$folder/$1")"
}

# share FOLDER OWNER: what containers write to
share() {
    [ -d "$1" ] || install -d -o "${2%:*}" -g "${2#*:}" -m 0755 "$1"
}

# What jobs need: Spark's secret is the same on all of its machines, and so is the guest key.
jobs() {
    make spark/secret 10001:10001 0400
    make guest.key 10001:10001 0400
    make jobs/mlflow_password 10001:10001 0400
    share "$data" 10001:10001
}

airflow() {
    make airflow/database_password 10001:999 0440
    make airflow/redis_password 10001:999 0440
    # Fernet's keys are base64 with its padding.
    [ -e "$folder/airflow/fernet_key" ] ||
        head -c 32 /dev/urandom | base64 | tr '+/' '-_' | place airflow/fernet_key 10001:10001 0400
    make airflow/api_secret_key 10001:10001 0400
    make airflow/jwt_secret 10001:10001 0400
    make airflow/admin_password 10001:10001 0400 "Airflow's user admin"
    jobs
}

spark() {
    jobs
}

mlflow() {
    make mlflow/postgres_password 999:999 0400
    make mlflow/database_password 10001:999 0440
    make mlflow/admin_password 10001:10001 0400 "MLflow's user admin"
    make mlflow/session_key 10001:10001 0400
    make jobs/mlflow_password 10001:10001 0400
    [ -e "$folder/mlflow/gcs_key" ] || : | place mlflow/gcs_key 10001:10001 0400
}

# webhook NAME OWNER: of Slack, which nobody can make up
webhook() {
    [ -s "$folder/$1" ] && return 0
    missing="${missing-} $folder/$1"
    mkdir -p "$(dirname "$folder/$1")"
}

backend() {
    # Of the rollout and of the slots: else Docker makes them root's.
    for written in /var/lib/nextloop/rollout /var/lib/nextloop/models /var/lib/nextloop/events \
        "$folder/keys" "$folder/rules"; do
        share "$written" 10001:10001
    done
    webhook backend/slack_page_url
}

monitoring() {
    make monitoring/grafana_admin_password 472:472 0400 "Grafana's user admin"
    webhook monitoring/slack_page_url
    webhook monitoring/slack_ticket_url
}

[ $# -gt 0 ] || fail "no platform is named" "Usage: secrets.sh airflow spark mlflow backend monitoring"
[ "$(id -u)" = 0 ] || fail "secrets belong to the containers' users" "Run it with sudo." 4
for platform; do
    case $platform in
        airflow | spark | mlflow | backend | monitoring) ;;
        *) fail "there is no platform $platform" "There are airflow, spark, mlflow, backend and monitoring." ;;
    esac
done
for platform; do
    "$platform"
done
share "$textfiles" 10001:10001
docker network inspect nextloop >/dev/null 2>&1 || docker network create nextloop >/dev/null ||
    fail "the network nextloop cannot be made" "Is Docker running? docker network create nextloop" 4
[ -z "${missing-}" ] || fail "nobody but you knows Slack's webhook:$missing" \
    "Put its address into each file, one line, readable for its container, and run this again."
echo "The same on all machines that have them: $folder/guest.key, $folder/spark/secret, $folder/jobs/*" >&2
