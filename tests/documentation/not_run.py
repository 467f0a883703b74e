"""Commands of the pages that this suite does not run, each kind with its reason.

A kind is a regular expression that a command begins with. A kind that fits no command any more
fails a test, so the list stays as short as it can be.
"""

from __future__ import annotations

NOT_RUN = {
    r"make (?!up|down|status|airflow|mlflow)": "CI runs the targets themselves; this suite is one",
    r"make (up|down|status)": "tests/pages and tests/stack start, ask and stop the stack",
    r"make (airflow|mlflow)": "make test-airflow and make test-mlflow start them",
    r"(export AIRFLOW|(\.venv-airflow/bin/)?airflow |echo 'not,an,order)": (
        "they need a running Airflow: orchestration/tests does what they do"
    ),
    r"\.venv/bin/nextloop tables list --lake \.airflow": "the same",
    r"scripts/(nginx|setup)\.sh": "make calls them before any test that needs what they install",
    r"scripts/release\.sh": "it makes an environment from a commit: tests/rollout",
    r"(\.venv-dev/bin/)?nextloop spark-cluster|.*spark://127": (
        "they need Java: tests/spark/test_cluster_command.py runs them on a real cluster"
    ),
    r"(\$SPARK_HOME|export SPARK_|export PYSPARK_|/opt/nextloop|.*sc://)": (
        "they need several machines, or a Spark Connect server: tests/spark"
    ),
    r"sudo |git clone": "they change the machine",
    r"(export )?MLFLOW_ARTIFACTS=|docker |NEXTLOOP_ROLLOUT__RUNNER=compose"
    r"|export NEXTLOOP_(ROLLOUT__|LANDING=gs|PRIVACY__|SERVING__)|\(umask 077"
    r"|nextloop rollout deploy --code nextloop-api": (
        "they need a Docker engine: make test-images"
    ),
    r"export NEXTLOOP_MLFLOW|MLFLOW_TRACKING_URI=|curl localhost:5000": (
        "they need the MLflow server, which no environment of this suite has: make test-mlflow"
    ),
    r"gcloud |random|terraform |cd (deploy/terraform|/srv)|cp terraform\.tfvars|for p in airflow"
    r"|set -a|(install|echo) .*~/own|\* \* \* \* \* set -a"
    r"|\.venv/bin/nextloop (keys add (front-desk|rollout)|rollout deploy)": (
        "they need a project at Google Cloud: tests/deploy looks at what they apply"
    ),
    r"deadman\.py": "tests/alerting/test_deadman.py runs it",
    r"nextloop \w+ .*\bFOLDER\b": "FOLDER stands for a reader's own",
}
