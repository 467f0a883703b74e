"""What a metric can be: counter, gauge or histogram, as a declaration that makes its instrument.

In: name, help, unit, labels. Out: instruments of prometheus-client on a registry.
"""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


@dataclass(frozen=True, slots=True)
class CounterMetric:
    """Something that only goes up; its name ends in `_total`."""

    name: str
    help: str
    unit: str
    labels: tuple[str, ...] = ()

    def on(self, registry: CollectorRegistry) -> Counter:
        """Make the instrument.

        Args:
            registry: Where it is collected; a second one of the same name there is refused.

        Returns:
            The counter.
        """
        return Counter(self.name, self.help, self.labels, registry=registry)


@dataclass(frozen=True, slots=True)
class GaugeMetric:
    """A value that goes up and down, or a description whose value is 1 (`_info`)."""

    name: str
    help: str
    unit: str
    labels: tuple[str, ...] = ()

    def on(self, registry: CollectorRegistry) -> Gauge:
        """Make the instrument.

        Args:
            registry: Where it is collected; a second one of the same name there is refused.

        Returns:
            The gauge.
        """
        return Gauge(self.name, self.help, self.labels, registry=registry)


@dataclass(frozen=True, slots=True)
class HistogramMetric:
    """A distribution; in a base unit that its name ends in, if it has one."""

    name: str
    help: str
    unit: str
    buckets: tuple[float, ...]
    labels: tuple[str, ...] = ()

    def on(self, registry: CollectorRegistry) -> Histogram:
        """Make the instrument.

        Args:
            registry: Where it is collected; a second one of the same name there is refused.

        Returns:
            The histogram.
        """
        return Histogram(self.name, self.help, self.labels, buckets=self.buckets, registry=registry)


Metric = CounterMetric | GaugeMetric | HistogramMetric
