"""What StatsD tells, added up and said as statsd_exporter would: names, labels, buckets.

Comes in: datagrams with tags in InfluxDB's way, and statsd_exporter's mapping, of which it knows
what ours says: the timers' buckets, and what is dropped. Goes out: text for Prometheus.

Source: https://github.com/prometheus/statsd_exporter#readme
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Final

import yaml

# More than Airflow has with some hundred tasks, and a bound on what one sender can make us keep.
_MOST_SERIES: Final = 5_000
_OTHER: Final = re.compile(r"[^a-zA-Z0-9_]")
_KINDS: Final = {"c": "counter", "g": "gauge", "ms": "histogram"}
_REFUSED: Final = "statsd_refused_total"

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Mapping:
    """What statsd_mapping.yaml asks for.

    Attributes:
        buckets: Upper bounds of timers, in seconds, ascending.
        dropped: Patterns of names, before they are changed, that are not kept.
    """

    buckets: tuple[float, ...]
    dropped: tuple[re.Pattern[str], ...]

    @classmethod
    def read(cls, file: Path) -> Mapping:
        """Read the file.

        Raises:
            ValueError: It asks for what only statsd_exporter knows.
        """
        found = yaml.safe_load(file.read_text("utf-8"))
        for rule in found["mappings"]:
            if rule.get("action") != "drop" or rule.get("match_type") != "regex":
                raise ValueError(f"{file}: {rule} is more than is known here")
        bounds = found["defaults"]["histogram_options"]["buckets"]
        return cls(
            tuple(sorted(map(float, bounds))),
            tuple(re.compile(rule["match"]) for rule in found["mappings"]),
        )


@dataclass
class Timer:
    """Times of one kind.

    Attributes:
        counts: By bucket, and of what is longer than the last.
        total: Seconds.
    """

    counts: list[int]
    total: float = 0.0


@dataclass
class Metrics:
    """All that was told.

    Attributes:
        mapping: How.
        values: Counters and gauges by name and labels.
        timers: Likewise.
        kinds: Prometheus's type by name.
        refused: Lines that were not understood, or would have been a series too many.
    """

    mapping: Mapping
    values: dict[tuple[str, Labels], float] = field(default_factory=dict)
    timers: dict[tuple[str, Labels], Timer] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    refused: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, datagram: bytes) -> None:
        """Take in what one datagram says: a line a value.

        Args:
            datagram: As Airflow's client sends it.
        """
        with self._lock:
            for line in datagram.decode("utf-8", errors="replace").splitlines():
                try:
                    self._take(line)
                except (ValueError, IndexError, ArithmeticError):
                    self.refused += 1

    def _take(self, line: str) -> None:
        """Read `name,tag=value:1|c`, with a rate `|@0.1` at most behind it."""
        said, _, rest = line.partition(":")
        name, *tags = said.split(",")
        if any(pattern.fullmatch(name) for pattern in self.mapping.dropped):
            return
        value, kind, *more = rest.split("|")
        rate = float(more[0].removeprefix("@")) if more else 1.0
        pairs = (tag.split("=", 1) for tag in tags)
        labels = tuple(sorted((_word(key), text) for key, text in pairs))
        self._keep((_word(name), labels), kind, value, rate)

    def _keep(self, series: tuple[str, Labels], kind: str, value: str, rate: float) -> None:
        wanted = _KINDS.get(kind, "")
        known = series in self.values or series in self.timers
        if not wanted or self.kinds.get(series[0], wanted) != wanted or not (known or self._room()):
            raise ValueError(series)
        number = float(value)
        if not isfinite(number / rate):
            raise ValueError(series)
        self.kinds[series[0]] = wanted
        if kind == "ms":
            self._time(series, number / 1000, round(1 / rate))
        elif kind == "g" and value[0] not in "+-":
            self.values[series] = number
        else:
            self.values[series] = self.values.get(series, 0.0) + number / rate

    def _time(self, series: tuple[str, Labels], seconds: float, times: int) -> None:
        bounds = self.mapping.buckets
        timer = self.timers.setdefault(series, Timer([0] * (len(bounds) + 1)))
        timer.counts[bisect_left(bounds, seconds)] += times
        timer.total += seconds * times

    def _room(self) -> bool:
        buckets = len(self.mapping.buckets) + 3
        return len(self.values) + buckets * len(self.timers) < _MOST_SERIES

    def text(self) -> str:
        """Return all of it as Prometheus reads it."""
        with self._lock:
            return "".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for name in sorted(self.kinds):
            yield f"# TYPE {name} {self.kinds[name]}\n"
            for (of, labels), value in self.values.items():
                if of == name:
                    yield f"{name}{_shown(labels)} {value!r}\n"
            for (of, labels), timer in self.timers.items():
                if of == name:
                    yield from self._histogram(name, labels, timer)
        yield f"# TYPE {_REFUSED} counter\n{_REFUSED} {self.refused}\n"

    def _histogram(self, name: str, labels: Labels, timer: Timer) -> Iterator[str]:
        count = 0
        bounds = [*(f"{bound:g}" for bound in self.mapping.buckets), "+Inf"]
        for bound, more in zip(bounds, timer.counts, strict=True):
            count += more
            yield f"{name}_bucket{_shown((*labels, ('le', bound)))} {count}\n"
        yield f"{name}_sum{_shown(labels)} {timer.total!r}\n"
        yield f"{name}_count{_shown(labels)} {count}\n"


def _word(text: str) -> str:
    """Return a name as Prometheus takes it."""
    word = _OTHER.sub("_", text)
    return f"_{word}" if word[0].isdigit() else word


def _shown(labels: Labels) -> str:
    escapes = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
    pairs = ",".join(f'{key}="{text.translate(escapes)}"' for key, text in labels)
    return f"{{{pairs}}}" if pairs else ""
