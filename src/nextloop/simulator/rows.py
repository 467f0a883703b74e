r"""How an order is written: the contract's 22 columns, as an export at a moment shows it.

In come a world and rows of its orders, out goes one line of CSV each: `\N` for null, quotes
doubled, `contents` as a JSON array (or one object), nothing in it that had not happened yet.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from nextloop.simulator.columns import OUTCOMES, Flags, Ints
from nextloop.simulator.contents import ContentsWriter
from nextloop.simulator.stamps import NOT_YET, NULL, Stamps
from nextloop.simulator.streams import coin
from nextloop.simulator.world import World
from nextloop.tables.order_file import COLUMNS

HEADER: Final = ",".join(COLUMNS) + "\n"
STATUS: Final = {"complete": "COMPLETE", "refused": "REFUSE", "cancelled": "CANCEL"}
UNSEEN, SEEN = "REGISTER", "CHECK"
UNACKNOWLEDGED_REFUSALS = 0.5
"""Share of refusals without a `check_date`."""
LOST, SILENT = 1, 2
"""Names of the coins tossed for each order; `contents` tosses number 0."""


class RowWriter:
    """Writes orders of one world; what is the same for all orders of a stay is written once.

    Args:
        world: The world.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._stamps = Stamps()
        self._contents = ContentsWriter(world)
        self._guest = _guest_texts(world)
        self._room = _room_texts(world)
        self._party = self._party_texts()
        self._leave = self._stamps.write(world.stays.check_out)
        self._leave_expected = self._stamps.write(world.stays.check_out_expected)

    def write(self, orders: Ints, cut: int) -> list[str]:
        """Write orders as they stood at a moment.

        Args:
            orders: Rows of the world's orders.
            cut: The moment, seconds; later ones are not shown.

        Returns:
            One line each with its end, in their order.
        """
        world, o = self._world, self._world.orders.take(orders)
        ended, seen = o.end_at <= cut, o.ack_at <= cut
        status = self._status(o.outcome, ended, seen)
        contents = self._contents.write(orders, ended & (o.outcome == 0), seen)
        refused = ended & (o.outcome == OUTCOMES.index("refused"))
        completed = ended & (o.outcome == OUTCOMES.index("complete"))
        unseen = refused & self._coin(orders, SILENT, UNACKNOWLEDGED_REFUSALS)
        lost = self._coin(orders, LOST, world.config.lost_completions)
        hidden = ~world.stays.registered[o.stay]
        gone = ~hidden & (world.stays.check_out[o.stay] <= cut)
        columns = zip(
            (orders + 1).tolist(),
            (o.hotel + 1).tolist(),
            world.rooms.room_seq[world.stays.room[o.stay]].tolist(),
            o.guest.tolist(),
            o.price.tolist(),
            status,
            contents,
            self._stamps.write(o.reg_at),
            self._stamps.write(np.where(seen & ~unseen, o.ack_at, NOT_YET)),
            self._stamps.write(np.where(refused, o.end_at, NOT_YET)),
            self._stamps.write(np.where(completed & ~lost, o.end_at, NOT_YET)),
            world.stays.room[o.stay].tolist(),
            o.stay.tolist(),
            gone.tolist(),
            hidden.tolist(),
            strict=True,
        )
        guests, rooms, parties = self._guest, self._room, self._party
        leave, expected = self._leave, self._leave_expected
        return [
            f'{seq},{hotel},{room_seq},{guests[guest][0]},{price},{word},"{text}",'
            f"{reg},{check},{refuse},{complete},{rooms[room]},{guests[guest][1]},"
            f"{parties[stay]},{leave[stay] if left else NULL},"
            f"{NULL if nothing else expected[stay]}\n"
            for (
                seq, hotel, room_seq, guest, price, word, text, reg, check, refuse, complete,
                room, stay, left, nothing,
            ) in columns
        ]  # fmt: skip

    def _status(self, outcome: Ints, ended: Flags, seen: Flags) -> list[str]:
        words = [STATUS.get(name, SEEN) for name in OUTCOMES]
        return [
            words[fate] if over else (SEEN if known else UNSEEN)
            for fate, over, known in zip(
                outcome.tolist(), ended.tolist(), seen.tolist(), strict=True
            )
        ]

    def _party_texts(self) -> list[str]:
        stays = self._world.stays
        return [
            f"{NULL if visitors < 0 else visitors},{adults},{children},{babies},{arrived}"
            if known
            else ",".join([NULL] * 5)
            for visitors, adults, children, babies, arrived, known in zip(
                stays.visitor_cnt.tolist(),
                stays.adults.tolist(),
                stays.children.tolist(),
                stays.babies.tolist(),
                self._stamps.write(stays.check_in),
                stays.registered.tolist(),
                strict=True,
            )
        ]

    def _coin(self, orders: Ints, name: int, share: float) -> Flags:
        return coin(self._world.config.seed, orders, np.full(len(orders), name)) < share


def _guest_texts(world: World) -> list[tuple[str, str]]:
    guests = world.guests
    return [
        (str(number), name) if number else (NULL, NULL)
        for number, name in zip(guests.customer_seq.tolist(), guests.name.tolist(), strict=True)
    ]


def _room_texts(world: World) -> list[str]:
    rooms = world.rooms
    return [
        f"{building},{floor},{name}"
        for building, floor, name in zip(
            rooms.building_seq.tolist(), rooms.floor_seq.tolist(), rooms.name.tolist(), strict=True
        )
    ]
