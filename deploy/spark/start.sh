#!/bin/sh
# The start of every container that belongs to Spark's cluster: with-spark COMMAND...
#
# In: the secret /run/secrets/spark_secret that daemons and drivers share; SPARK_MASTER (host:port);
# for drivers SPARK_DRIVER_HOST, the name by which executors call back. `master` and `worker` are the
# daemons, anything else is run as it stands. What is written lies in SPARK_CONF_DIR, on a tmpfs, and
# is this user's alone.
#
# Source: https://spark.apache.org/docs/4.1.0/spark-standalone.html
set -eu
umask 077

secret=${SPARK_SECRET_FILE:-/run/secrets/spark_secret}
[ -s "$secret" ] || {
    echo "error: the secret $secret is missing or empty" >&2
    echo "  -> Make it: deploy/compose/secrets.sh spark" >&2
    exit 2
}

mkdir -p "$SPARK_CONF_DIR"
# As docs/scale.md has it: nobody is let in without the secret, and nothing goes in the clear.
cat >"$SPARK_CONF_DIR/spark-defaults.conf" <<CONF
spark.authenticate                       true
spark.authenticate.secret                $(cat "$secret")
spark.network.crypto.enabled             true
spark.io.encryption.enabled              true
spark.port.maxRetries                    0
spark.master.rest.enabled                false
spark.master.ui.decommission.allow.mode  DENY
spark.ui.killEnabled                     false
spark.worker.cleanup.enabled             true
CONF
[ -z "${SPARK_DRIVER_HOST-}" ] || cat >>"$SPARK_CONF_DIR/spark-defaults.conf" <<CONF
spark.driver.host                        $SPARK_DRIVER_HOST
spark.driver.bindAddress                 0.0.0.0
CONF

small="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
daemon() {
    export SPARK_DAEMON_MEMORY=512m SPARK_DAEMON_JAVA_OPTS="$small" SPARK_LAUNCHER_OPTS="$small"
    kind=$1
    shift
    exec "$SPARK_HOME/bin/spark-class" "org.apache.spark.deploy.$kind" "$@"
}

: "${SPARK_MASTER:?host:port of Spark\'s master}"
case ${1-} in
    master)
        daemon master.Master --host "${SPARK_MASTER%:*}" --port "${SPARK_MASTER##*:}" --webui-port 8080
        ;;
    worker)
        daemon worker.Worker --host "$(hostname -i)" --webui-port 8081 --work-dir /work \
            --cores "${SPARK_WORKER_CORES:-2}" --memory "${SPARK_WORKER_MEMORY:-2g}" "spark://$SPARK_MASTER"
        ;;
    *) exec "$@" ;;
esac
