"""The drift that docs/metrics.md defines, as Prometheus computes it."""

from __future__ import annotations

import math
import subprocess

import pytest
import yaml

from nextloop.telemetry.page import PSI


def index(now, expected):
    """Compute the index by its definition, a ten-thousandth for an empty band."""
    pairs = [
        (max(have / sum(now), 1e-4), max(want / sum(expected), 1e-4))
        for have, want in zip(now, expected, strict=True)
    ]
    return sum((have - want) * math.log(have / want) for have, want in pairs)


@pytest.mark.parametrize(
    ("now", "expected"),
    [((10, 20, 30), (10, 20, 30)), ((30, 20, 10), (10, 20, 30)), ((0, 0, 60), (20, 20, 20))],
    ids=["equal", "turned round", "all in one band"],
)
def test_index_is_the_population_stability_index(tmp_path, now, expected):
    """Two slots of one version count together; equal shares give 0."""
    hours = 24
    labels = 'feature="party",band="{}",version="7",slot="{}"'
    series = [
        {
            "series": f"nextloop_model_feature_values_total{{{labels.format(band, slot)}}}",
            "values": f"0+{count / 2}x{hours}",
        }
        for slot in ("blue", "green")
        for band, count in enumerate(now)
    ]
    series += [
        {
            "series": f"nextloop_model_feature_expected_ratio{{{labels.format(band, 'blue')}}}",
            "values": f"{count / sum(expected)!r}+0x{hours}",
        }
        for band, count in enumerate(expected)
    ]
    test = {
        "interval": "1h",
        "input_series": series,
        "promql_expr_test": [
            {
                # Away from 0 by more than the rounding of promtool's comparison.
                "expr": f"round(1e6 * ({PSI}))",
                "eval_time": "24h",
                "exp_samples": [
                    {
                        "labels": '{version="7", feature="party"}',
                        "value": round(1e6 * index(now, expected)),
                    }
                ],
            }
        ],
    }
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "1h", "tests": [test]}), "utf-8")
    tested = subprocess.run(
        ["promtool", "test", "rules", file], capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
