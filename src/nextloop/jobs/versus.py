"""The job behind `nextloop models compare`: two versions on the same orders, in words and numbers.

Two versions go in; which is better, for whom, and whether that is sure, come out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nextloop.errors import UsageFault
from nextloop.jobs.reproducing import dataset_of
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.duel import Difference, duel
from nextloop.registry import artifact, resolve
from nextloop.registry.record import Record, recorded
from nextloop.registry.versions import ModelRef
from nextloop.settings import Settings


@dataclass(frozen=True)
class Versus:
    """Two versions side by side.

    Attributes:
        first: Version.
        second: Version that it is held against.
        metric: What was measured, as in `ndcg_at_10`.
        words: What the numbers say, one sentence each.
        whole: All orders.
        parts: By hotel, by history, and carts.
    """

    first: int
    second: int
    metric: str
    words: tuple[str, ...]
    whole: Difference
    parts: tuple[Difference, ...]


def versus(settings: Settings, first: str | int, second: str | int) -> Versus:
    """Compare two versions on the test days of the one that learned from later days.

    Args:
        settings: Of this process.
        first: `production`, `staging` or a number.
        second: The same of another one.

    Returns:
        Words and numbers; a positive gain speaks for the first.

    Raises:
        UsageFault: They are one and the same, or no versions.
        DataFault: One is not there, its record is not whole, or its files or tables are gone.
        SystemFault: MLflow or the disk refuses.
    """
    pair = [resolve.resolve(what, settings) for what in (first, second)]
    if pair[0].version == pair[1].version:
        raise UsageFault(
            f"Both are version {pair[0].version}.",
            "Name two versions: nextloop models compare 4 production",
        )
    bundles = [Bundle.from_files(artifact.read(ref.bundle_folder, ref.digest)) for ref in pair]
    found = duel(bundles[0], bundles[1], dataset_of(settings, _newer(settings, pair)))
    return Versus(
        first=pair[0].version,
        second=pair[1].version,
        metric=found.metric,
        words=_words(pair, found.whole, found.parts, found.metric),
        whole=found.whole,
        parts=found.parts,
    )


def _newer(settings: Settings, pair: Sequence[ModelRef]) -> Record:
    """The record of the one that learned from later days: its tables hold both's orders."""
    return recorded(settings, max(pair, key=lambda ref: (ref.as_of, ref.version)).version)


def _words(
    pair: Sequence[ModelRef], whole: Difference, parts: Sequence[Difference], metric: str
) -> tuple[str, ...]:
    first, second = (f"Version {ref.version} ({ref.model})" for ref in pair)
    name = metric.upper().replace("_AT_", "@")
    numbers = (
        f"{name} {whole.first:.4f} against {whole.second:.4f} on {whole.orders:,} orders, "
        f"{whole.gain:+.4f} (95 % interval {whole.low:+.4f} to {whole.high:+.4f})"
    )
    against = second[0].lower() + second[1:]
    said = {
        "better": f"{first} is better than {against}: {numbers}. That is sure.",
        "worse": f"{first} is worse than {against}: {numbers}. That is sure.",
        "unsure": f"Whether {first[0].lower() + first[1:]} or {against} is better is not sure: "
        f"{numbers}.",
    }[whole.verdict]
    return (said, *_for_whom(parts))


def _for_whom(parts: Sequence[Difference]) -> list[str]:
    said = []
    for verdict in ("better", "worse"):
        named = [f"{p.part} ({p.gain:+.4f})" for p in parts if p.verdict == verdict]
        if named:
            said.append(f"Surely {verdict} for {', '.join(named)}.")
    unsure = sum(part.verdict == "unsure" for part in parts)
    if unsure:
        said.append(f"Not sure for {unsure} of {len(parts)} parts: see the table.")
    return said
