"""The switch itself: which slot the link names, and renaming another link over it.

The proxy opens `live.sock` anew for every request, so a request goes to one slot or the other and
never to none: `rename` has no moment in which the name is missing.
"""

from __future__ import annotations

from nextloop.rollout.places import SLOTS, Places, sync


def live(places: Places) -> str | None:
    """Tell which slot gets the requests.

    Returns:
        Its name; None if the link is missing or leads elsewhere.
    """
    try:
        target = places.link.readlink()
    except OSError:
        return None
    return next((slot for slot in SLOTS if target.name == places.socket(slot).name), None)


def point(places: Places, slot: str) -> None:
    """Let a slot get all requests from now on."""
    draft = places.link.with_name("live.sock.new")
    draft.unlink(missing_ok=True)
    # Relative: containers see the folder under another path.
    draft.symlink_to(places.socket(slot).name)
    draft.replace(places.link)
    sync(places.sockets)


def remove(places: Places) -> None:
    """Let nobody get requests."""
    places.link.unlink(missing_ok=True)


def idle(places: Places) -> str:
    """Name the slot that the next release goes to."""
    return other(live(places) or SLOTS[1])


def other(slot: str) -> str:
    """Name the slot that this one takes turns with."""
    return SLOTS[1 - SLOTS.index(slot)]
