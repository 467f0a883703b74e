#!/bin/sh
# Starts Airflow here (standalone, SQLite, loopback only) with the project's DAGs and a landing.
#
# Usage: scripts/airflow.sh [--port PORT]
#
# Whatever is set already is kept: AIRFLOW_HOME (else .airflow/), AIRFLOW__... and AIRFLOW_CONN_...,
# NEXTLOOP_LANDING (else simulated files), NEXTLOOP_LAKE. Ctrl-C stops all of it.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh

bin=$root/.venv-airflow/bin
port=${AIRFLOW__API__PORT:-8080}
wait_seconds=300
patience_seconds=15
if [ "${1-}" = --port ]; then
    port=${2-}
elif [ $# -gt 0 ]; then
    fail "scripts/airflow.sh has no option $1" "Usage: make airflow ARGS='--port 8081'"
fi

# Passwords, keys and tables are this user's alone.
umask 077

check_port() {
    case $port in
        '' | *[!0-9]*) fail "the port is '$port', not a number" "make airflow ARGS='--port 8081'" ;;
    esac
    "$bin/python" - "$port" <<'PYTHON' || fail "port $port is taken" \
        "Stop what listens there, or choose another: make airflow ARGS='--port $((port + 1))'"
import socket, sys
found = socket.socket()
found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    found.bind(("127.0.0.1", int(sys.argv[1])))
except (OSError, OverflowError):
    sys.exit(1)
PYTHON
}

# The simulated weeks end with the last whole week, as the hotels' files would. A landing of the
# user's own stays as it is.
simulate() {
    [ -z "$given" ] && [ ! -d "$NEXTLOOP_LANDING" ] || return 0
    first=$(TZ=Asia/Seoul date -d "$(($(TZ=Asia/Seoul date +%u) + 8 * 7 - 1)) days ago" +%F)
    say "simulating 8 weeks of 3 hotels into $NEXTLOOP_LANDING"
    "$AIRFLOW__NEXTLOOP__COMMAND" --quiet simulate --out "$NEXTLOOP_LANDING" --hotels 3 \
        --weeks 8 --orders 12000 --start "$first" >/dev/null
}

configure() {
    export AIRFLOW_HOME="${AIRFLOW_HOME:-$root/.airflow}"
    export AIRFLOW__CORE__DAGS_FOLDER="$root/orchestration/dags"
    export AIRFLOW__CORE__LOAD_EXAMPLES=False
    export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="${AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION:-False}"
    export AIRFLOW__CORE__PARALLELISM="${AIRFLOW__CORE__PARALLELISM:-4}"
    export AIRFLOW__API__HOST=127.0.0.1
    export AIRFLOW__API__PORT="$port"
    export AIRFLOW__API__WORKERS=1
    export AIRFLOW__API__BASE_URL="http://127.0.0.1:$port"
    export AIRFLOW__CORE__EXECUTION_API_SERVER_URL="http://127.0.0.1:$port/execution/"
    # A machine that is busy answers late; a task that gave up would wait for its retry.
    export AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT="${AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT:-60}"
    export AIRFLOW__NEXTLOOP__COMMAND="${AIRFLOW__NEXTLOOP__COMMAND:-$root/.venv/bin/nextloop}"
    # Empty: Application Default Credentials count. Only gs:// landings ask for it.
    export AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT="${AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT:-google-cloud-platform://}"
    mkdir -p "$AIRFLOW_HOME"
    given=${NEXTLOOP_LANDING-}
    export NEXTLOOP_LANDING="${NEXTLOOP_LANDING:-$AIRFLOW_HOME/landing}"
    export NEXTLOOP_LAKE="${NEXTLOOP_LAKE:-$AIRFLOW_HOME/lake}"
    export NEXTLOOP_PRIVACY__GUEST_KEY_FILE="${NEXTLOOP_PRIVACY__GUEST_KEY_FILE:-$AIRFLOW_HOME/guest.key}"
    passwords=$AIRFLOW_HOME/simple_auth_manager_passwords.json.generated
    log=$AIRFLOW_HOME/standalone.log
}

# Tells whether all components are there. The tasks' API is asked too: its first answer is slow.
healthy() {
    "$bin/python" - "$AIRFLOW__API__BASE_URL" <<'PYTHON'
import json, sys, urllib.request
try:
    urllib.request.urlopen(f"{sys.argv[1]}/execution/health", timeout=30).close()
    with urllib.request.urlopen(f"{sys.argv[1]}/api/v2/monitor/health", timeout=30) as answer:
        parts = json.load(answer)
except (OSError, ValueError):
    sys.exit(1)
sys.exit(not all((parts.get(name) or {}).get("status") == "healthy"
                 for name in ("metadatabase", "scheduler", "dag_processor", "triggerer")))
PYTHON
}

await_healthy() {
    started=$(date +%s)
    until healthy; do
        sleep 1
        in_session 0 || give_up "Airflow ended"
        [ $(($(date +%s) - started)) -lt $wait_seconds ] ||
            give_up "Airflow is not healthy after $wait_seconds s"
    done
}

give_up() {
    tail -n 20 "$log" >&2
    stop
    fail "$1" "See $log"
}

# Standalone ends its components, and the scheduler waits for tasks that run. They are given a
# while; then every process of the session is told, and a task ends its command when it is told.
stop() {
    trap '' INT TERM
    kill -INT "$airflow" 2>/dev/null || true
    for signal in TERM KILL; do
        ended_within $patience_seconds && return 0
        in_session $signal
    done
}

ended_within() {
    started=$(date +%s)
    while in_session 0; do
        [ $(($(date +%s) - started)) -lt "$1" ] || return 1
        sleep 0.5
    done
}

# in_session SIGNAL: sends it to all processes of Airflow's session; tells whether there were any
in_session() {
    "$bin/python" -I -S - "$airflow" "$1" <<'PYTHON'
import os, signal, sys
session, told = int(sys.argv[1]), 0 if sys.argv[2] == "0" else signal.Signals["SIG" + sys.argv[2]]
found = 0
for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            state, _, _, its_session = stat.read().rpartition(")")[2].split()[:4]
        if int(its_session) == session and state != "Z":
            os.kill(pid, told)
            found += 1
    except (FileNotFoundError, ProcessLookupError):
        pass
sys.exit(found == 0)
PYTHON
}

# Airflow would write the one that it makes into its log.
make_password() {
    [ -f "$passwords" ] || {
        "$bin/python" -c 'import json, secrets
print(json.dumps({"admin": secrets.token_urlsafe(16)}))' >"$passwords.new"
        mv "$passwords.new" "$passwords"
    }
}

# A stack's output is a log too: its own table says the password.
password() {
    new=
    [ "$known" = yes ] || [ -n "${STACK_PART-}" ] || new=$(sed -n 's/.*"admin": *"\([^"]*\)".*/\1/p' "$passwords")
    echo "${new:-in $passwords}"
}

tell() {
    cat <<TEXT
Airflow is ready: $AIRFLOW__API__BASE_URL
  user admin, password $(password)
  landing $NEXTLOOP_LANDING, lake $NEXTLOOP_LAKE
Next, in another terminal or by the page's Trigger button:
  AIRFLOW_HOME=$AIRFLOW_HOME $bin/airflow dags trigger ingest_orders
  NEXTLOOP_LAKE=$NEXTLOOP_LAKE $AIRFLOW__NEXTLOOP__COMMAND tables list
When the features are there, train_recommender and release_recommender run by themselves.
Slack: start with AIRFLOW_CONN_SLACK_ALERTS set, see docs/airflow.md. Log: $log. Ctrl-C stops all.
TEXT
}

configure
check_port
simulate
known=no
[ ! -f "$passwords" ] || known=yes
make_password
say "starting Airflow on port $port"
# A session of its own: Ctrl-C in the terminal reaches this script, which stops the rest in order.
# A shell starts what is in the background deaf to SIGINT, by which standalone is stopped.
AIRFLOW_REAL_BIN=$bin PATH=$root/scripts/airflow-loopback:$bin:$PATH PYTHONUNBUFFERED=1 \
    "$bin/python" -c 'import os, signal, sys
os.setsid()
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$bin/airflow" standalone >"$log" 2>&1 </dev/null &
airflow=$!
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM
await_healthy
tell
wait "$airflow" || true
fail "Airflow ended" "See $log"
