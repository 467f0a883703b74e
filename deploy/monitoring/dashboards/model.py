"""The model that answers: what answers rest on, what it offers, whether its world has changed."""

from __future__ import annotations

from typing import Final

from deploy.monitoring.dashboards.panels import Board, Limits, Query, bars, lines, names, number

from nextloop.telemetry.page import PSI

_DAY: Final = 86_400
_COUNTED: Final = "sum%s(increase(nextloop_model_feature_values_total{feature='%s'}[1d]))"
_FALLBACK: Final = (
    "sum(rate(nextloop_fallback_answers_total[{0}]))"
    " / (sum(rate(nextloop_recommendation_requests_total[{0}])) > 0)"
)

BOARD: Final = Board(
    "model",
    "NextLoop: model",
    "Fallbacks, scores, coverage, hits and drift of the model that answers.",
    (
        (
            "Now",
            (
                names(
                    "Model that answers",
                    "By slot.",
                    Query("nextloop_model_info", "{{slot}}: {{model}} v{{version}}"),
                ),
                number(
                    "Learned until",
                    "How long ago the last day was that it learned from.",
                    "s",
                    Query("time() - max(nextloop_model_as_of_timestamp_seconds)"),
                    Limits(15 * _DAY, 21 * _DAY),
                ),
                number(
                    "Fallbacks",
                    "Share of the last hour's answers without what the model could use.",
                    "percentunit",
                    Query(_FALLBACK.format("1h")),
                    Limits(0.2, 0.3),
                ),
                number(
                    "Coverage",
                    "Share of its items that were offered at least once since it was loaded.",
                    "percentunit",
                    Query("max(nextloop_offered_items / (nextloop_model_items > 0))"),
                ),
                number(
                    "Hit rate",
                    "Ordered of shown offers, last day, as callers told.",
                    "percentunit",
                    Query(
                        '(sum(rate(nextloop_offer_events_total{kind="ordered"}[1d])) or vector(0))'
                        ' / (sum(rate(nextloop_offer_events_total{kind="shown"}[1d])) > 0)'
                    ),
                ),
                number(
                    "Strongest drift",
                    "The highest of the indices below; above 0.25 is called a shift.",
                    "none",
                    Query(f"max({PSI})"),
                    Limits(0.1, 0.25),
                ),
            ),
        ),
        (
            "Answers",
            (
                lines(
                    "What answers rest on",
                    "The guest's own past, the situation, the hotel, or other hotels.",
                    "reqps",
                    Query(
                        "sum by (source) "
                        "(rate(nextloop_recommendation_requests_total[$__rate_interval]))",
                        "{{source}}",
                    ),
                    stacked=True,
                ),
                lines(
                    "Fallbacks",
                    "Share of answers.",
                    "percentunit",
                    Query(_FALLBACK.format("$__rate_interval"), "fallbacks"),
                    limits=Limits(0.2, 0.3),
                ),
                lines(
                    "Score of the best offer",
                    "Compare within one version only.",
                    "none",
                    *(
                        Query(
                            f"histogram_quantile({share}, sum by (le, version) "
                            "(rate(nextloop_recommendation_score_bucket[1h])))",
                            f"v{{{{version}}}}, {name}",
                        )
                        for share, name in ((0.1, "low tenth"), (0.5, "half"), (0.9, "high tenth"))
                    ),
                ),
                lines(
                    "Lists of which something was ordered",
                    "Share of the lists shown in 28 days, by the table of events.",
                    "percentunit",
                    Query("nextloop_hit_lists / (nextloop_shown_lists > 0)", "v{{version}}"),
                ),
                lines(
                    "What callers told of offers",
                    "Shown, added to the cart, ordered, refused.",
                    "cps",
                    Query(
                        "sum by (kind) (rate(nextloop_offer_events_total[$__rate_interval]))",
                        "{{kind}}",
                    ),
                ),
            ),
        ),
        (
            "Drift",
            (
                lines(
                    "Drift by feature",
                    "Population stability index of the last day against training.",
                    "none",
                    Query(PSI, "v{{version}}, {{feature}}"),
                    limits=Limits(0.1, 0.25),
                ),
                *(
                    bars(
                        f"{title}: now and in training",
                        "Share of the last day's values in each band beside the expected one.",
                        "percentunit",
                        Query(
                            f"{_COUNTED % (' by (band) ', feature)}"
                            f" / scalar({_COUNTED % ('', feature)} > 0)",
                            "{{band}}",
                        ),
                        Query(
                            "max by (band) "
                            f"(nextloop_model_feature_expected_ratio{{feature='{feature}'}})",
                            "{{band}} expected",
                        ),
                        width=12 if feature == "hour" else 6,
                    )
                    for title, feature in (
                        ("Hour", "hour"),
                        ("Weekday", "weekday"),
                        ("Day of the stay", "stay_day"),
                        ("Party", "party"),
                        ("Popularity of offers", "offer"),
                    )
                ),
            ),
        ),
    ),
)
