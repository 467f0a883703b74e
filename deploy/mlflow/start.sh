#!/bin/sh
# Starts the MLflow server inside its container.
#
# In: the files database_password, admin_password and session_key in /run/secrets, and gcs_key if the
# machine has no Google identity of its own; MLFLOW_DATABASE (host:port), MLFLOW_ARTIFACTS
# (gs://bucket/path), MLFLOW_ALLOWED_HOSTS (host:port, with commas between). What it counts is
# answered on MLFLOW_METRICS_PORT (9105), for Prometheus alone: no password is asked for there.
# What is written lies in /tmp, which is to be a tmpfs, and is this user's alone.
set -eu
umask 077

secrets=${MLFLOW_SECRETS:-/run/secrets}
secret() {
    [ -s "$secrets/$1" ] || {
        echo "error: the secret $secrets/$1 is missing or empty" >&2
        exit 2
    }
    cat "$secrets/$1"
}

: "${MLFLOW_DATABASE:?host:port of PostgreSQL}"
: "${MLFLOW_ARTIFACTS:?gs://bucket/path of the models}"
: "${MLFLOW_ALLOWED_HOSTS:?host:port by which callers name this server}"

database_password=$(secret database_password)
admin_password=$(secret admin_password)
MLFLOW_FLASK_SERVER_SECRET_KEY=$(secret session_key)
own=$(mktemp -d /tmp/mlflow.XXXXXX)

# libpq and MLflow read these; an address or variable would show them in lists of processes.
printf '%s:*:mlflow:%s\n' "$MLFLOW_DATABASE" "$database_password" >"$own/pgpass"
cat >"$own/auth.ini" <<CONF
[mlflow]
default_permission = NO_PERMISSIONS
database_uri = postgresql://mlflow@$MLFLOW_DATABASE/mlflow_auth
admin_username = admin
admin_password = $admin_password
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 60
CONF

export PGPASSFILE="$own/pgpass"
export MLFLOW_AUTH_CONFIG_PATH="$own/auth.ini"
export MLFLOW_FLASK_SERVER_SECRET_KEY
export MLFLOW_BACKEND_STORE_URI="postgresql://mlflow@$MLFLOW_DATABASE/mlflow"
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
export MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false
export MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX='^(models:/m-|mlflow-artifacts:/)'
export MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true
[ ! -s "$secrets/gcs_key" ] || export GOOGLE_APPLICATION_CREDENTIALS="$secrets/gcs_key"

bind=${MLFLOW_BIND:-0.0.0.0}
port=${MLFLOW_BIND_PORT:-5000}
asked=$bind
[ "$bind" != 0.0.0.0 ] || asked=127.0.0.1

cd "$own"
# For Prometheus, beside the server; it answers only while the server does.
python "$(dirname "$0")/metrics.py" --folder "$own/counts" --server "http://$asked:$port" \
    --address "$bind" --port "${MLFLOW_METRICS_PORT:-9105}" &
exec mlflow server --app-name basic-auth --host "$bind" --port "$port" --expose-prometheus "$own/counts" \
    --workers "${MLFLOW_WORKERS:-2}" --allowed-hosts "$MLFLOW_ALLOWED_HOSTS" \
    --serve-artifacts --artifacts-destination "$MLFLOW_ARTIFACTS"
