"""Airflow's side of NextLoop: when the batch runs, what happens if it fails, who is told.

Comes in: Airflow's context and the `[nextloop]` section of its configuration. Goes out: runs of the
`nextloop` command in the project's own environment, assets, Slack messages. No step of the batch
itself is here.
"""
