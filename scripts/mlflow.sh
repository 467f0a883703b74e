#!/bin/sh
# Starts the MLflow server here (loopback only) on a PostgreSQL cluster of the project's own.
#
# Usage: scripts/mlflow.sh [--port PORT] [--database-port PORT] [--metrics-port PORT] [--folder FOLDER]
#
# FOLDER (else .mlflow/) keeps the cluster, the artifacts and the passwords, which are made at random
# on first use and are this user's alone. Ctrl-C stops all of it; starting again finds it as it was.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/say.sh"

bin=$root/.venv-mlflow/bin
port=5000
database_port=5433
metrics_port=9105
folder=$root/.mlflow
wait_seconds=120
usage="Usage: make mlflow ARGS='--port 5001 --database-port 5434 --folder FOLDER'"
while [ $# -gt 0 ]; do
    [ $# -gt 1 ] || fail "$1 needs a value" "$usage"
    case $1 in
        --port) port=$2 ;;
        --database-port) database_port=$2 ;;
        --metrics-port) metrics_port=$2 ;;
        --folder) folder=$2 ;;
        *) fail "scripts/mlflow.sh has no option $1" "$usage" ;;
    esac
    shift 2
done

umask 077

check_port() {
    case $1 in
        '' | *[!0-9]*) fail "the port is '$1', not a number" "$usage" ;;
    esac
    "$bin/python" - "$1" <<'PYTHON' || fail "port $1 is taken" "Stop what listens there, or choose another. $usage"
import socket, sys
found = socket.socket()
found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    found.bind(("127.0.0.1", int(sys.argv[1])))
except (OSError, OverflowError):
    sys.exit(1)
PYTHON
}

# PostgreSQL runs as another user for root, who must be able to get through to the cluster's folder;
# what else lies here is closed file by file.
make_folder() {
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    cluster=$folder/postgres
    if [ "$(id -u)" = 0 ]; then
        chmod 0711 "$folder"
        setpriv --reuid nobody --clear-groups test -x "$folder" ||
            cluster=/var/lib/postgresql/nextloop-$(printf %s "$folder" | cksum | cut -d ' ' -f 1)
    else
        chmod 0700 "$folder"
    fi
    exec 9>"$folder/lock"
    flock --nonblock 9 || fail "another MLflow server runs in $folder" "Stop it, or name another folder. $usage"
}

# secret NAME: 256 random bits, made once
secret() {
    [ -s "$folder/$1" ] || {
        "$bin/python" -c 'import secrets; print(secrets.token_urlsafe(32))' >"$folder/$1.new"
        mv "$folder/$1.new" "$folder/$1"
    }
    cat "$folder/$1"
}

start_database() {
    database=postgresql://mlflow@127.0.0.1:$database_port
    stop_database # one that a killed server left
    check_port "$database_port"
    secret database.password >/dev/null
    # Taken from a file by libpq: in an address it would be seen in the list of processes.
    printf '127.0.0.1:%s:*:mlflow:%s\n' "$database_port" "$(secret database.password)" >"$folder/pgpass"
    "$root/scripts/postgres.sh" start "$cluster" "$database_port" mlflow mlflow mlflow_auth \
        <"$folder/database.password" 9>&-
}

stop_database() {
    "$root/scripts/postgres.sh" stop "$cluster" 9>&-
}

configure() {
    known=no
    [ ! -s "$folder/admin.password" ] || known=yes
    # Whoever is not named as a thing's owner sees nothing of it. Checking a password is slow by
    # design, so a right one is remembered for a minute.
    cat >"$folder/auth.ini" <<CONF
[mlflow]
default_permission = NO_PERMISSIONS
database_uri = $database/mlflow_auth
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 60
CONF
    export PGPASSFILE="$folder/pgpass"
    export MLFLOW_BACKEND_STORE_URI="$database/mlflow"
    export MLFLOW_AUTH_CONFIG_PATH="$folder/auth.ini"
    MLFLOW_AUTH_ADMIN_PASSWORD=$(secret admin.password)
    MLFLOW_FLASK_SERVER_SECRET_KEY=$(secret session.key)
    export MLFLOW_AUTH_ADMIN_PASSWORD MLFLOW_FLASK_SERVER_SECRET_KEY
    export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
    export MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false
    # A version is made of what was logged here, never of a path or address that a caller names.
    export MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX='^(models:/m-|mlflow-artifacts:/)'
    export MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true
    secret client.password >/dev/null
    mkdir -p "$folder/artifacts"
    rm -rf "$folder/counts" # what the processes of the server before counted
    log=$folder/server.log
    url=http://127.0.0.1:$port
}

# ask PATH [BODY]: a request as admin; says 0 if the answer is one that was to be had
ask() {
    "$bin/python" - "$url$1" "$folder/admin.password" "${2-}" <<'PYTHON'
import base64, sys, urllib.error, urllib.request
url, password, body = sys.argv[1], open(sys.argv[2]).read().strip(), sys.argv[3]
headers = {"Authorization": "Basic " + base64.b64encode(f"admin:{password}".encode()).decode(),
           "Content-Type": "application/json"}
if body.startswith("@"):
    import json
    name, file = body[1:].split("=", 1)
    body = json.dumps({"username": name, "password": open(file).read().strip()})
request = urllib.request.Request(url, body.encode() or None, headers)
try:
    urllib.request.urlopen(request, timeout=30).close()
except urllib.error.HTTPError as refused:
    sys.exit(b"RESOURCE_ALREADY_EXISTS" not in refused.read())
except OSError:
    sys.exit(1)
PYTHON
}

await_healthy() {
    started=$(date +%s)
    until ask /health; do
        sleep 0.5
        kill -0 "$server" 2>/dev/null || give_up "the MLflow server ended"
        [ $(($(date +%s) - started)) -lt $wait_seconds ] ||
            give_up "the MLflow server is not healthy after $wait_seconds s"
    done
}

# What nextloop signs in with: it sees what it made itself, and is no admin.
make_client() {
    ask /api/2.0/mlflow/users/create "@nextloop=$folder/client.password" ||
        give_up "the user nextloop could not be made"
}

give_up() {
    tail -n 20 "$log" >&2
    stop
    fail "$1" "See $log"
}

# The server's workers are in its process group.
stop() {
    trap '' INT TERM
    [ -z "${metrics-}" ] || kill "$metrics" 2>/dev/null || true
    [ -z "${server-}" ] || {
        kill -s TERM -- "-$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    }
    stop_database
}

tell() {
    shown=$(cat "$folder/admin.password")
    # A stack's output is a log: its own table says the password.
    { [ $known = no ] && [ -z "${STACK_PART-}" ]; } || shown="in $folder/admin.password"
    cat <<TEXT
MLflow is ready: $url
  user admin, password $shown
  what it counts, for Prometheus: http://127.0.0.1:$metrics_port/metrics
  PostgreSQL on port $database_port in $cluster, artifacts in $folder/artifacts
For nextloop, in another terminal:
  export NEXTLOOP_MLFLOW__TRACKING_URI=$url
  export NEXTLOOP_MLFLOW__USERNAME=nextloop NEXTLOOP_MLFLOW__PASSWORD_FILE=$folder/client.password
Log: $log. Ctrl-C stops all.
TEXT
}

check_port "$port"
check_port "$metrics_port"
make_folder
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM
start_database
configure
say "starting MLflow on port $port"
# A group of its own, and not deaf to SIGINT as a shell starts what is in the background. The
# working folder is ours: MLflow looks for databases where it stands.
(cd "$folder" && exec "$bin/python" -c 'import os, signal, sys
os.setsid()
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$bin/mlflow" server --app-name basic-auth --workers 1 \
    --host 127.0.0.1 --port "$port" --allowed-hosts "127.0.0.1:$port,localhost:$port" \
    --serve-artifacts --artifacts-destination "$folder/artifacts" \
    --expose-prometheus "$folder/counts") \
    >"$log" 2>&1 </dev/null 9>&- &
server=$!
"$bin/python" "$root/deploy/mlflow/metrics.py" --folder "$folder/counts" --server "$url" \
    --port "$metrics_port" >"$folder/metrics.log" 2>&1 </dev/null 9>&- &
metrics=$!
await_healthy
make_client
tell
wait "$server" || true
kill "$metrics" 2>/dev/null || true
stop_database
fail "the MLflow server ended" "See $log"
