"""The weekly batch: how fresh each station is, which rows came in, what jobs took."""

from __future__ import annotations

from typing import Final

from deploy.monitoring.dashboards.overview import FAILED_JOBS, FRESHNESS
from deploy.monitoring.dashboards.panels import Board, Limits, Query, bars, lines, number

_DAY: Final = 86_400

BOARD: Final = Board(
    "pipeline",
    "NextLoop: pipeline",
    "What the last run of each job did, and how old the data is that it left.",
    (
        (
            "Last run",
            (
                number(
                    "Rows in",
                    "Rows that the last ingest read.",
                    "short",
                    Query("sum(nextloop_ingest_input_rows)"),
                ),
                number(
                    "Rejected",
                    "Share of them that broke the contract; none if nothing came.",
                    "percentunit",
                    Query(
                        'sum(nextloop_ingest_rows{outcome="rejected"})'
                        " / clamp_min(sum(nextloop_ingest_input_rows), 1)"
                    ),
                    Limits(0.01, 0.05),
                ),
                number(
                    "Rows unaccounted for",
                    "In, less accepted, rejected and superseded; anything but 0 is a bug.",
                    "none",
                    Query("sum(nextloop_ingest_input_rows) - sum(nextloop_ingest_rows)"),
                    Limits(1, 1),
                ),
                number(
                    "Files refused",
                    "Files of the landing that cannot be read.",
                    "none",
                    Query('sum(nextloop_ingest_files{outcome="refused"})'),
                    Limits(1, 1),
                ),
                number(
                    "Jobs that failed last",
                    "Jobs whose last run ended with a fault.",
                    "none",
                    FAILED_JOBS,
                    Limits(1, 1),
                ),
                number(
                    "NDCG of the best model",
                    "That the last training reached on its holdout.",
                    "percentunit",
                    Query("max(nextloop_holdout_ndcg_ratio)"),
                ),
            ),
        ),
        (
            "Freshness",
            (
                bars(
                    "How old",
                    "Since the newest file, order and day that each station knows.",
                    "s",
                    *FRESHNESS,
                    limits=Limits(9 * _DAY, 10 * _DAY),
                ),
                bars(
                    "Since the last success",
                    "By job, be it with refused files.",
                    "s",
                    Query(
                        "time() - max by (job_name) (nextloop_job_last_success_timestamp_seconds)",
                        "{{job_name}}",
                    ),
                    limits=Limits(8 * _DAY, 9 * _DAY),
                ),
                bars(
                    "Time by stage",
                    "Of each job's last run.",
                    "s",
                    Query(
                        "sum by (job_name, stage) (nextloop_job_stage_duration_seconds)",
                        "{{job_name}}: {{stage}}",
                    ),
                ),
            ),
        ),
        (
            "Rows",
            (
                bars(
                    "What became of the rows",
                    "Of the last ingest.",
                    "short",
                    Query("sum by (outcome) (nextloop_ingest_rows)", "{{outcome}}"),
                    Query("sum(nextloop_ingest_replaced_rows)", "of the accepted, replaced"),
                ),
                bars(
                    "Why rows were rejected",
                    "By reason; the codes are explained in docs/tables.md.",
                    "short",
                    Query(
                        "sum by (reason) (nextloop_ingest_rejected_rows) > 0 or"
                        ' label_replace(vector(0), "reason", "none", "", "")',
                        "{{reason}}",
                    ),
                ),
                bars(
                    "Rows of the feature tables",
                    "As of the last date.",
                    "short",
                    Query("sum by (table) (nextloop_feature_rows)", "{{table}}"),
                ),
                lines(
                    "Rows in and rejected, over the weeks",
                    "Look at 90 days: a point a week.",
                    "short",
                    Query("sum(nextloop_ingest_input_rows)", "in"),
                    Query('sum(nextloop_ingest_rows{outcome="rejected"})', "rejected"),
                ),
                lines(
                    "Models on their holdout",
                    "NDCG at the list's length, by model.",
                    "percentunit",
                    Query("max by (model) (nextloop_holdout_ndcg_ratio)", "{{model}}"),
                ),
            ),
        ),
    ),
)
