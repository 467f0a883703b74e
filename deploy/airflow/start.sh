#!/bin/sh
# Starts one component of Airflow inside its container: start-airflow api-server|scheduler|
# dag-processor|triggerer|worker|migrate, or any command of `airflow`.
#
# In: the files database_password, redis_password, fernet_key, api_secret_key, jwt_secret,
# admin_password and spark_secret in /run/secrets; AIRFLOW_DATABASE and AIRFLOW_REDIS (host:port).
# What is written lies in /tmp, which is to be a tmpfs, and is this user's alone. Passwords stand in
# files that Airflow reads (..._CMD), in no variable and no list of processes.
set -eu
umask 077

secrets=${AIRFLOW_SECRETS:-/run/secrets}
secret() {
    [ -s "$secrets/$1" ] || {
        echo "error: the secret $secrets/$1 is missing or empty" >&2
        echo "  -> Make it: deploy/compose/secrets.sh airflow" >&2
        exit 2
    }
    cat "$secrets/$1"
}

: "${AIRFLOW_DATABASE:?host:port of PostgreSQL}"
: "${AIRFLOW_REDIS:?host:port of Redis}"
own=$AIRFLOW_HOME/own
mkdir -p "$own"

database_password=$(secret database_password)
redis_password=$(secret redis_password)
admin_password=$(secret admin_password)
printf %s "postgresql+psycopg2://airflow:$database_password@$AIRFLOW_DATABASE/airflow" >"$own/database"
printf %s "db+postgresql+psycopg2://airflow:$database_password@$AIRFLOW_DATABASE/airflow" >"$own/results"
printf %s "redis://:$redis_password@$AIRFLOW_REDIS/0" >"$own/broker"
# Airflow opens it for writing, though all of its users are in it.
printf %s "{\"admin\": \"$admin_password\"}" >"$own/passwords.json"
for name in fernet_key api_secret_key jwt_secret; do
    printf %s "$(secret "$name")" >"$own/$name"
done

export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=admin:admin
export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE="$own/passwords.json"
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD="cat $own/database"
export AIRFLOW__CELERY__BROKER_URL_CMD="cat $own/broker"
export AIRFLOW__CELERY__RESULT_BACKEND_CMD="cat $own/results"
export AIRFLOW__CORE__FERNET_KEY_CMD="cat $own/fernet_key"
export AIRFLOW__API__SECRET_KEY_CMD="cat $own/api_secret_key"
export AIRFLOW__API_AUTH__JWT_SECRET_CMD="cat $own/jwt_secret"

PATH=/opt/airflow/bin:$PATH
case ${1-} in
    migrate) exec airflow db migrate ;;
    # Tasks ask Spark for work, so the worker has the cluster's secret at hand.
    worker) exec with-spark airflow celery worker ;;
    *) exec airflow "$@" ;;
esac
