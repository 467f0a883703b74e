"""The truth's effects as tables: what hour, day of stay, party and basket do to choices.

In comes a world, out go one table each; `truth_read` reads them back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from nextloop.simulator import catalog
from nextloop.simulator.columns import PARTIES, STAY_PARTS, Ints
from nextloop.simulator.hotels import Hotel
from nextloop.simulator.world import World


def hour_effects(world: World) -> pa.Table:
    """Lay out what the hour does.

    Args:
        world: The world.

    Returns:
        One row a hotel, category, weekend and hour; a null effect means not served.
    """
    parts = []
    for hotel in world.hotels:
        effect, share = hotel.preferences.hour, hotel.preferences.hour_share
        category, weekend, hour = (axis.ravel() for axis in np.indices(effect.shape))
        parts.append(
            pa.table(
                {
                    "hotel_seq": np.full(effect.size, hotel.seq),
                    "category": names(categories(), category),
                    "weekend": weekend,
                    "hour": hour,
                    "order_share": share[weekend, hour],
                    "effect": pa.array(effect.ravel(), mask=~np.isfinite(effect.ravel())),
                }
            )
        )
    return pa.concat_tables(parts)


def situation_effects(world: World) -> pa.Table:
    """Lay out what the day of the stay and the party do, the same in all hotels.

    Args:
        world: The world.

    Returns:
        One row a kind of situation, category and level.
    """
    some = world.hotels[0].preferences
    parts = []
    for kind, levels, effect in (
        ("stay_part", STAY_PARTS, some.stay),
        ("party", PARTIES, some.party),
    ):
        category, level = (axis.ravel() for axis in np.indices(effect.shape))
        parts.append(
            pa.table(
                {
                    "kind": [kind] * effect.size,
                    "category": names(categories(), category),
                    "level": names(levels, level),
                    "effect": effect.ravel(),
                }
            )
        )
    return pa.concat_tables(parts)


def pairs(world: World) -> pa.Table:
    """Lay out what goes together.

    Args:
        world: The world.

    Returns:
        One row a hotel and two items whose effect on each other is not 0, both ways round.
    """
    return pa.concat_tables([_hotel_pairs(hotel) for hotel in world.hotels])


def _hotel_pairs(hotel: Hotel) -> pa.Table:
    item, other = np.nonzero(hotel.preferences.pair)
    seqs = hotel.items.item_seq
    return pa.table(
        {
            "hotel_seq": np.full(len(item), hotel.seq),
            "item_seq": seqs[item],
            "other_item_seq": seqs[other],
            "effect": hotel.preferences.pair[item, other],
        }
    )


def names(words: Sequence[str], numbers: Ints) -> pa.Array:
    """Spell numbers out, as an Arrow dictionary turned to text.

    Args:
        words: What each number means.
        numbers: Places in `words`; -1 is null.

    Returns:
        Text, as long as the numbers.
    """
    return pa.array(words).take(pa.array(numbers, mask=numbers < 0))


def categories() -> list[str]:
    """List the categories' names.

    Returns:
        Names in the order of their numbers.
    """
    return [category.name for category in catalog.load().categories]
