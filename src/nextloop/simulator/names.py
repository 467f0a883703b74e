"""Made-up names of guests and buildings, spelt so that they name nobody.

In come random draws, out go Korean syllables with tense initials only, which no real name has.
"""

from __future__ import annotations

from nextloop.simulator.columns import Floats

TENSE = (1, 4, 8, 10, 13)
"""Korean initial consonants kk, tt, pp, ss, jj, by their place in Unicode's order."""
VOWELS = (0, 4, 8, 13, 20)
"""Korean vowels a, eo, o, u, i, by their place in Unicode's order."""
FIRST_SYLLABLE, VOWELS_EACH, ENDINGS_EACH = 0xAC00, 21, 28
"""Unicode 3.12, Hangul syllable composition."""


def syllables(draws: Floats) -> list[str]:
    """Spell made-up names, one a row of draws.

    Args:
        draws: `(n, length)` from [0, 1).

    Returns:
        Names of `length` syllables.
    """
    picks = (draws * len(TENSE) * len(VOWELS)).astype(int)
    sound = [
        chr(FIRST_SYLLABLE + (tense * VOWELS_EACH + vowel) * ENDINGS_EACH)
        for tense in TENSE
        for vowel in VOWELS
    ]
    return ["".join(sound[pick] for pick in row) for row in picks.tolist()]
